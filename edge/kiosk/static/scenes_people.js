// The scenes in which somebody arrives: home, the code, and the courier's list.

import { duration, say } from "./words.js";

/** The home screen: one large choice, one small. */
export function home({ online, full }) {
  return {
    layout: "home",
    title: say("home.title"),
    lead: say("home.text"),
    offline: !online,
    full,
  };
}

export const entry = {
  /** The keypad, with how many tries are left after a wrong code. */
  code: (screen, keypad) => ({
    layout: "code",
    title: say("code.title"),
    lead: say("code.text"),
    keypad,
    local: true,
    urgent: screen.kind === "code_wrong",
    ...(screen.kind === "code_wrong" && { note: { tone: "bad", text: wrongCode(screen.free_left) } }),
  }),
  /** Too many wrong codes: a clock, and the way that stays open. */
  lockedOut: ({ seconds }) => ({
    title: say("locked_out.title"),
    lead: say("locked_out.text"),
    spoken: say("locked_out.spoken", { time: duration(seconds) }),
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

const wrongCode = (left) => (left > 0 ? say("code.wrong", { count: left }) : say("code.wrong_last"));

export const doors = {
  courier_home: (screen) => ({
    layout: "courier",
    title: say(screen.drop_offs_left > 0 ? "courier_home.title" : "courier_home.none.title"),
    lead: say(screen.collections.length > 0 ? "courier_home.collections" : "courier_home.text"),
    dropOffs: screen.drop_offs_left,
    collections: screen.collections,
    seconds: screen.seconds_left,
    extendable: true,
    choices: [{ text: say("answer.sign_out"), answer: "sign_out", icon: "exit" }],
  }),
};
