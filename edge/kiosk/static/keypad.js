// Nine digits in three groups of three. It knows what has been typed, and forgets it when it is taken off the screen.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { say } from "./words.js";

const DIGITS = 9;
const GROUP = 3;

export class Keypad {
  #digits = "";
  #before = "";
  #slots = [];
  #open = null;
  #shown = null;
  #busy = false;

  /** `onCode(code)` gets nine digits and may take its time; the keypad waits for it. */
  constructor(onCode) {
    this.onCode = onCode;
  }

  get isEmpty() {
    return this.#digits === "";
  }

  /** Build the display and the keys. */
  render() {
    this.#slots = Array.from({ length: DIGITS }, () => el("span", { class: "slot" }));
    const groups = [0, GROUP, 2 * GROUP].map((start) =>
      el("span", { class: "slots" }, this.#slots.slice(start, start + GROUP)),
    );
    this.#shown = el("p", { class: "code", role: "img" }, groups);
    this.#open = el("button", { class: "button main", type: "button", onclick: () => this.#submit() }, say("code.open"), icon("next"));
    const keys = el("div", { class: "keys", role: "group", "aria-label": say("code.keys") }, this.#keys());
    this.#refresh();
    return { display: this.#shown, keys, open: this.#open };
  }

  #keys() {
    const digit = (name) =>
      el("button", { class: "key", type: "button", "data-key": name, onclick: () => this.press(name) }, name);
    return [
      ..."123456789".split("").map(digit),
      el("button", { class: "key word", type: "button", onclick: () => this.clear() }, say("code.clear")),
      digit("0"),
      el(
        "button",
        { class: "key word", type: "button", "aria-label": say("code.erase"), onclick: () => this.erase() },
        icon("erase"),
      ),
    ];
  }

  /** Take a key of a real keyboard; says whether it was one of ours. */
  key(name) {
    if (/^\d$/.test(name)) this.press(name);
    else if (name === "Backspace") this.erase();
    else if (name === "Delete") this.clear();
    else return false;
    return true;
  }

  press(digit) {
    if (this.#busy || this.#digits.length >= DIGITS) return;
    this.#digits += digit;
    this.#refresh();
    if (this.#digits.length === DIGITS) this.#open?.focus();
  }

  erase() {
    this.#digits = this.#digits.slice(0, -1);
    this.#refresh();
  }

  clear() {
    this.#digits = "";
    this.#refresh();
  }

  /** Remember what stands there: the next digits may turn out to come from the scanner. */
  mark() {
    this.#before = this.#digits;
  }

  /** Take back what was typed since `mark`. */
  undo() {
    this.#digits = this.#before;
    this.#refresh();
  }

  async #submit() {
    if (this.#busy || this.#digits.length < DIGITS) return;
    this.#busy = true;
    this.#refresh();
    try {
      await this.onCode(this.#digits);
    } finally {
      this.#busy = false;
      this.#refresh();
    }
  }

  #refresh() {
    if (!this.#shown) return;
    this.#slots.forEach((slot, place) => {
      slot.textContent = this.#digits[place] ?? "";
      slot.classList.toggle("next", place === this.#digits.length && !this.#busy);
    });
    const spoken = this.#digits === "" ? say("code.empty") : this.#digits.split("").join(" ");
    this.#shown.setAttribute("aria-label", spoken);
    const ready = this.#digits.length === DIGITS && !this.#busy;
    // Not `disabled`: the button keeps its place in the tab order and says why it waits.
    this.#open.setAttribute("aria-disabled", String(!ready));
    this.#open.classList.toggle("busy", this.#busy);
  }
}
