/* Maps by Leaflet on our own ground: no tile is asked for unless the operator of the service set where from. */

import { pickOn } from "./pick.js";

const SVG = {
  home: '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 12 12 5l8 7M7 10v9h10v-9" /></svg>',
  locker: '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 4h14v16H5zM12 4v16M5 10h7M5 15h7M12 13h7" /></svg>',
  van: '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 7h11v9H3zM14 10h4l3 3v3h-7" /><circle cx="7.5" cy="17" r="1.8" /><circle cx="17" cy="17" r="1.8" /></svg>',
};
const SIZES = { dot: 14, stop: 30, home: 32, locker: 32, van: 36 };
const GRID_DEGREES = 0.02; // about 2 km north to south
const GRID_LINES_MAX = 60;
const CLOSEST = 15;
const FARTHEST = 4;

let ground; // fetched once for all maps of a page

export function startMaps() {
  for (const element of document.querySelectorAll("[data-map]")) start(element);
}

function start(element) {
  const L = window.L;
  if (!L) {
    element.classList.add("without");
    return;
  }
  const settings = JSON.parse(document.body.dataset.mapSettings);
  const map = L.map(element, {
    zoomControl: false,
    zoomSnap: settings.tiles ? 1 : 0.25, // our own ground is sharp at every zoom, tiles are not
    scrollWheelZoom: false,
    minZoom: FARTHEST,
    maxZoom: 18,
    attributionControl: Boolean(settings.tiles),
    fadeAnimation: false,
    zoomAnimation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  });
  L.control.zoom({ zoomInTitle: settings.zoom_in, zoomOutTitle: settings.zoom_out }).addTo(map);
  const layer = L.layerGroup();
  show(L, map, layer, JSON.parse(element.dataset.map), true);
  if (settings.tiles) tiles(L, map, settings);
  else drawGround(L, map);
  layer.addTo(map);
  const form = element.classList.contains("pick") && element.closest("details")?.querySelector("[data-pick-form]");
  if (form) pickOn(L, map, element, form);
  let isMoved = false; // by somebody's hand: then the map stays where it was put
  for (const name of ["dragstart", "boxzoomstart", "dblclick", "keydown"]) map.on(name, () => (isMoved = true));
  element.addEventListener("click", ({ target }) => (isMoved ||= target.closest(".leaflet-control-zoom") !== null));
  element.addEventListener("map:changed", () => {
    const drawing = JSON.parse(element.dataset.map);
    const isOut = drawing.points.some(({ kind, lat, lon }) => kind === "van" && !map.getBounds().contains([lat, lon]));
    show(L, map, layer, drawing, isOut && !isMoved);
  });
}

function tiles(L, map, settings) {
  map.attributionControl.setPrefix(false);
  L.tileLayer(settings.tiles, { attribution: settings.attribution, maxZoom: 19 }).addTo(map);
}

function show(L, map, layer, drawing, fit) {
  layer.clearLayers();
  for (const line of drawing.lines) {
    const path = line.points.map(([lon, lat]) => [lat, lon]);
    const look = line.dashed ? "route dashed" : `route colour-${line.colour}`;
    L.polyline(path, { className: look, interactive: false }).addTo(layer);
  }
  for (const point of drawing.points) marker(L, point).addTo(layer);
  if (!fit) return;
  const places = drawing.points.map(({ lat, lon }) => [lat, lon]);
  if (places.length) map.fitBounds(L.latLngBounds(places), { padding: [36, 36], maxZoom: CLOSEST, animate: false });
  else map.setView([52.23, 21.01], 11);
}

function marker(L, point) {
  const size = SIZES[point.kind] ?? 24;
  const classes = ["marker", point.kind, point.state ?? "", point.locker ? "square" : ""];
  if (point.colour !== undefined) classes.push(`colour-${point.colour}`);
  const html = document.createElement("span");
  if (point.text) html.textContent = point.text;
  else html.innerHTML = SVG[point.kind] ?? "";
  const icon = L.divIcon({ className: classes.filter(Boolean).join(" "), html, iconSize: [size, size] });
  const made = L.marker([point.lat, point.lon], {
    icon,
    title: point.name,
    alt: point.name,
    interactive: Boolean(point.href),
    keyboard: Boolean(point.href),
    riseOnHover: true,
    zIndexOffset: point.kind === "van" ? 500 : 0,
  });
  made.on("add", () => describe(made.getElement(), point));
  if (point.href) made.on("click keypress", (event) => go(event, point.href));
  return made;
}

function describe(element, point) {
  element.setAttribute("role", point.href ? "link" : "img");
  element.setAttribute("aria-label", point.text ? `${point.text}, ${point.name}` : point.name);
}

function go(event, href) {
  if (event.type === "keypress" && event.originalEvent.key !== "Enter") return;
  location.href = href;
}

async function drawGround(L, map) {
  const grid = L.layerGroup().addTo(map);
  const redraw = () => drawGrid(L, map, grid);
  map.on("moveend", redraw);
  redraw();
  ground ??= fetch("/static/basemap.geojson").then((answer) => (answer.ok ? answer.json() : { features: [] }));
  const shapes = await ground.catch(() => ({ features: [] }));
  const drawn = shapes.features.filter(({ geometry }) => geometry.type !== "Point");
  L.geoJSON(drawn, { style: ({ properties }) => ({ className: properties.kind }), interactive: false })
    .addTo(map)
    .bringToBack();
  for (const { geometry, properties } of shapes.features) {
    if (geometry.type !== "Point") continue;
    const html = document.createElement("span");
    html.textContent = properties.name;
    const icon = L.divIcon({ className: "district", html, iconSize: [120, 18] });
    const [lon, lat] = geometry.coordinates;
    const name = L.marker([lat, lon], { icon, interactive: false, keyboard: false, zIndexOffset: -1000 }).addTo(map);
    name.getElement().setAttribute("aria-hidden", "true");
  }
}

function drawGrid(L, map, grid) {
  grid.clearLayers();
  const box = map.getBounds().pad(0.2);
  let step = GRID_DEGREES;
  while ((box.getEast() - box.getWest()) / step > GRID_LINES_MAX / 2) step *= 2;
  const style = { className: "graticule", interactive: false };
  for (let lon = Math.ceil(box.getWest() / step) * step; lon < box.getEast(); lon += step) {
    L.polyline([[box.getSouth(), lon], [box.getNorth(), lon]], style).addTo(grid).bringToBack();
  }
  for (let lat = Math.ceil(box.getSouth() / step) * step; lat < box.getNorth(); lat += step) {
    L.polyline([[lat, box.getWest()], [lat, box.getEast()]], style).addTo(grid).bringToBack();
  }
}
