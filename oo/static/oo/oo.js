// oO in the browser, on every page. All of it works without this file too, as links and forms.

const TIP = "/";
const STILL = "/still/";
const FEEDBACK = "/api/feedback";
const ZONE = "/time-zone/";
const OFFLINE = "/offline/";
const STILL_MS = 15_000;
const ALIVE = "/healthz";
const KEYS = { d: "done", s: "snooze", x: "dismiss", t: "not_today", c: "complete" };

const root = document.documentElement;
const find = (selector, from = document) => from.querySelector(selector);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";

// Storage may be forbidden; then nothing is remembered.
const remembered = (store, key, value) => {
  try {
    if (value !== undefined) store().setItem(key, value);
    return store().getItem(key);
  } catch {
    return null;
  }
};

start();

function start() {
  const serviceWorker = navigator.serviceWorker;
  if (remembered(() => localStorage, "keys") === "off") root.dataset.keys = "off";
  serviceWorker?.register("/sw.js").catch(() => {});

  for (const field of document.querySelectorAll("[data-time-zone]")) field.value = zone;
  if (find("[data-signed-out]")) window.caches?.delete("oo-tip").catch(() => {});
  if (find("[data-back-online]") && location.pathname !== OFFLINE) returnWhenBack();
  const again = find("[data-again]");
  if (again) setTimeout(() => location.reload(), again.dataset.again * 1000);
  const choice = find("[data-keys-choice]");
  if (choice) offerKeys(choice);
  const now = find("#now");
  if (now) tipPage(find("#main"), find("#said"), serviceWorker);
}

// What stands in for a page while offline gives way to it.
function returnWhenBack() {
  const tryAgain = () =>
    fetch(ALIVE, { cache: "no-store" }).then((reply) => reply.ok && location.reload(), () => {});
  const later = (wait) =>
    setTimeout(() => tryAgain().then(() => later(Math.min(wait * 1.5, 20_000))), wait);
  addEventListener("online", tryAgain);
  later(1500);
}

// Letter keys get in the way of speech input and some screen readers: they can be off.
function offerKeys(choice) {
  const box = find("input", choice);
  box.checked = root.dataset.keys !== "off";
  box.addEventListener("change", () => {
    root.dataset.keys = remembered(() => localStorage, "keys", box.checked ? "on" : "off") ?? "on";
  });
  choice.hidden = false;
}

