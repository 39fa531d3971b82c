/**
 * `node scripts/database.mjs [name]`: stores made-up conversations with the built package in a real
 * Chromium, and keeps what then lies in IndexedDB under `tests/data/databases/`, in a directory
 * named after the package's version, or else as it is told. Every later release has to open it: run this once for each
 * release and each new version of the format, and never for one that is published.
 *
 * `records.jsonl` is the database: a line that names it, its version and its object stores, then a
 * line for each record, its bytes as base64. `conversations.json` says what is in it,
 * and the file that it names for each conversation has its events, one to a line.
 */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { createServer } from "../www/server/server.mjs";
import { build } from "./build.mjs";
import { conversations } from "./database/conversations.mjs";
import { storedRecords, storeConversation } from "./database/in_page.mjs";
import { Failure, main, root } from "./lib/shell.mjs";
import { chromiumPath, setup } from "./setup.mjs";

/** The browser's clocks stand still, so that the same code makes the same bytes. */
const NOW = new Date("2025-09-01T12:00:00Z");

/** An event that the store was to make itself has its text from there, and is known by a word. */
function compare(found, wanted, id) {
  wanted.forEach((text, at) => {
    const right = typeof text === "string" ? found[at] === text : found[at]?.includes(text.word);
    if (!right) throw new Failure(`${id}, event ${at}: ${found[at]} instead of ${text}`);
  });
  if (found.length > wanted.length) throw new Failure(`${id}: ${found[wanted.length]} too much`);
}

async function stored(page) {
  const described = [];
  const files = new Map();
  for (const { file, events, ...conversation } of conversations) {
    const { text, ...found } = await page.evaluate(storeConversation, conversation);
    compare(text.split("\n").slice(0, -1), events, conversation.id);
    files.set(file, text);
    described.push({ file, ...found });
  }
  const lines = await page.evaluate(storedRecords);
  files.set("records.jsonl", lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  files.set("conversations.json", `${JSON.stringify(described, undefined, 2)}\n`);
  return files;
}

await main(import.meta.url, async () => {
  await setup({ tests: true });
  await build();
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const server = await createServer({ static: root });
  const browser = await chromium.launch({ executablePath: chromiumPath() });
  try {
    const page = await browser.newPage({ timezoneId: "UTC" });
    await page.clock.setFixedTime(NOW);
    await page.addInitScript(() => {
      performance.now = () => 0;
      Math.random = () => 0.5;
    });
    await page.goto(`${server.url}/tests/e2e/pages/harness.html`);
    const files = await stored(page);
    const directory = join(root, "tests/data/databases", process.argv[2] ?? version);
    await rm(directory, { recursive: true, force: true });
    await mkdir(directory, { recursive: true });
    for (const [name, text] of files) await writeFile(join(directory, name), text);
    const bytes = [...files.values()].reduce((sum, text) => sum + text.length, 0);
    console.log(`${directory}: ${files.size} files, ${bytes} bytes`);
  } finally {
    await browser.close();
    await server.close();
  }
});
