// What is kept is the server's own dump of an event, whatever way it came in.
import { readdirSync, readFileSync } from "node:fs";
import { expect, root, test } from "./support/fixtures.js";
import { elements, member, members } from "./support/json_text.js";

const VECTORS = `${root}tests/data/vectors/`;

/** Events as a socket sends them, as the server spells them. */
const wire = readdirSync(VECTORS)
  .filter((name) => name.endsWith(".json"))
  .map((name) => readFileSync(VECTORS + name, "utf8"))
  .filter((text) => member(text, "form") === '"wire"')
  .map((text) => {
    const raw = members(text).get("events_raw");
    return raw === undefined ? elements(member(text, "events")) : (JSON.parse(raw) as string[]);
  });

/** Texts of any shape, and what the server makes of them. */
const canon = elements(readFileSync(`${VECTORS}canon/canon.json`, "utf8")).flatMap((row) => {
  const parts = members(row);
  const text = parts.get("canon") ?? "null";
  if (text === "null") return [];
  return [{ raw: JSON.parse(member(row, "raw")) as string, canon: JSON.parse(text) as string }];
});

/** Where the server's schema has a float, which is written as one again. */
const FLOATS = [
  "timeout",
  "llm_metrics/accumulated_cost",
  "llm_metrics/max_budget_per_task",
  "llm_metrics/costs/*/cost",
  "llm_metrics/costs/*/timestamp",
  "llm_metrics/response_latencies/*/latency",
];

/** The places in an event that JavaScript's JSON can't keep, and those that are restored. */
function places(text: string, path: string[] = []): { lost: string[]; restored: string[] } {
  const inside = (found: { lost: string[]; restored: string[] }[]) => ({
    lost: found.flatMap(({ lost }) => lost),
    restored: found.flatMap(({ restored }) => restored),
  });
  const here = path.join("/");
  if (text.startsWith("{")) {
    const all = [...members(text)];
    // Keys that look like integers come first in an object of JavaScript.
    const moved = all.some(([key]) => /^\d+$/.test(key)) ? [here] : [];
    const found = inside(all.map(([key, value]) => places(value, [...path, key])));
    return { ...found, lost: [...moved, ...found.lost] };
  }
  if (text.startsWith("["))
    return inside(elements(text).map((item) => places(item, [...path, "*"])));
  if (/^-?(?:NaN|Infinity)$/.test(text)) return { lost: [here], restored: [] };
  if (!/^-?\d/.test(text)) return { lost: [], restored: [] };
  const isFloat = /[.e]/.test(text);
  const kept = JSON.stringify(Number(text));
  const isMeant = FLOATS.includes(here);
  if (isFloat && !/[.e]/.test(kept)) {
    return isMeant && text !== "-0.0"
      ? { lost: [], restored: [here] }
      : { lost: [here], restored: [] };
  }
  // An integer in a float's place can't be told from the float.
  const isLost = isFloat ? false : isMeant || kept !== text;
  return { lost: isLost ? [here] : [], restored: [] };
}

for (const worker of [true, false]) {
  const where = worker ? "in the worker" : "on the page";

  test(`${where}, a frame's text is kept to the byte`, async ({ harness }) => {
    for (const frames of wire) {
      const kept = await harness.evaluate(
        async ({ worker, frames }) => {
          const store = await window.oh.openEventStore({ worker });
          const conversation = await store.conversation("raw");
          // As text, as bytes, and with all the white space that JSON allows.
          const spaced = (frame: string) => ` \t${frame}\r\n`;
          const bytes = (frame: string) => new TextEncoder().encode(frame).buffer;
          const forms = [(frame: string) => frame, spaced, bytes];
          for (const [index, frame] of frames.entries()) {
            await conversation.feed(forms[index % 3]?.(frame) ?? frame);
          }
          const text = await (await conversation.export({ format: "jsonl" })).text();
          await store.deleteConversation("raw");
          await store.close();
          return text.split("\n").slice(0, -1);
        },
        { worker, frames },
      );
      expect(new Set(kept)).toEqual(new Set(frames));
    }
  });

  test(`${where}, a parsed event gets its floats back`, async ({ harness }) => {
    let restored = 0;
    for (const frames of wire) {
      const whole = frames.filter((frame) => places(frame).lost.length === 0);
      restored += whole.filter((frame) => places(frame).restored.length > 0).length;
      const kept = await harness.evaluate(
        async ({ worker, frames }) => {
          const store = await window.oh.openEventStore({ worker });
          const conversation = await store.conversation("parsed");
          const objects = frames.map((frame) => JSON.parse(frame) as object);
          await Promise.all(objects.map((object) => conversation.feed(object)));
          const text = await (await conversation.export({ format: "jsonl" })).text();
          await store.deleteConversation("parsed");
          await store.close();
          return text.split("\n").slice(0, -1);
        },
        { worker, frames: whole },
      );
      expect(new Set(kept)).toEqual(new Set(whole));
    }
    expect(restored).toBeGreaterThan(20);
  });

  test(`${where}, a stored form becomes what the server makes of it`, async ({ harness }) => {
    test.slow();
    expect(canon.length).toBeGreaterThan(200);
    const kept = await harness.evaluate(
      async ({ worker, raws }) => {
        const store = await window.oh.openEventStore({ worker, logLevel: "off" });
        const kept: string[] = [];
        for (const raw of raws) {
          const { conversationId: id } = await store.import(raw, { id: "canon" });
          const conversation = await store.conversation(id);
          kept.push(await (await conversation.export({ format: "jsonl" })).text());
          await conversation.close();
          await store.deleteConversation(id);
        }
        await store.close();
        return kept;
      },
      { worker, raws: canon.map(({ raw }) => raw) },
    );
    for (const [index, { raw, canon: expected }] of canon.entries()) {
      // In a log it has an id.
      const numbered = expected.startsWith('{"id": ') ? expected : `{"id": 0, ${expected.slice(1)}`;
      expect.soft(kept[index], raw).toBe(`${numbered}\n`);
    }
  });
}
