/* Live pages: the server says that something changed, the page is fetched again as its reader, and the parts marked
   data-live are exchanged where they differ. Nobody's typing, open dialog or focus is taken away, and no button from
   under a finger: a tap counts only where what was pressed is still there when it is let go. */

const GATHER_MS = 250; // several changes of one moment are one exchange
const PATIENCE_MS = 20_000; // an answer that takes longer never comes; meanwhile nothing newer would be asked for
const PRESS_MS_MAX = 5_000; // nobody presses longer; some browsers never tell that a finger was lifted
const LIFTED_MS = 300; // a tap's click comes a moment after the finger is lifted
const PRESSED = "button, summary, a, label";

let isAsking = false;
let isStale = false; // something changed after the answer that is on its way was asked for
let pressedUntilMs = -Infinity;

export function startLive() {
  const source = document.body.dataset.liveFrom;
  if (!source) return;
  watchFingers();
  const stream = new EventSource(source);
  let waiting = 0;
  stream.addEventListener("changed", () => {
    clearTimeout(waiting);
    waiting = setTimeout(renew, GATHER_MS);
  });
  stream.addEventListener("error", () => lost(true));
  stream.addEventListener("open", () => {
    lost(false);
    renew(); // what changed between the page and the stream, or while the stream was gone, was told to nobody
  });
}

function lost(isLost) {
  document.getElementById("lost").hidden = !isLost;
}

function watchFingers() {
  const press = (event) => {
    if (event.target.closest?.(PRESSED)) pressedUntilMs = performance.now() + PRESS_MS_MAX;
  };
  const lift = () => {
    pressedUntilMs = Math.min(pressedUntilMs, performance.now() + LIFTED_MS);
  };
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, press, true);
  for (const name of ["pointerup", "pointercancel", "keyup"]) document.addEventListener(name, lift, true);
}

/** Ask for the page again; one answer at a time, so that an older one never comes after a newer one. */
async function renew() {
  isStale = true;
  if (isAsking) return;
  isAsking = true;
  while (isStale) {
    isStale = false;
    const fresh = await asked();
    while (fresh && performance.now() < pressedUntilMs) await new Promise((again) => setTimeout(again, GATHER_MS));
    if (fresh) put(fresh);
  }
  isAsking = false;
}

async function asked() {
  try {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: patience });
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null; // the stream says that the connection is lost, and when it is back
  }
}

function put(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) exchange(part, fresh.getElementById(part.id));
  for (const drawn of document.querySelectorAll("[data-map]")) redraw(drawn, fresh.querySelector("[data-map]"));
  document.title = fresh.title;
}

function exchange(part, newer) {
  if (!newer) {
    if (!isBusy(part)) part.replaceChildren();
    return;
  }
  const opened = [...part.querySelectorAll("details[open]")].length > 0;
  if (part.innerHTML === newer.innerHTML || isBusy(part) || opened) return;
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  part.className = newer.className;
  part.replaceChildren(...newer.childNodes);
  if (focused) document.getElementById(focused)?.focus();
}

function isBusy(part) {
  const here = document.activeElement;
  const typing = part.contains(here) && here.matches("input, textarea, select");
  return typing || part.querySelector("dialog[open]") !== null || [...part.querySelectorAll("input, textarea")].some(isTyped);
}

// What somebody has typed or chosen and not sent yet; the focus may be on the button already.
function isTyped(field) {
  const isChoice = field.type === "radio" || field.type === "checkbox";
  const changed = isChoice ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  return changed && field.checkVisibility();
}

function redraw(drawn, newer) {
  if (!newer || newer.dataset.map === drawn.dataset.map) return;
  drawn.dataset.map = newer.dataset.map;
  drawn.dispatchEvent(new CustomEvent("map:changed"));
}
