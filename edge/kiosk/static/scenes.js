// A scene is what one screen says, as plain data: words, one picture, a few choices. `sceneOf` is the whole page's map.

import { doors, entry, home } from "./scenes_people.js";
import { has, say } from "./words.js";

const choice = (key, answer, more = {}) => ({ text: say(`answer.${key}`), answer, ...more });
const main = (key, answer, more = {}) => choice(key, answer, { look: "main", ...more });
const problem = (label) => choice("problem", "problem", { label, icon: "help" });
const door = (label, open) => ({ wall: { label, open } });

// Where a person cannot help themselves, the page says who can.
const NEEDS_HELP = new Set(["spent", "staff", "enough", "revoked", "collected", "set_up"]);

/** Words of one kind of screen; `variant` (a purpose, a reason) may have its own. */
function words(kind, values = {}, variant = "") {
  const key = variant && has(`${kind}.${variant}.title`) ? `${kind}.${variant}` : kind;
  return { title: say(`${key}.title`, values), lead: say(`${key}.text`, values) };
}

const faults = (label) => [
  choice("too_big", "too_big", { label, icon: "larger" }),
  choice("occupied", "occupied", { label, icon: "parcel" }),
  choice("dirty", "dirty", { label, icon: "broom" }),
  choice("broken", "broken", { label, icon: "wrench" }),
];

const moving = {
  opening: ({ label, purpose }) => ({
    ...words("opening", { label }, purpose),
    label,
    picture: door(label, false),
  }),
  take_parcel: ({ label, purpose }) => ({
    ...words("take_parcel", { label }, purpose),
    label,
    picture: door(label, true),
    choices: [
      purpose === "pick_up" && choice("not_mine", "not_mine", { label }),
      purpose === "collection" && choice("skip", "skip", { label }),
      purpose !== "drop_off" && choice("empty", "empty", { label }),
      problem(label),
    ],
  }),
  put_parcel: ({ label, size }) => ({
    ...words("put_parcel", { label, size: say(`size.${size}`) }),
    label,
    picture: door(label, true),
    faults: faults(label),
    choices: [choice("cancel", "cancel", { label, icon: "cross" })],
  }),
  close_door: ({ label, waited_s: waited }) => ({
    ...words("close_door", { label }),
    label,
    urgent: waited > 0,
    picture: door(label, true),
    choices: [choice("is_closed", "done", { label, icon: "check" }), problem(label)],
  }),
  not_opened: ({ label, again, seconds }) => ({
    ...words("not_opened", { label }, again ? "" : "final"),
    label,
    urgent: true,
    seconds,
    extendable: true,
    picture: door(label, false),
    choices: [
      again && main("try_again", "open_again", { label, icon: "again" }),
      choice("is_open", "done", { label, icon: "door" }),
      problem(label),
    ],
  }),
  remote_opening: ({ label, door_open: open, left }) => ({
    ...words("remote_opening", { label, count: left }, variantOf(open, left)),
    label,
    picture: door(label, open),
    choices: left === null ? [] : [choice("stop_bulk", "maintenance_off", { icon: "cross" })],
  }),
};

const variantOf = (open, left) => (left === null ? (open ? "open" : "") : open ? "bulk_open" : "bulk");

const service = {
  service_home: ({ maintenance, seconds_left: seconds, left }) => ({
    ...words("service_home", { count: left }, left === null ? (maintenance ? "on" : "") : "run"),
    seconds,
    extendable: true,
    picture: maintenance ? { clock: true } : { emblem: "wrench", tone: "" },
    choices: [
      !maintenance && main("maintenance_on", "maintenance_on", { icon: "wrench" }),
      maintenance && choice("maintenance_off", "maintenance_off", { icon: "cross" }),
      choice("sign_out", "sign_out", { icon: "exit" }),
    ],
  }),
};

const asking = {
  confirm_drop_off: ({ label, seconds, lost }) => ({
    ...words("confirm_drop_off", { label }, lost ? "lost" : ""),
    label,
    picture: door(label, false),
    seconds,
    extendable: true,
    choices: [
      main("inside", "done", { label, icon: "check" }),
      { text: say("answer.not_inside"), view: "doubt", icon: "cross" },
    ],
  }),
  confirm_taken_out: ({ label, seconds, lost }) => ({
    ...words("confirm_taken_out", { label }, lost ? "lost" : ""),
    label,
    picture: door(label, false),
    seconds,
    extendable: true,
    choices: [
      main("taken_out", "done", { label, icon: "check" }),
      choice("still_inside", "open_again", { label, icon: "door" }),
      lost && choice("empty", "empty", { label }),
    ],
  }),
};

