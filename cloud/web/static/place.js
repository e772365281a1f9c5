/* Where the courier stands, put into the form if the phone says so in time; the report never waits for it. */

const PATIENCE_MS = 4_000; // a position older than the walk back to the van helps nobody

export function startPlaces() {
  document.addEventListener(
    "toggle",
    (event) => {
      const form = event.target.open ? event.target.querySelector("form[data-place]") : null;
      if (form && "geolocation" in navigator) ask(form);
    },
    true,
  );
}

function ask(form) {
  const options = { enableHighAccuracy: true, timeout: PATIENCE_MS, maximumAge: 60_000 };
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      form.elements.lon.value = coords.longitude.toFixed(6);
      form.elements.lat.value = coords.latitude.toFixed(6);
    },
    () => {},
    options,
  );
}
