// The scenes in which somebody arrives: home, the code, and the courier's list.

import { asClock, say } from "./words.js";

/** The home screen: one large choice, one small. */
export function home({ online, full, opened, anew }) {
  return {
    layout: "home",
    title: say("home.title"),
    lead: say("home.text"),
    offline: !online,
    full: full && !opened && !anew,
    opened,
    anew,
  };
}

export const entry = {
  /** The keypad; what was wrong with the last code stands in the state's note. */
  code: (keypad) => ({
    layout: "code",
    title: say("code.title"),
    lead: say("code.text"),
    none: say("code.none"),
    keypad,
    local: true,
  }),
  /** Too many wrong codes: a clock, and the way that stays open. */
  lockedOut: ({ seconds }) => ({
    title: say("locked_out.title"),
    lead: say("locked_out.text"),
    spoken: say("locked_out.spoken", { time: asClock(seconds) }),
    urgent: true,
    help: true,
    scanHint: true,
    seconds,
    picture: { clock: true },
  }),
  /** How a courier signs in. */
  courier: () => ({
    title: say("courier.title"),
    lead: say("courier.text"),
    local: true,
    picture: { emblem: "scan", tone: "" },
    choices: [{ text: say("answer.back"), view: "home", icon: "back" }],
  }),
};

/** What to say about a code that opened nothing, with how many tries are left. */
export const wrongCode = (left) => (left > 0 ? say("code.wrong", { count: left }) : say("code.wrong_last"));

function courierWords({ drop_offs_left: dropOffs, collections: toCollect, parts, missing }) {
  if (missing.length > 0) {
    const values = { seen: parts - missing.length, parts, missing: missing.join(", ") };
    return { title: say("courier_home.parts.title", values), lead: say("courier_home.parts.text", values) };
  }
  const collections = toCollect.length;
  const kind = ["none", "collect", "drop_off", "both"][(dropOffs > 0 ? 2 : 0) + (collections > 0 ? 1 : 0)];
  return { title: say(`courier_home.${kind}.title`), lead: say(`courier_home.${kind}.text`) };
}

export const doors = {
  courier_home: (screen) => ({
    layout: "courier",
    ...courierWords(screen),
    dropOffs: screen.drop_offs_left,
    collections: screen.collections,
    seconds: screen.seconds_left,
    extendable: true,
    choices: [{ text: say("answer.sign_out"), answer: "sign_out", icon: "exit" }],
  }),
};
