// The page's one loop: the locker says which screen it is, the person says what to do, and nothing is decided here.

import { buildTools, resetComfort } from "./comfort.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { Keypad } from "./keypad.js";
import * as locker from "./locker.js";
import { stage } from "./stage.js";
import { sceneOf } from "./scenes.js";
import { wrongCode } from "./scenes_people.js";
import { listen } from "./scanner.js";
import { Timeout } from "./timeout.js";
import { say, useLanguage } from "./words.js";

const VIEW_LIFE_S = 60; // somebody who chose "pick up" and left; 20 s of it with a warning
const RESET_AFTER_MS = 45000; // on the home screen: the next person gets the page as it was meant
const READ_MS = 20000; // a sentence stays this long for slow readers, though the locker itself is ready again
const PAINTED_MS = 10000; // the agent misses us after twelve of these
const TO_READ = new Set(["refused", "no_compartment", "problem_thanks"]);
const AT_REST = new Set(["idle", "courier_home"]);
const LOST = { kind: "lost" };

const state = { screen: LOST, view: "home", note: null, about: null };
const keypad = new Keypad(enterCode);
const timeout = new Timeout({ onMore: moreTime, onLocalEnd: goHome });
let resetTimer = 0;
let tries = 0; // a second slip is news again, though the words are the same
let reading = 0;
let next = null; // what the locker shows while somebody still reads

function goHome() {
  show({ view: "home", note: null });
}

async function enterCode(code) {
  state.note = null;
  try {
    const entry = await locker.enterCode(code);
    tries += 1;
    if (entry === "accepted") keypad.clear();
    else show({ note: { tone: "signal", text: say(`code.${entry}`), tries } });
  } catch {
    show({ note: { tone: "bad", text: say("failed") } });
  }
}

async function tell(request) {
  try {
    await request;
  } catch {
    show({ note: { tone: "bad", text: say("failed") } });
  }
}

function moreTime(extend) {
  if (extend) tell(locker.answer("more_time"));
  else timeout.renew();
}

const act = {
  answer: (name, label) => (next ? doneReading() : tell(locker.answer(name, label))),
  view: (view) => show({ view, note: null }),
};

/** Change the state and put the scene it makes on the stage. */
function show(changes) {
  Object.assign(state, changes);
  if (state.view !== "code") keypad.clear();
  const scene = sceneOf(state, keypad, act);
  stage.put(scene);
  timeout.watch(scene, VIEW_LIFE_S);
  scheduleReset(scene);
}

function scheduleReset(scene) {
  clearTimeout(resetTimer);
  if (scene.kind !== "home") return;
  resetTimer = setTimeout(() => resetComfort(state.about.languages[0]), RESET_AFTER_MS);
}

/** Take a screen of the locker, but leave people the time to read what they have just been told. */
function onScreen(screen) {
  if (TO_READ.has(state.screen.kind) && AT_REST.has(screen.kind)) {
    if (!next) reading = setTimeout(doneReading, READ_MS);
    next = screen;
    return;
  }
  clearTimeout(reading);
  next = null;
  change(screen);
}

function doneReading() {
  clearTimeout(reading);
  const screen = next;
  next = null;
  change(screen);
}

function change(screen) {
  const before = state.screen.kind;
  const changes = { screen };
  if (screen.kind === "code_wrong") {
    tries += before === "code_wrong" ? 0 : 1;
    Object.assign(changes, { view: "code", note: { tone: "bad", text: wrongCode(screen.free_left), tries } });
  } else if (before !== screen.kind && !(before === "code_wrong" && screen.kind === "idle")) {
    // Whoever typed a wrong code goes on typing; everybody else begins at the beginning.
    Object.assign(changes, { view: before === "locked_out" ? "code" : "home", note: null });
  }
  show(changes);
}

async function onConnected() {
  const first = state.about === null;
  state.about = await locker.about();
  if (first) await useLanguage(state.about.languages[0]);
  buildTools(state.about.languages, () => {
    buildFoot();
    stage.forget();
    show({ note: null });
  });
  buildFoot();
  // The first screen may have been drawn before its wall and its language were known.
  if (first) stage.forget();
  show({});
}

function buildFoot() {
  const { support_phone: phone, locker: id, name } = state.about;
  document
    .getElementById("foot")
    .replaceChildren(
      el("p", {}, phone && icon("phone"), phone ? say("foot.help", { phone }) : ""),
      el("p", {}, name && el("strong", {}, name), say("foot.locker", { locker: id })),
    );
}

function onKey(event) {
  const typing = stage.kind === "code" && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (typing && keypad.key(event.key)) event.preventDefault();
  if (event.key === "Escape" && state.view !== "home" && !timeout.isWarning) goHome();
}

/** Tell the agent, from within a frame, that people still see something: a frozen page says nothing. */
function tellPainted() {
  requestAnimationFrame(() => locker.painted().catch(() => {}));
}

function onLost() {
  clearTimeout(reading);
  next = null;
  show({ screen: LOST, view: "home", note: null });
}

async function start() {
  await useLanguage("en");
  listen(window, {
    onScan: (text) => tell(locker.scan(text)),
    onBurst: () => keypad.mark(),
    onUndo: () => keypad.undo(),
  });
  window.addEventListener("keydown", onKey);
  window.addEventListener("contextmenu", (event) => event.preventDefault());
  window.addEventListener("pointerdown", () => {
    timeout.touched();
    scheduleReset({ kind: stage.kind });
  });
  window.addEventListener("keydown", () => timeout.touched());
  show({});
  tellPainted();
  setInterval(tellPainted, PAINTED_MS);
  locker.follow({ onConnected, onScreen, onLost });
}

start();
