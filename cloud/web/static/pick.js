/* A place chosen by a tap on the map: its longitude and latitude go into the form, where they can be typed as well. */

const DIGITS = 5; // of a degree: about a metre

export function pickOn(L, map, element, form) {
  const names = form.dataset.pickForm; // several places in one form: each has a set of fields with a name before it
  const [lon, lat] = ["lon", "lat"].map((name) => form.elements[names + name]);
  const icon = L.divIcon({ className: "marker picked", html: "<span></span>", iconSize: [28, 28] });
  const marker = L.marker([0, 0], { icon, interactive: false, keyboard: false, zIndexOffset: 1_000 });
  const show = () => {
    const place = [Number(lat.value.replace(",", ".")), Number(lon.value.replace(",", "."))];
    if (lat.value && lon.value && place.every(Number.isFinite)) marker.setLatLng(place).addTo(map);
    else marker.remove();
  };
  const put = (longitude, latitude) => {
    lon.value = longitude.toFixed(DIGITS);
    lat.value = latitude.toFixed(DIGITS);
    form.dispatchEvent(new CustomEvent("place:picked"));
    show();
  };
  map.on("click", ({ latlng }) => put(latlng.lng, latlng.lat));
  for (const field of [lon, lat]) field.addEventListener("input", show);
  const here = form.querySelector("[data-here]");
  if (here && "geolocation" in navigator) {
    here.hidden = false;
    here.addEventListener("click", () => locate(here, put));
  }
  element.closest("details")?.addEventListener("toggle", () => map.invalidateSize());
  show();
}

/* Only asked for when somebody taps the button; the browser asks for consent itself. */
function locate(button, put) {
  button.disabled = true;
  const done = () => (button.disabled = false);
  const found = ({ coords }) => {
    done();
    put(coords.longitude, coords.latitude);
  };
  navigator.geolocation.getCurrentPosition(found, done, { timeout: 10_000, maximumAge: 60_000 });
}
