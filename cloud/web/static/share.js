/* Where the courier is, told while a switch on this page is on and for no longer. What could not be sent is dropped: an
   old position is worth nothing, and nothing is kept on the phone but that the switch is on. */

const GAP_MS = 15_000; // between two words of it
const MOVED_M = 50; // that count as having moved
const STILL_MS = 60_000; // after which the same place is told again: the van is still there
const LOOK_MS = 5_000; // how often it is asked whether there is something to tell
const STALE_MS = 30_000; // a phone that lies still measures seldom; then it is asked to
const PATIENCE_MS = 10_000; // an answer that takes longer is not waited for
const DEGREE_M = 111_195; // along a meridian
const REFUSED = 1; // GeolocationPositionError.PERMISSION_DENIED

export function startShare() {
  const section = document.querySelector("[data-share]");
  if (!section || !("geolocation" in navigator)) return;
  const box = section.querySelector("input");
  const key = `latchmile-share ${section.dataset.share}`; // several couriers may share one phone
  const share = sharing(section, () => end(false));
  section.hidden = false;
  box.addEventListener("change", () => (box.checked ? begin() : end(true)));
  if (localStorage.getItem(key) === "on") begin();

  function begin() {
    box.checked = true;
    localStorage.setItem(key, "on");
    share.begin();
  }

  function end(isByHand) {
    box.checked = false;
    localStorage.removeItem(key);
    share.end(isByHand ? "off" : "denied");
  }
}

function sharing(section, refused) {
  let watch = null;
  let timer = 0;
  let newest = null; // what the phone measured last
  let told = null; // what was sent last, and when
  let sending = null;

  function say(what) {
    for (const one of section.querySelectorAll("[data-share-say]")) one.hidden = one.dataset.shareSay !== what;
  }

  function measured(position) {
    newest = position;
    look();
  }

  function failed(error) {
    if (error.code === REFUSED) refused();
    else if (!told) say("nowhere");
  }

  function look() {
    if (watch === null || sending) return;
    const now = Date.now();
    if (!newest || now - newest.timestamp > STALE_MS) {
      if (!told || now - told.at >= STILL_MS) measure();
      return;
    }
    const isDue = !told || (now - told.at >= GAP_MS && (now - told.at >= STILL_MS || way(told, newest) >= MOVED_M));
    if (isDue) sending = send(newest).finally(() => (sending = null));
  }

  function measure() {
    navigator.geolocation.getCurrentPosition(measured, failed, { enableHighAccuracy: true, timeout: LOOK_MS });
  }

  async function send({ coords, timestamp }) {
    const { longitude: lon, latitude: lat, accuracy: accuracy_m } = coords;
    told = { at: Date.now(), lon, lat };
    const body = JSON.stringify({ lon, lat, accuracy_m, at: new Date(timestamp).toISOString() });
    const how = { method: "PUT", body, headers: { "Content-Type": "application/json" } };
    try {
      const answer = await fetch(section.dataset.share, { ...how, signal: AbortSignal.timeout(PATIENCE_MS) });
      const { ignored } = answer.ok ? await answer.json() : {};
      if (watch === null) return;
      if (answer.ok && ignored === null) show(section, told.at);
      say(!answer.ok ? "unsent" : ignored === "vague" ? "vague" : "on");
    } catch {
      if (watch !== null) say("unsent");
    }
  }

  return {
    begin() {
      if (watch !== null) return;
      say("waiting");
      watch = navigator.geolocation.watchPosition(measured, failed, { enableHighAccuracy: true });
      timer = setInterval(look, LOOK_MS);
    },
    async end(why) {
      if (watch === null) return;
      navigator.geolocation.clearWatch(watch);
      clearInterval(timer);
      watch = newest = told = null;
      say(why);
      show(section, null);
      await sending; // the last word must not come after the one that forgets it
      if (watch === null) await fetch(section.dataset.share, { method: "DELETE" }).catch(() => {});
    },
  };
}

function way(from, { coords }) {
  const north = coords.latitude - from.lat;
  const east = (coords.longitude - from.lon) * Math.cos((coords.latitude * Math.PI) / 180);
  return Math.hypot(north, east) * DEGREE_M;
}

function show(section, at) {
  const line = section.querySelector("[data-share-at]");
  line.hidden = at === null;
  if (at === null) return;
  const time = line.querySelector("time");
  time.dateTime = new Date(at).toISOString();
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  time.textContent = new Date(at).toLocaleTimeString(document.documentElement.lang, clock);
}
