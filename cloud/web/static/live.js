/* Live pages: the server says that something changed, the page is fetched again as its reader, and the parts marked
   data-live are exchanged where they differ. Nobody's typing, open dialog or focus is taken away. */

const GATHER_MS = 250; // several changes of one moment are one exchange

export function startLive() {
  const source = document.body.dataset.liveFrom;
  if (!source) return;
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

async function renew() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer || !answer.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
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
  return (part.contains(here) && here.matches("input, textarea, select")) || part.querySelector("dialog[open]") !== null;
}

function redraw(drawn, newer) {
  if (!newer || newer.dataset.map === drawn.dataset.map) return;
  drawn.dataset.map = newer.dataset.map;
  drawn.dispatchEvent(new CustomEvent("map:changed"));
}
