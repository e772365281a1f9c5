// The kiosk's drawings, on a grid of 24, drawn with one pen. They repeat what the words beside them say.

import { svg } from "./dom.js";

const STROKES = {
  parcel: ["M3.5 7.5 12 3l8.5 4.5v9L12 21l-8.5-4.5z", "M3.5 7.5 12 12l8.5-4.5M12 12v9", "M7.8 5.3l8.4 4.5v3.4"],
  courier: ["M2.5 6.5h11v10h-11zM13.5 10h4l4 3.6v2.9h-8z", "M4.6 17a2 2 0 1 0 4 0a2 2 0 1 0-4 0M15.4 17a2 2 0 1 0 4 0a2 2 0 1 0-4 0"],
  scan: ["M3 8V3h5M16 3h5v5M21 16v5h-5M8 21H3v-5", "M7.5 7.5h3.2v3.2H7.5zM13.3 7.5h3.2v3.2h-3.2zM7.5 13.3h3.2v3.2H7.5z", "M13.3 13.3v.01M16.5 13.3v3.2M13.3 16.5h.01"],
  check: ["M4.5 12.5l5 5 10-11"],
  warning: ["M12 3.5 22 20.5H2z", "M12 10v5M12 17.6v.4"],
  cross: ["M5.5 5.5l13 13M18.5 5.5l-13 13"],
  clock: ["M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18", "M12 7.5V12l3.2 2.2"],
  erase: ["M9 5.5h11.5v13H9L2.5 12z", "M12.5 9.5l5 5M17.5 9.5l-5 5"],
  back: ["M14.5 5l-7 7 7 7"],
  next: ["M9.5 5l7 7-7 7"],
  contrast: ["M12 3.5a8.5 8.5 0 1 0 0 17a8.5 8.5 0 1 0 0-17", "M12 3.5v17M12 7h4.6M12 10.5h6.3M12 14h6.3M12 17.5h4"],
  reach: ["M12 3v11M7.5 10l4.5 4.5L16.5 10", "M4 20.5h16"],
  help: ["M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18", "M9.4 9.5a2.6 2.6 0 1 1 3.6 2.4c-.7.3-1 .8-1 1.6M12 16.6v.3"],
  door: ["M5 21V3h14v18", "M5 3l8.5 3v17L5 21M10.8 13.5v1.5", "M3 21h2M13.5 21H21"],
  exit: ["M10 4H4v16h6M9 12h11.5M16 7.5l4.5 4.5-4.5 4.5"],
  larger: ["M4 20V10h10v10z", "M13.5 4H20v6.5M20 4l-8 8"],
  broom: ["M14 3l-3.5 8M6 12.5l8.5 3.5L12.5 21 3.5 20c1.5-2 2-4.5 2.5-7.5zM8 19.5l.8-2.5M16.5 18.5h4M18 15h3"],
  wrench: ["M14.7 6.3a4.2 4.2 0 0 1 5.3-1l-2.7 2.7.7 1.9 1.9.7L21 8a4.2 4.2 0 0 1-5.7 5l-7.5 7.5a2 2 0 0 1-2.9-2.9L12.5 10a4.2 4.2 0 0 1 2.2-3.7z"],
  again: ["M19.5 12a7.5 7.5 0 1 1-2.4-5.5M17.5 2.8v4h-4"],
  offline: ["M3 9.5a13.5 13.5 0 0 1 5-2.9M13 5.9a13.5 13.5 0 0 1 8 3.6M6.5 13.3a8.5 8.5 0 0 1 4-2.2M16 12.2c.6.3 1 .7 1.5 1.1M12 18v.3M3.5 3.5l17 17"],
  phone: ["M5 3.5h3.6l1.7 4.6-2.2 1.5a12 12 0 0 0 6.3 6.3l1.5-2.2 4.6 1.7V19a1.8 1.8 0 0 1-1.9 1.8C10.7 20.4 3.6 13.3 3.2 5.4A1.8 1.8 0 0 1 5 3.5z"],
  key: ["M8 8.5a4 4 0 1 0 0 8a4 4 0 1 0 0-8M12 12.5h9v3.5M17 12.5v2.5"],
};

/** Draw an icon for the eye only. */
export function icon(name, look = "") {
  return svg(
    "svg",
    { viewBox: "0 0 24 24", class: `icon ${look}`.trim(), "aria-hidden": "true", focusable: "false" },
    STROKES[name].map((path) => svg("path", { d: path })),
  );
}
