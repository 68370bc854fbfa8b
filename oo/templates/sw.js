{% load static %}// The service worker: keeps the shell and the last tip for when there is no connection, and the
// reactions given meanwhile. It keeps nothing else: no other page, and no answer of the API.

const SHELL = "oo-shell-{{ version }}";
const LAST_TIP = "oo-tip"; // oo.js names it too, to drop it when someone is signed out
const OFFLINE = "{% url 'offline' %}";
const FEEDBACK = "{% url 'api_feedback' %}";
const STATIC = "{% get_static_prefix %}oo/";
const FILES = [{% for file in shell %}"{{ file }}", {% endfor %}];
const PATIENCE = 5000; // how long a connection may dawdle before it counts as none

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(fillShell());
});

self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && url.pathname === FEEDBACK) event.respondWith(react(request));
  if (request.method !== "GET") return;
  if (url.pathname === "/") event.respondWith(tip(event));
  else if (url.pathname.startsWith(STATIC)) event.respondWith(shell(request));
  else if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(OFFLINE, { ignoreVary: true })));
  }
});

self.addEventListener("sync", (event) => {
  if (event.tag === "reactions") event.waitUntil(deliver());
});

self.addEventListener("message", (event) => {
  if (!event.data?.deliver) return;
  const told = () => event.ports[0]?.postMessage("delivered");
  event.waitUntil(deliver(event.data.deliver).catch(() => {}).then(told));
});

async function fillShell() {
  const cache = await caches.open(SHELL);
  // Without cookies, so that no page in it is anyone's.
  const fresh = (url) => new Request(url, { credentials: "omit", cache: "no-cache" });
  await cache.addAll([OFFLINE, ...FILES].map(fresh));
}

// The last tip goes with an old shell: it was made for style and script that are gone.
async function takeOver() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("oo-") && name !== SHELL && name !== LAST_TIP);
  if (old.length) old.push(LAST_TIP);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

// Names with a hash never change. Others (in development) may, so the network comes first.
async function shell(request) {
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept && /\.[0-9a-f]{12}\./.test(request.url)) return kept;
  try {
    const response = await fetch(request);
    if (response.ok) await (await caches.open(SHELL)).put(request, response.clone());
    return response;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}

async function tip(event) {
  const cache = await caches.open(LAST_TIP);
  const kept = await cache.match("/", { ignoreVary: true });
  const asked = freshTip(event.request).then(async (response) => {
    // A redirect means signed out, or nothing connected: then the last tip is no one's any more.
    if (response.redirected || response.type === "opaqueredirect") await cache.delete("/");
    else if (response.ok) await cache.put("/", response.clone());
    return response;
  });
  event.waitUntil(asked.catch(() => {}));
  const late = kept && new Promise((_, reject) => setTimeout(reject, PATIENCE));
  try {
    return await (late ? Promise.race([asked, late]) : asked);
  } catch {
    return kept ? markOffline(kept) : caches.match(OFFLINE, { ignoreVary: true });
  }
}

// What was answered offline is sent first, so that the same tip is not shown again.
async function freshTip(request) {
  await deliver().catch(() => {});
  return fetch(request);
}

// Tells the page that it is the last one, not the newest.
async function markOffline(kept) {
  const page = (await kept.text()).replace("<html ", "<html data-offline ");
  return new Response(page, { headers: kept.headers });
}

async function react(request) {
  const later = request.clone();
  let response;
  try {
    response = await fetch(request);
  } catch {
    await keep({ ...(await later.json()), csrf: later.headers.get("X-CSRFToken") });
    const says = "Kept. It will be sent when you are back.";
    response = Response.json({ kept: true, counted: true, says }, { status: 202 });
  }
  // Answered now, so it must not come back as the last tip.
  if (response.ok) await (await caches.open(LAST_TIP)).delete("/");
  return response;
}

function store(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("oo", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("reactions", { keyPath: "tip" });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const transaction = opening.result.transaction("reactions", mode);
      const request = work(transaction.objectStore("reactions"));
      transaction.oncomplete = () => {
        opening.result.close();
        resolve(request.result);
      };
      transaction.onabort = () => reject(transaction.error);
    };
  });
}

async function keep(reaction) {
  const known = await store("readonly", (reactions) => reactions.get(reaction.tip));
  if (!known) await store("readwrite", (reactions) => reactions.put(reaction)); // the first counts
  await self.registration.sync?.register("reactions").catch(() => {});
}

let delivering = null;

// Sends what was kept; the server counts each once, however often it is sent. Rejects when some
// have to wait, so that the browser tries again.
function deliver(csrf) {
  delivering ??= deliverAll(csrf).finally(() => (delivering = null));
  return delivering;
}

async function deliverAll(csrf) {
  let sent = 0;
  let waiting = 0;
  for (const { csrf: own, ...reaction } of await store("readonly", (all) => all.getAll())) {
    const response = await fetch(FEEDBACK, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf ?? own },
      body: JSON.stringify(reaction),
      signal: AbortSignal.timeout(PATIENCE),
    }).catch(() => null);
    // Signed out, an old token, too many at once, a server in trouble: these pass.
    if (!response || [401, 403, 408, 429].includes(response.status) || response.status >= 500) {
      waiting++;
      continue;
    }
    await store("readwrite", (all) => all.delete(reaction.tip));
    sent++;
  }
  if (sent) for (const client of await self.clients.matchAll()) client.postMessage({ sent });
  if (waiting) throw new Error(`${waiting} reactions wait`);
}
