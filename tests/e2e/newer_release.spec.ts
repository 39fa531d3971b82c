// What a newer release has stored is refused by name, and not one byte of it changes.
import { expect, test } from "./support/fixtures.js";
import { frame } from "./support/frames.js";
import { keptDatabases, readDatabase, writeDatabase } from "./support/kept_database.js";
import { changed, isSound } from "./support/sealed.js";

/** Older ones are brought to today's schema first. */
const today = Math.max(...keptDatabases.map(({ schema }) => schema.version));
const databases = keptDatabases.filter(({ schema }) => schema.version === today);
const REFUSED = { code: "version-too-new", recovery: "tell-user", isClass: true };

for (const { release, schema, records } of databases) {
  for (const worker of [true, false]) {
    const where = `${release}, ${worker ? "in the worker" : "on the page"}`;

    test(`${where}: a database of a newer version`, async ({ harness }) => {
      const newer = { ...schema, version: schema.version + 1, tables: [...schema.tables, "zeal"] };
      await writeDatabase(harness, newer, records);
      const before = await readDatabase(harness);
      const refusal = await harness.evaluate(async (worker) => {
        const degraded: string[] = [];
        const onDegraded = () => void degraded.push("degraded");
        try {
          await window.oh.openEventStore({ worker, onDegraded });
          return "it opened";
        } catch (error) {
          const isClass = error instanceof window.oh.VersionTooNewError;
          const { code, recovery, message } = error as InstanceType<
            typeof window.oh.VersionTooNewError
          >;
          return { code, recovery, isClass, message, degraded };
        }
      }, worker);
      expect(refusal).toMatchObject({ ...REFUSED, degraded: [] });
      expect(refusal).toHaveProperty("message", expect.stringContaining(String(newer.version)));
      expect(await readDatabase(harness)).toEqual(before);
    });

    for (const table of schema.tables) {
      const id = table === "outbox" ? "emptied" : "bug-hunt";

      test(`${where}: a newer record among the ${table}`, async ({ harness }) => {
        const place = records.findIndex((record) => record.table === table && record.key[0] === id);
        const newer = records.map((record, at) => {
          if (at !== place) return record;
          const bytes = Buffer.from(record.value, "base64");
          expect(isSound(bytes)).toBe(true);
          const value = changed(bytes, table === "pages" ? 4 : 0, 9).toString("base64");
          return { ...record, value };
        });
        await writeDatabase(harness, schema, newer);
        const before = await readDatabase(harness);
        const refusals = await harness.evaluate(
          async ({ worker, id, late }) => {
            const store = await window.oh.openEventStore({ worker, onLog: () => {} });
            const refusals: object[] = [];
            const attempt = async (work: () => Promise<unknown>) => {
              try {
                await work();
              } catch (error) {
                const isClass = error instanceof window.oh.VersionTooNewError;
                const { code, recovery } = error as InstanceType<
                  typeof window.oh.VersionTooNewError
                >;
                refusals.push({ code, recovery, isClass });
              }
            };
            await attempt(async () => {
              const conversation = await store.conversation(id);
              await attempt(() => conversation.searchEvents().toArray());
              await attempt(() => conversation.countEvents({ query: "ls 4" }));
              await attempt(() => conversation.verify());
              await attempt(() => conversation.repair());
              // Beside what can't be read.
              await attempt(() => conversation.feed(late));
            });
            await store.close();
            return refusals;
          },
          { worker, id, late: frame(7) },
        );
        expect(refusals.length).toBeGreaterThan(0);
        for (const refusal of refusals) expect(refusal).toEqual(REFUSED);
        const after = await readDatabase(harness);
        // A late event goes in where what is newer is not in its way.
        const key = JSON.stringify(newer[place]?.key);
        const same = (all: typeof after) =>
          all.filter((record) => "key" in record && JSON.stringify(record.key) === key);
        expect(same(after)).toEqual(same(before));
        const opens = ["pages", "signatures", "outbox"].includes(table);
        if (!opens) expect(after).toEqual(before);
      });
    }
  }
}
