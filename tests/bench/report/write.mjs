// Writes RESULTS.md, results.json and the plots.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "prettier";
import { markdown } from "./markdown.mjs";
import { plot } from "./plot.mjs";

const PLOTS = "plots";

function facetsOf({ metrics }, measured, labels) {
  return Object.entries(metrics)
    .filter(([, { plotted }]) => plotted)
    .map(([metric, { title, unit }]) => ({
      title,
      unit,
      rows: Object.entries(measured)
        .filter(([, figures]) => figures[metric]?.best > 0)
        .map(([contender, figures]) => ({
          label: labels[contender]?.label ?? contender,
          ours: contender === "ours",
          figure: figures[metric],
        })),
    }))
    .filter(({ rows }) => rows.length > 1);
}

/** @param {string} directory where the three go */
export async function writeReport(directory, run, operations, contenders) {
  rmSync(join(directory, PLOTS), { recursive: true, force: true });
  mkdirSync(join(directory, PLOTS));
  const plots = new Map();
  for (const [corpus, results] of Object.entries(run.results)) {
    for (const [operation, measured] of Object.entries(results)) {
      const facets = facetsOf(operations[operation], measured, contenders);
      if (!facets.length) continue;
      const file = `${PLOTS}/${corpus}-${operation}.svg`;
      writeFileSync(join(directory, file), plot(operations[operation].title, facets));
      plots.set(`${corpus} ${operation}`, file);
    }
  }
  const plotOf = (corpus, operation) => plots.get(`${corpus} ${operation}`);
  const text = markdown(run, operations, contenders, plotOf);
  const formatted = (source, parser) => format(source, { parser, printWidth: 100 });
  writeFileSync(join(directory, "RESULTS.md"), await formatted(text, "markdown"));
  writeFileSync(join(directory, "results.json"), await formatted(JSON.stringify(run), "json"));
}