const endings = {
  picked_up: ({ label, more, again_s: again }) => ({
    ...words("picked_up", { label, count: more }, more > 0 ? "more" : ""),
    picture: { emblem: "check", tone: "good" },
    choices: [
      main("finish", "done", { label }),
      again > 0 && choice("open_again", "open_again", { label, icon: "again" }),
      problem(label),
    ],
  }),
  dropped_off: ({ label }) => ({
    ...words("dropped_off", { label }),
    picture: { emblem: "check", tone: "good" },
    choices: [main("next", "done", { label, icon: "next" })],
  }),
  collected: ({ label }) => ({
    ...words("collected", { label }),
    picture: { emblem: "check", tone: "good" },
    choices: [main("next", "done", { label, icon: "next" })],
  }),
  problem_thanks: ({ label }) => ({
    ...words("problem_thanks", { label: label ?? "" }, label ? "door" : ""),
    help: true,
    picture: { emblem: "check", tone: "good" },
    choices: [main("finish", "done")],
  }),
  refused: ({ reason }) => ({
    ...words("why", {}, reason),
    urgent: true,
    help: NEEDS_HELP.has(reason) || !has(`why.${reason}.title`),
    picture: { emblem: "warning", tone: "signal" },
    choices: [main("understood", "done")],
  }),
  no_compartment: ({ reason }) => ({
    ...words("why", {}, reason),
    urgent: true,
    picture: { emblem: "warning", tone: "signal" },
    choices: [main("understood", "done")],
  }),
  out_of_order: ({ reason }) => ({
    ...words("out_of_order", {}, reason),
    urgent: true,
    help: true,
    picture: { emblem: "wrench", tone: "signal" },
  }),
  lost: () => ({ ...words("lost"), help: true, picture: { emblem: "clock", tone: "signal" } }),
};

/** The page's own second question after "is the parcel inside?": one thing at a time. */
const doubt = ({ label, seconds }) => ({
  ...words("doubt", { label }),
  label,
  picture: door(label, false),
  seconds,
  extendable: true,
  faults: faults(label),
  choices: [
    choice("open_again", "open_again", { label, icon: "again" }),
    choice("took_back", "cancel", { label, icon: "cross" }),
    { text: say("answer.back"), view: "home", icon: "back" },
  ],
});

const BY_KIND = { ...moving, ...service, ...asking, ...endings, ...doors };

/** Every kind of screen this page can show; a test holds it against the controller's. */
export const KINDS = ["idle", "code_wrong", "locked_out", ...Object.keys(BY_KIND)];

/** Turn the state into the scene that belongs on the stage. `identity` changes when people have something new to read. */
export function sceneOf(state, keypad, act) {
  const { screen } = state;
  const scene = sceneFor(state, keypad);
  const { seconds: _s, seconds_left: _l, waited_s: waited, again_s: again, ...lasting } = screen;
  // A door that is waited for becomes urgent once; seconds alone are no news. Where somebody types, nothing is rebuilt.
  const news = scene.local ? [] : [lasting, waited > 0, again > 0];
  const identity = JSON.stringify([scene.kind, ...news, state.note]);
  return { ...scene, note: state.note, urgent: scene.urgent ?? state.note !== null, identity, act, about: state.about };
}

function sceneFor(state, keypad) {
  const { screen, view } = state;
  if (screen.kind === "locked_out") return { kind: "locked_out", ...entry.lockedOut(screen) };
  if (["idle", "code_wrong"].includes(screen.kind)) {
    if (view === "code") return { kind: "code", ...entry.code(keypad) };
    if (view === "courier") return { kind: "courier", ...entry.courier() };
    return { kind: "home", ...home(screen) };
  }
  if (screen.kind === "confirm_drop_off" && view === "doubt") return { kind: "doubt", ...doubt(screen) };
  const make = BY_KIND[screen.kind] ?? endings.lost;
  return { kind: screen.kind, ...make(screen) };
}
