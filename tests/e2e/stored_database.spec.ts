// What any release has stored is opened by this one, event for event, and written on.
import { expect, test } from "./support/fixtures.js";
import { frame } from "./support/frames.js";
import { keptDatabases, readDatabase, writeDatabase } from "./support/kept_database.js";

/** A V0 event that all of them have room for, and a V1 one. */
const later = {
  v0: frame(500),
  v1: '{"id": "later", "timestamp": "2025-09-02T00:00:00", "source": "user", "kind": "Later"}',
};

/** The text of a log with one event more. */
function withLater(text: string, dialect: "v0" | "v1"): string {
  const lines = [...text.split("\n").slice(0, -1), later[dialect]];
  const place = (line: string) => Number(/^{"id": (\d+)/.exec(line)?.[1] ?? Infinity);
  if (dialect === "v0") lines.sort((one, other) => place(one) - place(other));
  return lines.map((line) => `${line}\n`).join("");
}

test("a database of the schema that is written today is kept", async ({ harness }) => {
  await harness.evaluate(async () => (await window.oh.openEventStore()).close());
  const [schema] = await readDatabase(harness);
  expect(keptDatabases.map(({ schema }) => schema)).toContainEqual(schema);
});

for (const { release, schema, records, conversations } of keptDatabases) {
  for (const worker of [true, false]) {
    const where = worker ? "in the worker" : "on the page";

    test(`${release}, ${where}: every event is there, and more go in`, async ({ harness }) => {
      await writeDatabase(harness, schema, records);
      const open = async () =>
        harness.evaluate(
          async ({ worker, ids }) => {
            const told: string[] = [];
            const onLog = (level: string, message: string) => told.push(`${level}: ${message}`);
            const store = await window.oh.openEventStore({ worker, onLog });
            const infos = await store.conversations();
            const found = [];
            for (const id of ids) {
              const conversation = await store.conversation(id);
              const text = await (await conversation.export({ format: "jsonl" })).text();
              const { sound, pages } = await conversation.verify();
              const query = 'content": "4';
              found.push({
                ...{ id, text, sound, pages, dialect: conversation.dialect },
                ...(await conversation.coverage()),
                latest: await conversation.getLatestEventId(),
                matches: await conversation.countEvents({ query }),
                info: infos.find((stored) => stored.id === id),
              });
            }
            const { mode } = store;
            await store.close();
            return { mode, told, stored: infos.length, found };
          },
          { worker, ids: conversations.map(({ id }) => id) },
        );

      const { mode, told, stored, found } = await open();
      expect({ mode, told, stored }).toEqual({
        ...{ mode: "indexeddb", told: [], stored: conversations.length },
      });
      conversations.forEach(({ file, text, known, gaps, pages, latest, ...info }, at) => {
        expect(found[at]?.text, file).toBe(text);
        const matches = text.split('content": "4').length - 1;
        const expected = { sound: true, pages, latest, known, gaps, matches };
        expect(found[at]).toMatchObject(expected);
        expect(found[at]?.info).toMatchObject({ ...info, gaps: gaps.length });
      });

      await harness.evaluate(
        async ({ worker, later, conversations }) => {
          const store = await window.oh.openEventStore({ worker });
          for (const { id, dialect } of conversations) {
            const { accepted } = await (await store.conversation(id)).feed(later[dialect]);
            if (accepted !== 1) throw new Error(`${id} did not take it`);
          }
          await store.close();
        },
        { worker, later, conversations },
      );
      const after = await open();
      expect(after.told).toEqual([]);
      conversations.forEach(({ id, text, dialect, events, pinned, known }, at) => {
        expect(after.found[at]?.text, id).toBe(withLater(text, dialect));
        expect(after.found[at]).toMatchObject({ sound: true, known });
        expect(after.found[at]?.info).toMatchObject({ events: events + 1, pinned });
      });
    });
  }
}
