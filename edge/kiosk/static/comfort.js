// What a person may change about the page: language, contrast, and how far they have to reach. Nothing is kept.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { languageInUse, languageName, say, useLanguage } from "./words.js";

const root = document.documentElement;
const tools = document.getElementById("tools");

let shown = { languages: [], onChange: () => {} };

function languageButton(code) {
  return el(
    "button",
    {
      class: "tool",
      type: "button",
      lang: code,
      "data-language": code,
      "aria-pressed": String(code === languageInUse()),
      onclick: () => speak(code),
    },
    el("span", {}, languageName(code)),
  );
}

function switchButton(name, value, drawing) {
  const isOn = root.dataset[name] === value;
  const flip = () => {
    if (isOn) delete root.dataset[name];
    else root.dataset[name] = value;
    draw(`[data-switch="${name}"]`);
  };
  return el(
    "button",
    { class: "tool", type: "button", "data-switch": name, "aria-pressed": String(isOn), onclick: flip },
    icon(drawing),
    el("span", {}, say(`tool.${name}`)),
  );
}

function draw(focus = "") {
  tools.setAttribute("aria-label", say("tool.all"));
  tools.replaceChildren(
    ...shown.languages.map(languageButton),
    el("span", { class: "tool-break" }),
    switchButton("contrast", "high", "contrast"),
    switchButton("reach", "low", "reach"),
  );
  if (focus) tools.querySelector(focus)?.focus();
}

async function speak(code) {
  await useLanguage(code);
  shown.onChange();
  draw(`[data-language="${code}"]`);
}

/** Build the bar's buttons; `onChange` is called when the language has changed. */
export function buildTools(languages, onChange) {
  shown = { languages, onChange };
  draw();
}

/** Give the next person the page as it was meant. */
export async function resetComfort(language) {
  delete root.dataset.contrast;
  delete root.dataset.reach;
  if (language !== languageInUse()) {
    await useLanguage(language);
    shown.onChange();
  }
  draw();
}
