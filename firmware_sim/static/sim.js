// Draws every locker once and then only changes what has changed, so that doors swing instead of jumping.

const street = document.querySelector("#street");
const summary = document.querySelector("#summary");
const word = document.querySelector("#word");
const drawn = new Map();
const WORD_MS = 4000;
let hush = 0;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function say(text) {
  word.textContent = text;
  word.hidden = false;
  clearTimeout(hush);
  hush = setTimeout(() => (word.hidden = true), WORD_MS);
}

async function ask(path, body = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) say(told.detail ?? `The simulator answered ${answer.status}.`);
  return told;
}

const at = (locker, label, verb) => `/lockers/${locker}/doors/${label}/${verb}`;

async function touchDoor(locker, label, isOpen) {
  const told = await ask(at(locker, label, isOpen ? "close" : "pull"));
  if (!isOpen && told.open === false) say(`Door ${label} is locked.`);
}

async function touchParcel(locker, label, isFull) {
  if (isFull) {
    const told = await ask(at(locker, label, "take_out"));
    if (told.parcel) say(`You hold ${told.parcel} in your hands.`);
  } else {
    await ask(at(locker, label, "put_in"), { parcel: "something of yours" });
  }
}

function columns(doors) {
  const byLetter = new Map();
  for (const door of doors) {
    const letter = door.label.replace(/\d+$/, "");
    byLetter.set(letter, [...(byLetter.get(letter) ?? []), door]);
  }
  return [...byLetter.values()];
}

function drawBox(locker, door) {
  const box = element("div", { class: "box", "data-size": door.size, "data-label": door.label });
  const leaf = element("button", { class: "door", type: "button" }, door.label);
  const parcel = element("button", { class: "parcel", type: "button" });
  leaf.addEventListener("click", () => touchDoor(locker, door.label, box.classList.contains("is-open")));
  parcel.addEventListener("click", () => touchParcel(locker, door.label, box.classList.contains("is-full")));
  box.append(parcel, leaf);
  return box;
}

// Doors are drawn as small as they are. Whoever cannot hit one chooses it by its label instead.
function drawReach(locker) {
  const labels = locker.doors.map((door) => element("option", {}, door.label));
  const label = element("select", { "aria-label": `A door of ${locker.id}` }, ...labels);
  const leaf = element("button", { class: "chip", type: "button" });
  const parcel = element("button", { class: "chip", type: "button" });
  const root = element("div", { class: "chips" }, label, leaf, parcel);
  const reach = { root, label, leaf, parcel, doors: locker.doors };
  const chosen = () => reach.doors.find((door) => door.label === label.value);
  label.addEventListener("change", () => showReach(reach, reach.doors));
  leaf.addEventListener("click", () => touchDoor(locker.id, label.value, chosen().open));
  parcel.addEventListener("click", () => touchParcel(locker.id, label.value, chosen().parcel !== null));
  return reach;
}

function showReach(reach, doors) {
  reach.doors = doors;
  const door = doors.find((one) => one.label === reach.label.value);
  reach.leaf.textContent = door.open ? "Push it shut" : "Pull at it";
  reach.parcel.textContent = door.parcel === null ? "Put something in" : `Take ${door.parcel} out`;
  reach.parcel.disabled = !door.open;
}

function drawLocker(locker) {
  const boxes = new Map();
  const screen = element("a", { class: "screen", target: "_blank", rel: "noopener" });
  const drawnColumns = columns(locker.doors).map((doors, nth) => {
    const column = element("div", { class: "column" });
    if (nth === 1 || locker.doors.length === doors.length) column.append(screen);
    for (const door of doors) {
      const box = drawBox(locker.id, door);
      boxes.set(door.label, box);
      column.append(box);
    }
    return column;
  });
  const uplink = element("button", { class: "chip", type: "button" });
  const power = element("button", { class: "chip", type: "button" });
  const kiosk = element("a", { class: "chip", target: "_blank", rel: "noopener" }, "Kiosk");
  const trouble = element("span", { class: "chip is-bad" });
  const facts = element("span");
  const reach = drawReach(locker);
  const root = element(
    "section",
    { class: "locker", "aria-label": `Locker ${locker.id}` },
    element("div", { class: "head" }, element("h2", {}, locker.id), facts),
    element("div", { class: "wall" }, ...drawnColumns),
    reach.root,
    element("div", { class: "chips" }, uplink, power, kiosk, trouble),
  );
  const shown = { root, boxes, screen, uplink, power, kiosk, trouble, facts, reach, now: locker };
  uplink.addEventListener("click", () => ask(`/lockers/${locker.id}/uplink`, { cut: !shown.now.uplink_cut }));
  power.addEventListener("click", () => ask(`/lockers/${locker.id}/power`, { on: !shown.now.power }));
  street.append(root);
  return shown;
}

