// Time limits that people can see coming and put off (WCAG 2.2, 2.2.1): 20 seconds of warning and one large button.

import { el } from "./dom.js";
import { stage } from "./stage.js";
import { say } from "./words.js";

const WARNING_S = 20;
const TICK_MS = 250;
const SPOKEN_AT_S = new Set([10, 5]);

const dialog = document.getElementById("warning");

export class Timeout {
  #scene = null;
  #endsMs = Infinity;
  #lifeS = 0;
  #spokenS = 0;
  #count = null;

  /** `onMore(extend)`: more time is wanted, from the locker when `extend`. `onLocalEnd`: a choice was left alone. */
  constructor({ onMore, onLocalEnd }) {
    this.onMore = onMore;
    this.onLocalEnd = onLocalEnd;
    setInterval(() => this.#tick(), TICK_MS);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#more();
    });
  }

  get isWarning() {
    return dialog.open;
  }

  /** Follow the time of a scene: the locker's own seconds, or `lifeS` for what only the page knows. */
  watch(scene, lifeS) {
    const another = scene.kind !== this.#scene?.kind;
    this.#scene = scene;
    this.#lifeS = lifeS;
    if (scene.seconds !== undefined) this.#endsMs = performance.now() + scene.seconds * 1000;
    else if (!scene.local) this.#endsMs = Infinity;
    else if (another) this.renew();
    this.#tick();
  }

  /** Begin a local scene's time anew. */
  renew() {
    this.#endsMs = performance.now() + this.#lifeS * 1000;
  }

  /** Somebody touched the screen or a key. */
  touched() {
    if (this.#scene?.local && !dialog.open) this.renew();
  }

  #tick() {
    const left = Math.max(0, Math.ceil((this.#endsMs - performance.now()) / 1000));
    if (this.#scene?.seconds !== undefined) stage.tick(left);
    const warned = this.#scene?.local || this.#scene?.extendable;
    if (!warned || left > WARNING_S) this.#close();
    else if (left > 0) this.#warn(left);
    else this.#end();
  }

  #end() {
    this.#close();
    if (!this.#scene.local) return;
    this.#endsMs = Infinity;
    this.onLocalEnd();
  }

  #warn(left) {
    if (!dialog.open) this.#open();
    this.#count.textContent = say("timeout.text", { count: left });
    if (SPOKEN_AT_S.has(left) && this.#spokenS !== left) {
      this.#spokenS = left;
      stage.mention(say("timeout.text", { count: left }));
    }
  }

  #open() {
    this.#count = el("p", { id: "warning-text", class: "lead" });
    dialog.replaceChildren(
      el("h1", { id: "warning-title" }, say("timeout.title")),
      this.#count,
      el(
        "div",
        { class: "actions" },
        el("button", { class: "button main", type: "button", onclick: () => this.#more() }, say("timeout.more")),
      ),
    );
    dialog.showModal();
    dialog.querySelector("button").focus();
  }

  #more() {
    this.#close();
    const extend = !this.#scene.local;
    // The locker's answer brings the true time; until then the warning must not come back.
    this.renew();
    this.onMore(extend);
  }

  #close() {
    if (dialog.open) dialog.close();
  }
}
