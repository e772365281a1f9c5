/* Bars by D3: one for each day, courier or locker. The tables under them say the same in numbers. */

const ROW = 26;
const NAME_SPACE = 150;
const NAME_SHARE = 0.45; // of a narrow plot
const VALUE_SPACE = 56;
const CHARACTER = 7; // as wide as most are
const NARROWEST = 240;

export function startPlots() {
  const holder = document.getElementById("plots");
  if (!holder || !window.d3) return;
  const views = JSON.parse(holder.dataset.plots);
  for (const element of holder.querySelectorAll("[data-plot]")) {
    bars(window.d3, element, views[element.dataset.plot]);
  }
}

function bars(d3, element, lines) {
  const { value, scale, digits } = element.dataset;
  const written = new Intl.NumberFormat(document.documentElement.lang, {
    minimumFractionDigits: Number(digits),
    maximumFractionDigits: Number(digits),
  });
  const rows = lines.filter((line) => line[value] !== null).map(({ name, [value]: number }) => ({ name, number: Number(scale) * number }));
  const width = Math.max(NARROWEST, element.clientWidth);
  const space = Math.min(NAME_SPACE, NAME_SHARE * width);
  const height = ROW * rows.length + 6;
  const x = d3.scaleLinear([0, d3.max(rows, ({ number }) => number) || 1], [space, width - VALUE_SPACE]);
  const y = d3.scaleBand(d3.range(rows.length), [0, height - 6]).padding(0.22);
  const svg = d3.select(element).append("svg").attr("viewBox", `0 0 ${width} ${height}`).attr("aria-hidden", "true");
  const row = svg.selectAll("g").data(rows).join("g").attr("transform", (_, index) => `translate(0,${y(index)})`);
  row.append("rect").attr("x", space).attr("width", ({ number }) => Math.max(1, x(number) - space)).attr("height", y.bandwidth()).attr("rx", 3);
  const middle = y.bandwidth() / 2;
  row.append("text").attr("class", "name").attr("x", space - 8).attr("y", middle).text(({ name }) => shortened(name, Math.floor(space / CHARACTER)));
  row.append("text").attr("x", ({ number }) => x(number) + 6).attr("y", middle).text(({ number }) => written.format(number));
}

function shortened(name, most) {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}
