// RESULTS.md: what a run has found, for people.
import { ratioText, written } from "./numbers.mjs";

const row = (cells) => `| ${cells.join(" | ")} |`;
const table = (head, rows) => [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");

function cell(figure, unit) {
  if (!figure) return "";
  if (figure.stoppedAfter !== undefined) {
    return `> ${written(figure.median, unit)}, stopped after ${figure.stoppedAfter} events`;
  }
  const middle = written(figure.median, unit);
  if (figure.runs.length === 1) return middle;
  return `**${middle}** (${written(figure.best, unit)} – ${written(figure.worst, unit)})`;
}

function operationTable({ metrics }, measured, labels) {
  const names = Object.keys(metrics).filter((metric) =>
    Object.values(measured).some((figures) => figures[metric]),
  );
  const ours = measured.ours;
  const head = [
    "",
    ...names.flatMap((name) => [metrics[name].title, ...(ours ? ["ours / it"] : [])]),
  ];
  const rows = Object.entries(measured).map(([contender, figures]) => [
    labels[contender] ?? contender,
    ...names.flatMap((name) => {
      const figure = figures[name];
      const own = ours?.[name];
      const comparable = contender !== "ours" && figure && own && figure.median > 0;
      const bound = figure?.stoppedAfter === undefined ? "" : "< ";
      const ratio = comparable ? bound + ratioText(own.median / figure.median) : "";
      return [cell(figure, metrics[name].unit), ...(ours ? [ratio] : [])];
    }),
  ]);
  return table(head, rows);
}

function aimText({ operation, contender, metric, against, least, most }, operations, labels) {
  const { unit, title } = operations[operation].metrics[metric];
  const what = `${operations[operation].title}: ${title}`;
  const who = contender === "ours" ? "" : ` (${labels[contender] ?? contender})`;
  const sign = least === undefined ? "≤" : "≥";
  const bound = least ?? most;
  if (!against) return [what + who, `${sign} ${written(bound, unit)}`];
  const other = against.operation ? `, ${operations[against.operation].title.toLowerCase()}` : "";
  return [
    what + who,
    `${sign} ${bound} × ${labels[against.contender] ?? against.contender}${other}`,
  ];
}

function aimTable(standings, operations, labels) {
  const rows = standings.map(({ aim, ratio, met }) => {
    const { unit } = operations[aim.operation].metrics[aim.metric];
    const reached =
      ratio === undefined ? "not measured" : aim.against ? ratioText(ratio) : written(ratio, unit);
    const mark = met === undefined ? "" : met ? "✓" : "✗";
    return [mark, ...aimText(aim, operations, labels), reached];
  });
  return table(["", "Operation", "Aim", "Reached"], rows);
}

function corpusLine({ name, count, bytes, nonAscii }) {
  const share = ((100 * nonAscii) / count).toFixed(0);
  const mean = written(bytes / count, "bytes");
  return `- **${name}**: ${count} events, ${written(bytes, "bytes")}, ${mean} each, ${share} % with characters outside of ASCII`;
}

/**
 * @param {object} run as results.json has it
 * @param {Record<string, object>} operations with titles and metrics
 * @param {Record<string, { label: string, settings: string }>} contenders
 * @param {(corpus: string, operation: string) => string | undefined} plotOf the plot's file
 */
export function markdown(run, operations, contenders, plotOf) {
  const labels = Object.fromEntries(
    Object.entries(contenders).map(([name, { label }]) => [name, label]),
  );
  labels.push = "push and a counter";
  labels.today = "the front end of today";
  const { machine, settings, aims } = run;
  const judged = aims.standings.filter(({ met }) => met !== undefined);
  const reached = judged.filter(({ met }) => met).length;
  const out = ["# Benchmark results", ""];
  if (settings.quick) {
    out.push(
      "> **A quick run**: few events, few rounds. Its ratios say less than those of a whole run, and the",
      "> aims are made for 100 000 events.",
      "",
    );
  }
  out.push(
    `\`npm run bench\` made this file on ${run.date}, in ${run.minutes.toFixed(1)} minutes: medians of`,
    `${settings.rounds} rounds, best and worst in brackets, every contender in each round, in an order`,
    `that the seed ${settings.seed} decides. Compare what stands in one table; the milliseconds are those of`,
    "one machine.",
    "",
    `- ${machine.processor}, ${machine.cores} cores, ${machine.memoryGB} GB, ${machine.system}; load before ${machine.load[0]}, after ${run.loadAfter}`,
    `- ${Object.entries(run.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}`,
    ...run.corpora.map(corpusLine),
    "",
    `## Aims: ${reached} of ${judged.length} reached`,
    "",
    `On the corpus ${aims.corpus}. [bounds.md](bounds.md) says what bounds those that are missed.`,
    "",
    aimTable(aims.standings, operations, labels),
    "",
  );
  if (run.leftOut) {
    out.push(
      `The time allowed no more: ${run.leftOut} measurements of later rounds were left out.`,
      "",
    );
  }
  if (run.failures.length) {
    out.push("## Failed", "");
    for (const { corpus, operation, contender, round, error } of run.failures) {
      out.push(`- ${corpus}, ${operation}, ${contender}, round ${round + 1}: ${error}`);
    }
    out.push("");
  }
  for (const { name, count } of run.corpora) {
    const measured = Object.entries(operations).filter(
      ([operation]) => run.results[name]?.[operation],
    );
    if (!measured.length) continue;
    out.push(
      name === "real" ? `# A real conversation of ${count} events` : `# ${count} events`,
      "",
    );
    for (const [operation, about] of measured) {
      out.push(`## ${about.title}`, "", about.about, "");
      out.push(operationTable(about, run.results[name][operation], labels), "");
      const file = plotOf(name, operation);
      if (file) out.push(`![${about.title}](${file})`, "");
    }
  }
  out.push("# How each one is set up", "");
  for (const { label, settings: text } of Object.values(contenders))
    out.push(`- **${label}**: ${text}`);
  return `${out.join("\n")}\n`;
}