function tipPage(main, said, serviceWorker) {
  let busy = false; // an answer is on its way, or the next tip is arriving
  let turn = 0; // only the latest question may change the page
  let reads = 0; // how often we asked while the list is being read
  let timer = 0;
  let seen = 0; // milliseconds this tip was in sight, up to `since`
  let since = null; // when it last came into sight; null while it is not

  const now = () => find("#now");
  const visible = () => document.visibilityState === "visible";
  const dwell = () => Math.round(seen + (since === null ? 0 : performance.now() - since));

  main.classList.add("scripted");
  restartDwell();
  schedule();
  tellZone();
  if (root.dataset.offline !== undefined) say("Offline. This was your last tip.");
  deliverKept();

  main.addEventListener("submit", (event) => {
    const reaction = event.submitter?.value;
    if (event.submitter?.name !== "reaction") return;
    event.preventDefault();
    react(reaction, event.submitter);
  });
  addEventListener("keydown", (event) => {
    const reaction = KEYS[event.key.toLowerCase()];
    if (!reaction || root.dataset.keys === "off" || event.repeat || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    const button = find(`[name="reaction"][value="${reaction}"]`);
    if (button) react(reaction, button);
  });
  document.addEventListener("visibilitychange", () => {
    if (!visible()) {
      seen = dwell();
      since = null;
      return;
    }
    since ??= performance.now();
    ask(); // what was true when this tab was left may not be any more
  });
  main.addEventListener("toggle", (event) => event.target.open && tellWhy(event.target), true);
  addEventListener("focus", check);
  addEventListener("pageshow", (event) => event.persisted && ask());
  setInterval(() => visible() && check(), STILL_MS);
  addEventListener("online", async () => {
    await deliverKept();
    ask();
  });
  serviceWorker?.addEventListener("message", (event) => event.data?.sent && ask());

  function restartDwell() {
    seen = 0;
    since = visible() ? performance.now() : null;
  }

  function say(words, big = false) {
    main.classList.toggle("said-big", big);
    said.textContent = words;
  }

  // Asks again by itself: faster while the list is being read.
  function schedule() {
    clearTimeout(timer);
    const reading = now().dataset.state === "reading";
    const wait = reading ? Math.min(1500 * 1.3 ** reads++, 15_000) : 240_000;
    timer = setTimeout(() => (visible() ? ask() : schedule()), wait);
  }

  // A tip that was done elsewhere goes from every screen that is seen.
  async function check() {
    const tip = now().dataset.tip;
    if (busy || !tip || root.dataset.offline !== undefined) return;
    try {
      const response = await fetch(`${STILL}${tip}/`, { signal: AbortSignal.timeout(15_000) });
      if (response.status === 205 && tip === now().dataset.tip) ask();
    } catch {
      // Offline: what is on the page stays.
    }
  }

  // The page itself is the answer: one place renders tips, with the user's words marked as theirs.
  async function fetchPage() {
    const response = await fetch(TIP, { signal: AbortSignal.timeout(15_000) });
    if (response.redirected) {
      location.assign(response.url); // signed out, or nothing connected any more
      return null;
    }
    if (!response.ok) throw new Error(response.status);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    // The service worker's own pages: the last tip, or that there is none.
    const offline = page.documentElement.dataset.offline !== undefined;
    if (offline || !find("#now", page)) throw new Error("offline");
    // A newer oO needs its own style and script.
    const script = (from) => find("script[type=module]", from).getAttribute("src");
    if (script(page) !== script(document)) {
      location.reload();
      return null;
    }
    return page;
  }

  async function ask() {
    if (busy) return;
    const mine = ++turn;
    try {
      const page = await fetchPage();
      if (page && mine === turn && !busy) show(page);
    } catch {
      // Offline or a hiccup: what is on the page stays.
    } finally {
      if (mine === turn) schedule();
    }
  }

  // Swaps in what `page` shows, unless we show it already. True when it did.
  function show(page, { moveFocus = false } = {}) {
    const next = find("#now", page);
    const current = now();
    delete root.dataset.offline;
    current.dataset.csrf = next.dataset.csrf;
    const same = ["tip", "state"].every((key) => next.dataset[key] === current.dataset[key]);
    if (same && !main.classList.contains("leaving") && text(next) === text(current)) {
      for (const field of current.querySelectorAll("[name=csrfmiddlewaretoken]")) {
        field.value = next.dataset.csrf;
      }
      return false;
    }
    moveFocus ||= current.contains(document.activeElement);
    current.replaceWith(document.adoptNode(next));
    main.classList.remove("leaving");
    main.classList.remove("arriving");
    void main.offsetWidth; // lets the arrival play again
    main.classList.add("arriving");
    say(find("#said", page).textContent.trim());
    restartDwell();
    if (next.dataset.state !== "reading") reads = 0;
    // The sentence is read out, and the next Tab leads to its actions.
    if (moveFocus) find(".sentence")?.focus({ preventScroll: true });
    scrollTo(0, 0);
    return true;
  }

  // What the page says, save for what was unfolded since it came.
  function text(node) {
    const copy = node.cloneNode(true);
    find("[data-why]", copy)?.remove();
    return copy.textContent;
  }

  // Why this, now: fetched when first unfolded. Until then, and when that fails, a link.
  async function tellWhy(details) {
    const place = find("[data-why]", details);
    const link = find("a", place);
    if (!link) return;
    try {
      const response = await fetch(link.href, { signal: AbortSignal.timeout(15_000) });
      if (!response.ok || response.redirected) return;
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      place.replaceChildren(...find("[data-why]", page).childNodes);
    } catch {
      // Offline: the link stays.
    }
  }

  async function react(reaction, button) {
    const tip = now().dataset.tip;
    if (busy || !tip) return;
    busy = true;
    turn++;
    button.classList.add("chosen");
    const body = JSON.stringify({ tip, reaction, dwell_ms: dwell() });
    say("");
    main.classList.remove("arriving");
    main.classList.add("leaving");
    const focused = document.activeElement === button;
    const restore = (why) => {
      main.classList.remove("leaving");
      if (focused) requestAnimationFrame(() => button.focus({ preventScroll: true }));
      button.classList.remove("chosen");
      say(why);
      busy = false;
    };
    let response, answer;
    try {
      response = await post(body);
      if (response.status === 403) {
        // Signed in anew in another tab: the page's token is old. Take a new one, once.
        const page = await fetchPage();
        if (!page) return;
        now().dataset.csrf = find("#now", page).dataset.csrf;
        response = await post(body);
      }
      answer = await response.json();
    } catch {
      return restore("That did not get through. Check your connection and try again.");
    }
    if (response.status === 401) return location.assign(TIP);
    if (response.status === 429) return restore("That was a lot at once. Wait a minute and try again.");
    if (response.status === 404) answer = { says: "That tip is gone already.", counted: false };
    else if (!response.ok) return restore("That did not work, and it is our fault. Try again.");

    say(answer.says, true);
    if (answer.kept) {
      now().dataset.tip = "";
      busy = false;
      return;
    }
    await next(answer.counted ? 1000 : 2400);
  }

  const post = (body) =>
    fetch(FEEDBACK, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": now().dataset.csrf },
      body,
      signal: AbortSignal.timeout(15_000),
    });

  // Leaves the word standing while the next tip is fetched, then shows that.
  async function next(ms) {
    try {
      const [page] = await Promise.all([fetchPage(), pause(ms)]);
      if (!page) return;
      show(page, { moveFocus: true });
      await pause(350); // a second tap on the last tip must not answer this one
    } catch {
      now().dataset.tip = "";
      say("That is noted. The next tip comes when you are back online.", true);
    } finally {
      busy = false;
      schedule();
    }
  }

  // Reactions given offline are sent by the service worker; this page's token is the freshest.
  async function deliverKept() {
    if (!serviceWorker || !navigator.onLine) return;
    const { active } = await serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    const delivered = new Promise((resolve) => (port1.onmessage = resolve));
    active?.postMessage({ deliver: now().dataset.csrf }, [port2]);
    await Promise.race([delivered, pause(8000)]);
  }

  async function tellZone() {
    if (!zone || zone === now().dataset.zone) return;
    if (remembered(() => sessionStorage, "zone") === zone) return;
    try {
      await fetch(ZONE, {
        method: "POST",
        headers: { "X-CSRFToken": now().dataset.csrf },
        body: new URLSearchParams({ time_zone: zone }),
      });
      remembered(() => sessionStorage, "zone", zone);
    } catch {
      // Next time.
    }
  }
}
