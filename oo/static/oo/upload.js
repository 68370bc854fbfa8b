// A large file on its way: first what the browser has sent, then what oO has read. Without this file
// the form is a plain one, and the page that follows it reloads itself.

const find = (selector, from = document) => from.querySelector(selector);
const EVERY = 1000;
const SLOWEST = 10_000;

const form = find("[data-upload]");
if (form) form.addEventListener("submit", (event) => send(event));
const reading = find("[data-upload-state]");
if (reading) follow(reading, EVERY);

function send(event) {
  const file = find('input[type="file"]', form).files[0];
  if (!file) return; // the browser says what is missing
  event.preventDefault();
  const shown = find("[data-upload-progress]", form);
  const said = find("[data-upload-said]", form);
  const button = find("button", form);
  const say = (text) => (said.textContent = text);
  const giveBack = (text) => {
    button.disabled = false;
    shown.hidden = true;
    say(text);
  };
  if (file.size > Number(form.dataset.uploadMost)) {
    say("This file is larger than oO takes.");
    return;
  }
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    const percent = total ? Math.floor((100 * loaded) / total) : 0;
    find("progress", shown).value = percent;
    if (percent % 10 === 0) say(percent < 100 ? `${percent} % is sent.` : "All of it is sent.");
  });
  request.addEventListener("load", () => {
    // The page that answered has shown its message to us, and would not show it again.
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const message = find(".messages", page);
    if (request.status < 400 && message) giveBack(message.textContent.trim());
    else if (request.status < 400) location.assign(request.responseURL || location.href);
    else giveBack(request.status === 413 ? "This file is larger than oO takes." : "It did not get through. Try again.");
  });
  request.addEventListener("error", () => giveBack("The connection was lost. Try again."));
  request.open("POST", form.action);
  button.disabled = true;
  shown.hidden = false;
  say("Sending.");
  request.send(new FormData(form));
}

async function follow(section, wait) {
  await new Promise((resolve) => setTimeout(resolve, wait));
  let told;
  try {
    const reply = await fetch(section.dataset.uploadState, { cache: "no-store" });
    if (!reply.ok) throw new Error(reply.statusText);
    told = await reply.json();
  } catch {
    return follow(section, Math.min(wait * 2, SLOWEST));
  }
  if (told.state !== "waiting" && told.state !== "reading") return location.reload();
  find("progress", section).value = told.progress;
  if (told.state === "reading") find("[data-upload-said]", section).textContent = `${told.progress} % is read.`;
  return follow(section, EVERY);
}
