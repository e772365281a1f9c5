// A USB scanner types like a very fast person and ends with Enter. Its text must never land in the code or press a
// button, so every key passes here first.

const SCAN_CHARACTERS_MIN = 4; // shorter than any label; a lone Enter belongs to the button in focus
const SCAN_CHARACTERS_MAX = 4400; // a QR code of version 40 holds 4,296
const CODE_DIGITS = 9;
const FAST_MS = 35; // per key, on average; nobody types nine digits at 29 keys a second
const PAUSE_MS = 2000; // what was typed before a pause belongs to somebody else
const ZOOM_KEYS = new Set(["+", "-", "=", "0"]);

/** Whether typed text came from a scanner. A code is nine digits at most, so time matters for short numbers only. */
export function isScan(text, tookMs) {
  if (text.length < SCAN_CHARACTERS_MIN) return false;
  if (text.length > CODE_DIGITS || !/^\d+$/.test(text)) return true;
  return tookMs / text.length < FAST_MS;
}

/** Listen to all keys. `onScan(text)` for a scan; `onBurst()` and `onUndo()` bracket digits that prove to be one. */
export function listen(target, { onScan, onBurst, onUndo }) {
  let text = "";
  let startedMs = 0;
  let lastMs = -Infinity;

  const forget = () => {
    text = "";
  };

  function finish(event) {
    const scanned = text;
    const tookMs = lastMs - startedMs;
    forget();
    if (!isScan(scanned, tookMs)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    onUndo();
    onScan(scanned);
  }

  function collect(event) {
    if (text === "" || event.timeStamp - lastMs > PAUSE_MS) {
      forget();
      startedMs = event.timeStamp;
      onBurst();
    }
    // A space inside a scan would press the button in focus.
    if (event.key === " ") event.preventDefault();
    lastMs = event.timeStamp;
    if (text.length < SCAN_CHARACTERS_MAX) text += event.key;
  }

  // A QR code of ours begins "LM1:", so a space after nothing but digits is a person pressing a button.
  const belongsToScan = (key) => key !== " " || /\D/.test(text);

  function onKey(event) {
    // Hostile barcodes type shortcuts. Zoom stays, for people who need it.
    const shortcut = event.ctrlKey || event.metaKey || event.altKey;
    if ((shortcut && !ZOOM_KEYS.has(event.key)) || /^F\d+$/.test(event.key)) event.preventDefault();
    else if (event.key === "Enter") finish(event);
    else if (event.key.length === 1 && !shortcut && belongsToScan(event.key)) collect(event);
  }

  target.addEventListener("keydown", onKey, { capture: true });
  target.addEventListener("pointerdown", forget, { capture: true });
}
