/* Bars by D3: one for each day, courier or locker. The tables under them say the same in numbers. */

const ROW = 26;
const NAME_SPACE = 150;
const NAME_SHARE = 0.45; // of a narrow plot
const VALUE_SPACE = 56;
const NAME_GAP = 8; // between a name and its bar
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
  row.append("text").attr("class", "name").attr("x", space - NAME_GAP).attr("y", middle).each(function ({ name }) { write(this, name, space - NAME_GAP); });
  row.append("text").attr("x", ({ number }) => x(number) + 6).attr("y", middle).text(({ number }) => written.format(number));
}

// Names end at their bar: one that is wider than the space before it would lose its beginning.
function write(text, name, room) {
  text.textContent = name;
  const width = text.getComputedTextLength();
  let kept = Math.min(name.length - 1, Math.floor((name.length * room) / width));
  for (let wide = width; wide > room && kept > 0; kept -= 1) {
    text.textContent = `${name.slice(0, kept).trimEnd()}…`;
    wide = text.getComputedTextLength();
  }
}
