/* The courier's pass: one code at a time, as large as the phone allows, and everything of the day kept for when there is
   no network. Without this script all codes stand below each other and work the same. */

const SWIPE_PX = 40; // less is a finger that rests

export function startPass() {
  const pass = document.querySelector("[data-pass]");
  if (pass) stayAwake();
  const codes = pass ? [...pass.querySelectorAll("figure")] : [];
  if (codes.length > 1) turnPages(pass, codes);
  keepPasses();
}

function turnPages(pass, codes) {
  let shown = 0;
  const show = (wanted, aloud) => {
    shown = Math.min(Math.max(wanted, 0), codes.length - 1);
    codes.forEach((code, place) => (code.hidden = place !== shown));
    for (const button of pass.querySelectorAll("[data-step]")) {
      button.disabled = Number(button.dataset.step) < 0 ? shown === 0 : shown === codes.length - 1;
    }
    if (aloud) pass.querySelector("[data-said]").textContent = codes[shown].querySelector("figcaption").textContent;
  };
  pass.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step]");
    if (button) show(shown + Number(button.dataset.step), true);
  });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && !event.target.closest("input, select, textarea")) show(shown + step, true);
  });
  let from = null;
  pass.addEventListener("touchstart", (event) => (from = event.touches[0].clientX), { passive: true });
  pass.addEventListener("touchend", (event) => {
    const moved = event.changedTouches[0].clientX - (from ?? event.changedTouches[0].clientX);
    if (Math.abs(moved) > SWIPE_PX) show(shown - Math.sign(moved), true);
  });
  pass.querySelector("[data-steps]").hidden = false;
  show(0, false);
}

// A screen that dims in front of the scanner cannot be read.
function stayAwake() {
  const ask = () => document.visibilityState === "visible" && navigator.wakeLock?.request("screen").catch(() => {});
  document.addEventListener("visibilitychange", ask);
  ask();
}

// The day's page loads the passes of its stops once, so that a locker in a cellar finds them on the phone.
function keepPasses() {
  if (!("serviceWorker" in navigator)) return;
  const links = new Set([...document.querySelectorAll('a[href^="/courier/lockers/"]')].map((link) => link.href));
  navigator.serviceWorker.ready.then(() => links.forEach((link) => fetch(link).catch(() => {})));
}
