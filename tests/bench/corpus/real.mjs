// The real conversation of ../shared/data where that folder is there. It is in the server's stored
// form; the package's own import makes the form of the wire of it. Nothing of it is kept.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/lib/shell.mjs";
import { writeCorpus } from "./corpus.mjs";

const SOURCE = join(root, "../shared/data/v0/issue_10730.json");

export const realIsThere = () => existsSync(SOURCE);

/** @param {import("playwright").Page} page at an origin that serves the package */
export async function realCorpus(directory, page) {
  const lines = await page.evaluate(
    async (text) => {
      const { openEventStore } = await import("/dist/index.js");
      const store = await openEventStore({ name: "real" });
      const { conversationId } = await store.import(text);
      const conversation = await store.conversation(conversationId);
      const exported = await conversation.export({ format: "jsonl", screenshots: true });
      await store.close();
      return (await exported.text()).trimEnd().split("\n");
    },
    readFileSync(SOURCE, "utf8"),
  );
  return writeCorpus("real", join(directory, "real.jsonl"), lines.length, (at) => lines[at]);
}
