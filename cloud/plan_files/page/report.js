/* Draws the report: routes by Leaflet, plots by Observable Plot. Everything shown here stands in the tables, too. */

const plan = JSON.parse(document.getElementById("plan").textContent);
const onPlane = plan.ground === "plane";
const style = getComputedStyle(document.documentElement);
const colour = (number) => style.getPropertyValue(`--route-${number % 6}`).trim();
const token = (name) => style.getPropertyValue(`--${name}`).trim();
const DOT = 5;
const LOCKER = 8;
const LEFT = 12;
const LETTER = 7.5; // pixels of a letter at 13 px, the wide ones counted
const ON_THE_WAY = "8 6"; // somebody on the way: dashes, as colour alone says nothing to some
const HOUR_S = 3600;
const NARROW = 640; // a phone scrolls a plot sideways rather than read it with a lens
const WIDE = 1150;

function drawMap() {
  const element = document.getElementById("map");
  if (!element) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const settings = { attributionControl: false, scrollWheelZoom: false, zoomSnap: 0.25, zoomAnimation: !still };
  const map = L.map(element, { ...settings, ...(onPlane ? { crs: L.CRS.Simple, minZoom: -8 } : {}) });
  const at = ([x, y]) => [y, x];
  const box = L.latLngBounds([...plan.left.map(({ place }) => at(place)), ...plan.sites.map(({ place }) => at(place)), ...plan.routes.flatMap(({ path }) => path.map(at))]);
  map.fitBounds(box, { padding: [24, 24], animate: false });
  const ground = document.getElementById("ground");
  if (ground) L.geoJSON(JSON.parse(ground.textContent), groundStyle()).addTo(map);
  for (const site of plan.sites) {
    L.circleMarker(at(site.place), { radius: LOCKER, color: token("ink"), fillColor: token("signal"), fillOpacity: site.parcels ? 1 : 0.25, weight: 2 })
      .bindTooltip(words(`${site.id} ${site.name}: ${site.parcels} parcels, ${site.compartments} compartments`))
      .addTo(map);
  }
  plan.routes.forEach((route, number) => {
    const layer = L.layerGroup().addTo(map);
    const line = { color: colour(number), weight: 3, opacity: 0.8, interactive: false };
    L.polyline(route.path.map(at), route.by === "crowd" ? { ...line, dashArray: ON_THE_WAY } : line).addTo(layer);
    for (const stop of route.stops) {
      const shape = { radius: stop.kind === "locker" ? LOCKER : DOT, color: colour(number), fillColor: token("card"), fillOpacity: 1, weight: 2 };
      L.circleMarker(at(stop.place), shape)
        .bindTooltip(words(`${stop.number}. ${stop.name}, ${clock(stop.arrive_s)}, ${stop.parcels.length} parcels`))
        .addTo(layer);
    }
    for (const reload of route.reloads) {
      L.circleMarker(at(reload.place), { radius: LOCKER, color: token("ink"), fillColor: token("card"), fillOpacity: 1, weight: 2 })
        .bindTooltip(words(`${route.courier} loads again, ${clock(reload.begin_s)} to ${clock(reload.leave_s)}, behind stop ${reload.behind}`))
        .addTo(layer);
    }
    legend(map, layer, route.by === "crowd" ? `${route.courier} (on the way)` : route.courier, swatch(number, route.by));
  });
  drawLeft(map, at);
}

function drawLeft(map, at) {
  for (const partner of new Set(plan.left.map((one) => one.partner))) {
    const layer = L.layerGroup().addTo(map);
    for (const one of plan.left.filter((other) => other.partner === partner)) {
      const icon = L.divIcon({ className: "", html: diamond(), iconSize: [LEFT, LEFT] });
      L.marker(at(one.place), { icon, keyboard: false })
        .bindTooltip(words(`${one.name}: ${one.parcels.length} parcels by ${partner}, ${clock(one.promise[0])} to ${clock(one.promise[1])}`))
        .addTo(layer);
    }
    legend(map, layer, `${partner} (partner fleet)`, diamond());
  }
}

function diamond() {
  const sign = document.createElement("span");
  sign.className = "left-mark";
  return sign;
}

function swatch(number, by) {
  const sign = document.createElement("span");
  sign.className = by === "crowd" ? "swatch dashed" : "swatch";
  sign.style.setProperty("--colour", colour(number));
  return sign;
}

