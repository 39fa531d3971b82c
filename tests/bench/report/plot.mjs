// A plot of one operation: a row for each contender, median and range of its runs, as SVG.
import { moreIsBetter } from "../statistics.mjs";
import { written } from "./numbers.mjs";

const WIDTH = 760;
const LEFT = 190;
const RIGHT = 110;
const ROW = 26;
const HEAD = 40;
const FOOT = 26;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .quiet { fill: #59636e; font-size: 11px; }
  .grid { stroke: #d1d9e0; }
  .range { stroke: #8c959f; stroke-width: 3; stroke-linecap: round; }
  .median { fill: #59636e; }
  .ours .range { stroke: #80b3ff; }
  .ours .median { fill: #0969da; }
  .ours text { font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .quiet { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .range { stroke: #656c76; }
    .median { fill: #b1bac4; }
    .ours .range { stroke: #1f6feb; }
    .ours .median { fill: #58a6ff; }
  }`;

const escaped = (text) =>
  text.replace(
    /[&<>"]/g,
    (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign],
  );

/** Powers of ten around the values, as positions on a line. */
function scale(values) {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const span = WIDTH - LEFT - RIGHT;
  const at = (value) => LEFT + (span * (Math.log10(value) - low)) / (high - low);
  const marks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
  return { at, marks };
}

function facet({ title, unit, rows }, top) {
  const values = rows.flatMap(({ figure }) => [figure.median, figure.best, figure.worst]);
  const { at, marks } = scale(values);
  const bottom = top + HEAD + rows.length * ROW;
  const better = moreIsBetter(unit) ? "more is better" : "less is better";
  const grid = marks.map(
    (mark) => `
  <line class="grid" x1="${at(mark)}" x2="${at(mark)}" y1="${top + HEAD}" y2="${bottom}"/>
  <text class="quiet" x="${at(mark)}" y="${bottom + 15}" text-anchor="middle">${written(mark, unit)}</text>`,
  );
  const lines = rows.map(({ label, ours, figure }, index) => {
    const y = top + HEAD + index * ROW + ROW / 2;
    const [from, to] = [at(figure.best), at(figure.worst)].map((x) => x.toFixed(1));
    const more = figure.stoppedAfter === undefined ? "" : "&gt; ";
    return `
  <g${ours ? ' class="ours"' : ""}>
    <text x="${LEFT - 12}" y="${y + 4}" text-anchor="end">${escaped(label)}</text>
    <line class="range" x1="${from}" x2="${to}" y1="${y}" y2="${y}"/>
    <circle class="median" cx="${at(figure.median).toFixed(1)}" cy="${y}" r="5"/>
    <text x="${WIDTH - RIGHT + 12}" y="${y + 4}">${more}${written(figure.median, unit)}</text>
  </g>`;
  });
  const heading = `
  <text x="0" y="${top + 18}">${escaped(title)} <tspan class="quiet">(${better}, log scale)</tspan></text>`;
  return { text: heading + grid.join("") + lines.join(""), bottom: bottom + FOOT };
}

/**
 * @param {string} title
 * @param {{ title: string, unit: string, rows: { label: string, ours: boolean, figure:
 *   { median: number, best: number, worst: number, stoppedAfter?: number } }[] }[]} facets
 */
export function plot(title, facets) {
  let body = "";
  let top = 0;
  for (const each of facets) {
    const { text, bottom } = facet(each, top);
    body += text;
    top = bottom;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${top}" role="img">
  <title>${escaped(title)}</title>
  <style>${STYLE}
  </style>${body}
</svg>
`;
}
