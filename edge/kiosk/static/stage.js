// Puts a scene on the stage: builds it when there is something new to read, and only moves the clock when there is not.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { wall } from "./wall.js";
import { asClock, say } from "./words.js";

const main = document.getElementById("stage");
const polite = document.getElementById("polite");
const urgent = document.getElementById("urgent");

function button(scene, one) {
  const pressed = () => (one.view ? scene.act.view(one.view) : scene.act.answer(one.answer, one.label ?? null));
  return el(
    "button",
    { class: `button ${one.look ?? ""}`.trim(), type: "button", "data-answer": one.answer ?? one.view, onclick: pressed },
    one.icon && icon(one.icon),
    one.text,
  );
}

function choices(scene) {
  const list = (scene.choices ?? []).filter(Boolean);
  return list.length > 0 && el("div", { class: "actions" }, list.map((one) => button(scene, one)));
}

const note = (one) => one && el("p", { class: `note ${one.tone}` }, icon(one.tone === "good" ? "check" : "warning"), one.text);

const scanHint = () => el("p", { class: "scan-hint" }, icon("scan"), say("scan.hint"));

function helpLine(about) {
  const phone = about?.support_phone;
  return el("p", { class: "note help" }, icon("phone"), phone ? say("help.call", { phone }) : say("help.message"));
}

function picture(scene) {
  const { wall: place, emblem, tone, clock } = scene.picture ?? {};
  if (place) return scene.about && wall(scene.about.layout, place.label, place.open);
  if (clock) {
    const hand = el("span", { "data-clock": "" });
    return el("p", { class: "clock", role: "timer", "aria-live": "off" }, icon("clock"), hand, el("small", {}, say("clock.unit")));
  }
  return emblem && el("div", { class: `emblem ${tone}` }, icon(emblem));
}

const heading = (scene) => el("h1", { tabindex: "-1" }, scene.title);

function plain(scene) {
  return el(
    "section",
    { class: "scene" },
    el(
      "div",
      { class: "says" },
      heading(scene),
      scene.label
        ? el("div", { class: "label-row" }, el("span", { class: "painted" }, scene.label), el("p", { class: "lead" }, scene.lead))
        : el("p", { class: "lead" }, scene.lead),
      note(scene.note),
      scene.scanHint && scanHint(),
      scene.help && helpLine(scene.about),
      scene.faults && el("div", { class: "faults", role: "group", "aria-label": say("faults") }, scene.faults.map((one) => button(scene, one))),
      choices(scene),
    ),
    picture(scene),
  );
}

function home(scene) {
  const card = (look, picture_, title, text, view) =>
    el(
      "button",
      { class: `choice ${look}`.trim(), type: "button", "data-view": view, onclick: () => scene.act.view(view) },
      icon(picture_, "big"),
      el("span", {}, el("b", {}, title, icon("next")), el("span", {}, text)),
    );
  return el(
    "section",
    { class: "scene home" },
    heading(scene),
    el(
      "div",
      { class: "news" },
      scene.offline && el("p", { class: "note" }, icon("offline"), say("home.offline")),
      scene.opened && el("p", { class: "note" }, icon("door"), say("home.opened")),
      scene.anew && el("p", { class: "note" }, icon("wrench"), say("home.anew")),
      scene.full && el("p", { class: "note" }, icon("parcel"), say("home.full")),
      note(scene.note),
    ),
    card("first", "parcel", say("home.pick_up"), say("home.pick_up_text"), "code"),
    card("", "courier", say("home.courier"), say("home.courier_text"), "courier"),
    scanHint(),
  );
}

function code(scene) {
  const { display, keys, open } = scene.keypad.render();
  const back = { text: say("answer.back"), view: "home", icon: "back" };
  return el(
    "section",
    { class: "scene entry" },
    el(
      "div",
      { class: "says" },
      heading(scene),
      el("p", { class: "lead" }, scene.lead),
      display,
      note(scene.note) || el("p", { class: "scan-hint" }, icon("help"), scene.none),
      scanHint(),
      el("div", { class: "actions" }, button(scene, back), open),
    ),
    keys,
  );
}

function courier(scene) {
  const count = (number, words) => el("p", { class: "count" }, el("b", {}, String(number)), words);
  const collect = (label) =>
    el("li", {}, button(scene, { text: label, answer: "collect", label, icon: "door" }));
  return el(
    "section",
    { class: "scene" },
    el(
      "div",
      { class: "says" },
      heading(scene),
      el("p", { class: "lead" }, scene.lead),
      el(
        "div",
        { class: "counts" },
        count(scene.dropOffs, say("courier_home.drop_offs", { count: scene.dropOffs })),
        count(scene.collections.length, say("courier_home.to_collect", { count: scene.collections.length })),
      ),
      note(scene.note),
      scene.collections.length > 0 && el("ul", { class: "doors", "aria-label": say("courier_home.list") }, scene.collections.map(collect)),
      choices(scene),
    ),
    el("div", { class: "emblem" }, icon("scan")),
  );
}

const LAYOUTS = { plain, home, code, courier };

function announce(scene) {
  const text = [scene.note?.text, scene.title, scene.spoken ?? scene.lead].filter(Boolean).join(" ");
  const [speaks, hushed] = scene.urgent ? [urgent, polite] : [polite, urgent];
  hushed.textContent = "";
  speaks.textContent = "";
  // A live region that is emptied first speaks again even when the words are the same.
  requestAnimationFrame(() => (speaks.textContent = text));
}

export const stage = {
  kind: "",
  identity: "",

  /** Build `scene` unless it is the one that stands there already. */
  put(scene) {
    if (scene.identity === this.identity) return;
    this.identity = scene.identity;
    this.kind = scene.kind;
    document.body.dataset.scene = scene.kind;
    main.replaceChildren(LAYOUTS[scene.layout ?? "plain"](scene));
    document.title = `${scene.title} - Latchmile`;
    main.querySelector("h1").focus({ preventScroll: true });
    announce(scene);
  },

  /** Build the next scene whatever stands there: the language has changed. */
  forget() {
    this.identity = "";
  },

  /** Move the clock, where the scene has one. */
  tick(seconds) {
    const clock = main.querySelector("[data-clock]");
    if (clock) clock.textContent = asClock(seconds);
  },

  /** Say something short without changing the scene. */
  mention(text) {
    polite.textContent = text;
  },
};