const sentence = (kind) => kind.replaceAll("_", " ");

function showScreen(shown, locker) {
  const screen = locker.screen;
  shown.screen.href = locker.kiosk_url;
  shown.screen.title = "Open this locker's kiosk";
  if (!screen) shown.screen.replaceChildren("no power");
  else if (screen.label) shown.screen.replaceChildren(element("b", {}, screen.label), sentence(screen.kind));
  else shown.screen.replaceChildren(sentence(screen.kind));
}

function showDoor(box, door) {
  box.classList.toggle("is-open", door.open);
  box.classList.toggle("is-full", door.parcel !== null);
  box.classList.toggle("is-coil", door.coil_on);
  const inside = door.parcel ?? "empty";
  const [parcel, leaf] = box.children;
  leaf.title = `${door.label}, ${door.size}${door.low ? ", low" : ""}: ${inside}. Pulsed ${door.pulses} times.`;
  leaf.setAttribute("aria-label", `Door ${door.label}, ${door.open ? "open, push it shut" : "closed, pull at it"}`);
  parcel.textContent = door.parcel === null ? "+" : "";
  parcel.setAttribute("aria-label", door.parcel === null ? "Put something in" : `Take ${door.parcel} out`);
  parcel.title = door.parcel === null ? "Put something in" : `Take ${door.parcel} out`;
}

function chip(button, text, mood) {
  if (button.textContent !== text) button.textContent = text;
  button.className = mood ? `chip is-${mood}` : "chip";
}

function uplinkOf(locker) {
  if (locker.uplink_cut) return ["Mend the uplink", "bad"];
  if (!locker.power) return ["Uplink", ""];
  return locker.online ? ["Online: cut it", "good"] : ["Connecting …", "wait"];
}

function showLocker(locker) {
  const shown = drawn.get(locker.id) ?? drawLocker(locker);
  drawn.set(locker.id, shown);
  shown.now = locker;
  for (const door of locker.doors) showDoor(shown.boxes.get(door.label), door);
  showReach(shown.reach, locker.doors);
  showScreen(shown, locker);
  shown.root.classList.toggle("is-dark", !locker.power);
  shown.kiosk.href = locker.kiosk_url;
  const full = locker.doors.filter((door) => door.parcel !== null).length;
  shown.facts.textContent = `${locker.model} · ${full} of ${locker.doors.length} taken${locker.buzzing ? " · the buzzer sounds" : ""}`;
  const [link, mood] = uplinkOf(locker);
  chip(shown.uplink, link, mood);
  chip(shown.power, locker.power ? "Pull the plug" : "No power: switch on", locker.power ? "" : "bad");
  const troubles = [...locker.violations, locker.failure].filter(Boolean);
  shown.trouble.hidden = troubles.length === 0;
  shown.trouble.textContent = troubles.join("; ");
}

function showStreet(lockers) {
  for (const locker of lockers) showLocker(locker);
  const doors = lockers.flatMap((locker) => locker.doors);
  const full = doors.filter((door) => door.parcel !== null).length;
  const online = lockers.filter((locker) => locker.online).length;
  summary.textContent = `${lockers.length} lockers, ${online} online, ${full} of ${doors.length} compartments taken`;
}

const events = new EventSource("/events");
events.addEventListener("message", (event) => showStreet(JSON.parse(event.data).lockers));
events.addEventListener("error", () => (summary.textContent = "The simulator does not answer; it may have ended."));
