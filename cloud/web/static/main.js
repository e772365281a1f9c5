/* What a page does by itself; without scripts everything still works by loading the page. */

import { startBulk } from "./bulk.js";
import { startCountdowns } from "./countdown.js";
import { startDialogs } from "./dialogs.js";
import { startFiles } from "./files.js";
import { startJobs } from "./job.js";
import { startLive } from "./live.js";
import { startMaps } from "./map.js";
import { startPass } from "./pass.js";
import { startPlaces } from "./place.js";
import { startPlots } from "./plots.js";
import { startScan } from "./scan.js";
import { startShare } from "./share.js";

startBulk();
startCountdowns();
startDialogs();
startFiles();
startMaps();
startPlaces();
startPlots();
startLive();
startJobs();
startPass();
startScan();
startShare();

// On a phone the areas slide in one row: begin with the one that is open, wherever in the row it stands.
document.querySelector(".areas [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

if (document.body.classList.contains("courier") && "serviceWorker" in navigator) {
  navigator.serviceWorker.register("/courier/keep.js", { scope: "/courier/" }).catch(() => {});
}
