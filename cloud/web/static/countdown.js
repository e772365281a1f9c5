/* Deadlines that count down, by the server's clock: a phone's own may be wrong by hours. */

const MINUTE = 60_000;
const EVERY_MS = 15_000; // the smallest unit shown is a minute

const ahead = Date.parse(document.body.dataset.now) - Date.now();

export function now() {
  return Date.now() + ahead;
}

export function parts(milliseconds) {
  const minutes = Math.max(0, Math.floor(milliseconds / MINUTE));
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
  const all = days ? [["day", days], ["hour", hours]] : [["hour", hours], ["minute", rest]];
  const shown = all.filter(([, count]) => count > 0);
  return shown.length ? shown : [all[1]];
}

export function spelled(milliseconds, language) {
  const unit = ([name, count]) =>
    new Intl.NumberFormat(language, { style: "unit", unit: name, unitDisplay: "short" }).format(count);
  return parts(milliseconds).map(unit).join(" ");
}

function tick() {
  for (const one of document.querySelectorAll("[data-until]")) {
    const text = spelled(Date.parse(one.dataset.until) - now(), document.documentElement.lang);
    if (one.textContent !== text) one.textContent = text;
  }
}

export function startCountdowns() {
  tick();
  setInterval(tick, EVERY_MS);
}
