// Draws the locker's wall from its layout, so that people find the door that has opened without reading a label.

import { el, svg } from "./dom.js";
import { say } from "./words.js";

const HEIGHT = 340; // units of the drawing
const COLUMN = 78;
const MARGIN = 8;
const GAP = 4;
const PARTS = { XS: 2, S: 3, M: 5, L: 8, XL: 12 }; // relative heights of the size classes
const LABELS_MAX = 36; // on a larger wall only the door that matters keeps its label

/** Sort a layout's compartments into columns by the letters of their labels, the low doors at the bottom. */
export function columnsOf(layout) {
  const columns = new Map();
  for (const plan of layout.compartments) {
    const name = plan.label.match(/^[A-Z]+/)[0];
    if (!columns.has(name)) columns.set(name, []);
    columns.get(name).push(plan);
  }
  const low = (plan) => (plan.low ? 1 : 0);
  return [...columns.values()].map((plans) => plans.toSorted((one, other) => low(one) - low(other)));
}

function doorsOf(columns) {
  return columns.flatMap((plans, column) => {
    const parts = plans.reduce((sum, plan) => sum + PARTS[plan.size], 0);
    let top = MARGIN;
    return plans.map((plan, row) => {
      const height = ((HEIGHT - 2 * MARGIN) * PARTS[plan.size]) / parts;
      const door = { label: plan.label, column, row, rows: plans.length, x: MARGIN + column * COLUMN, top, height };
      top += height;
      return door;
    });
  });
}

function closedDoor(door, marked) {
  const height = Math.max(door.height - GAP, 3);
  const text =
    marked &&
    svg("text", { class: "door-label", x: door.x + COLUMN / 2 - GAP / 2, y: door.top + height / 2 }, door.label);
  return svg(
    "g",
    {},
    svg("rect", { class: "door", x: door.x, y: door.top, width: COLUMN - GAP, height, rx: 3 }),
    text,
  );
}

function openDoor(door, open) {
  const height = Math.max(door.height - GAP, 16);
  const width = COLUMN - GAP;
  const leaf = `M${door.x} ${door.top}l${width * 0.42} ${-height * 0.1 - 4}v${height * 1.2 + 8}l${-width * 0.42} ${-height * 0.1 - 4}z`;
  return svg(
    "g",
    { class: "here" },
    svg("rect", { class: "here-box", x: door.x - 2, y: door.top - 2, width: width + 4, height: height + 4, rx: 4 }),
    open && svg("path", { class: "here-leaf", d: leaf }),
    svg(
      "text",
      { class: "here-label", x: door.x + width * (open ? 0.71 : 0.5), y: door.top + height / 2 },
      open ? "" : door.label,
    ),
  );
}

function pointer(door) {
  const y = Math.min(Math.max(door.top + door.height / 2, 16), HEIGHT - 16);
  const x = door.x - 7;
  return svg("path", { class: "here-pointer", d: `M${x} ${y}l-14 -11v22z` });
}

/** Draw the wall with one compartment marked. `open` draws its door ajar. Returns null for a label it does not have. */
export function wall(layout, label, open) {
  const columns = columnsOf(layout);
  const doors = doorsOf(columns);
  const here = doors.find((door) => door.label === label);
  if (!here) return null;
  const width = columns.length * COLUMN + 2 * MARGIN - GAP;
  const where = say("wall.where", {
    column: here.column + 1,
    columns: columns.length,
    row: here.row + 1,
    rows: here.rows,
  });
  const drawing = svg(
    "svg",
    { class: "wall", viewBox: `-24 -2 ${width + 28} ${HEIGHT + 4}`, role: "img", "aria-label": `${label}. ${where}` },
    svg("rect", { class: "cabinet", x: 0, y: 0, width, height: HEIGHT, rx: 10 }),
    doors.filter((door) => door !== here).map((door) => closedDoor(door, doors.length <= LABELS_MAX)),
    openDoor(here, open),
    pointer(here),
  );
  return el("figure", { class: "where" }, drawing, el("figcaption", {}, where));
}