function groundStyle() {
  return {
    filter: ({ geometry }) => geometry.type !== "Point",
    style: ({ properties }) => ({ className: properties.kind }),
    interactive: false,
  };
}

function words(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

function legend(map, layer, name, sign) {
  const button = document.createElement("button");
  button.append(sign, name);
  button.setAttribute("aria-pressed", "true");
  button.addEventListener("click", () => {
    const shown = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(shown));
    if (shown) layer.addTo(map);
    else layer.remove();
  });
  const item = document.createElement("li");
  item.append(button);
  document.getElementById("legend").append(item);
}

function clock(seconds) {
  if (onPlane) return String(seconds);
  const minutes = Math.floor(seconds / 60);
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function spans(route) {
  let from = route.depart_s;
  const found = [];
  const halts = [...route.stops, ...route.reloads].toSorted((one, other) => one.arrive_s - other.arrive_s);
  for (const stop of halts) {
    found.push({ courier: route.courier, kind: "drive", from, to: stop.arrive_s });
    found.push({ courier: route.courier, kind: "wait", from: stop.arrive_s, to: stop.begin_s });
    found.push({ courier: route.courier, kind: "serve", from: stop.begin_s, to: stop.leave_s });
    from = stop.leave_s;
  }
  found.push({ courier: route.courier, kind: "drive", from, to: route.end_s });
  return found.filter(({ from: begins, to }) => to > begins);
}

function put(id, label, options) {
  const element = document.getElementById(id);
  if (!element) return;
  const width = Math.max(NARROW, Math.min(WIDE, element.clientWidth));
  const drawn = Plot.plot({ width, ariaLabel: label, style: { overflow: "visible" }, ...options });
  element.append(drawn);
}

function drawPlots() {
  const colours = { drive: token("route-3"), wait: token("hairline"), serve: token("route-2") };
  const scale = onPlane ? 1 : HOUR_S;
  put("plot-time", "Each courier's day: driving, waiting, at stops", {
    marginLeft: Math.max(120, 16 + LETTER * Math.max(...plan.routes.map(({ courier }) => courier.length))),
    marginBottom: 44,
    height: 80 + 26 * plan.routes.length,
    x: { label: onPlane ? "time" : "hour of the day", grid: true },
    y: { label: null, domain: plan.routes.map(({ courier }) => courier) },
    marks: [
      Plot.barX(plan.routes.flatMap(spans), { x1: (d) => d.from / scale, x2: (d) => d.to / scale, y: "courier", fill: (d) => colours[d.kind], insetTop: 3, insetBottom: 3 }),
    ],
  });
  const used = plan.sites.filter(({ parcels }) => parcels).toSorted((one, other) => other.parcels - one.parcels);
  put("plot-sites", "Parcels each locker gets, of its compartments", {
    marginLeft: 250,
    marginRight: 48,
    marginBottom: 44,
    height: 80 + 22 * used.length,
    x: { label: "parcels today (outline: compartments)", grid: true },
    y: { label: null, domain: used.map(siteName) },
    marks: [
      Plot.barX(used, { x: "compartments", y: siteName, fill: "none", stroke: token("edge"), insetTop: 2, insetBottom: 2 }),
      Plot.barX(used, { x: "parcels", y: siteName, fill: token("route-0"), insetTop: 4, insetBottom: 4 }),
    ],
  });
  const ways = plan.compared.map((one) => ({ ...one, each: one.cost / Math.max(1, one.parcels) }));
  put("plot-ways", "Cents a parcel, by how the day was decided", {
    marginLeft: 250,
    marginRight: 48,
    marginBottom: 44,
    height: 80 + 34 * ways.length,
    x: { label: "cents a parcel", grid: true },
    y: { label: null, domain: ways.map(({ name }) => name) },
    marks: [
      Plot.barX(ways, { x: "each", y: "name", fill: (d, number) => (number ? token("edge") : token("route-0")), insetTop: 4, insetBottom: 4 }),
      Plot.text(ways, { x: "each", y: "name", text: (d) => d.each.toFixed(0), dx: 6, textAnchor: "start" }),
    ],
  });
}

function siteName({ id, name }) {
  const text = `${id} ${name}`;
  return text.length > 30 ? `${text.slice(0, 29)}…` : text;
}

drawMap();
drawPlots();
