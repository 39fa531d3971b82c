// The browser is killed in the middle of writing: what was acknowledged is there, whole.
import type { Page } from "@playwright/test";
import { expect, harnessPath, test } from "./support/fixtures.js";
import { frame, range } from "./support/frames.js";
import { Profile } from "./support/profile.js";

/** `npm run test:kills` makes more of them. */
const ROUNDS = Number(process.env["ROUNDS"] ?? 2);

/** Numbers from 0 to below 1 that a seed decides (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What goes on beside the writing, in another conversation, when the browser is killed. */
const BESIDE = ["nothing", "import", "truncate", "delete"] as const;

/** How the events are written: how many wait together, and for what. */
const WAYS = [
  { burst: 5, durability: "relaxed" },
  { burst: 1, durability: "strict" },
  { burst: 400, durability: "relaxed" },
] as const;

const BESIDE_EVENTS = 2000;
const KEPT = 1000;

/** How many events of the other conversation may be there after a kill. */
const POSSIBLE: Record<(typeof BESIDE)[number], (count: number) => boolean> = {
  nothing: (count) => count === 0,
  import: (count) => count <= BESIDE_EVENTS,
  truncate: (count) => count === BESIDE_EVENTS || count === KEPT,
  delete: (count) => count === BESIDE_EVENTS || count === 0,
};

function contentOf(id: number): string {
  return `line ${id} `.repeat(1 + ((id * 7919) % 400));
}

test("killed while it writes, it has what it acknowledged, whole, and goes on", async ({
  files,
  playwright,
  browserName,
  channel,
  launchOptions,
}) => {
  test.setTimeout(ROUNDS * 60_000);
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  const next = random(seed);
  const profile = new Profile(playwright[browserName], { ...launchOptions, channel });

  const open = async (): Promise<Page> => {
    const page = await profile.open();
    const acknowledge = (id: number) => void acknowledged.add(id);
    await page.exposeFunction("acknowledge", acknowledge);
    await page.goto(files.url + harnessPath);
    return page;
  };

  const acknowledged = new Set<number>();
  let written = 0;
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const page = await open();
      const pick = <T>(choices: readonly T[]) => choices[Math.floor(next() * choices.length)] as T;
      const [way, beside] = [pick(WAYS), pick(BESIDE)];
      const lines = range(0, BESIDE_EVENTS).map((id) => frame(id, contentOf(id)));
      const beginsAt = Math.floor(next() * 200);
      const frames = range(written, written + 3000).map((id) => frame(id, contentOf(id)));
      const before = acknowledged.size;
      const writing = page
        .evaluate(
          async ({ frames, from, burst, durability, beside, lines, kept, beginsAt }) => {
            const { acknowledge } = window as unknown as { acknowledge: (id: number) => void };
            const store = await window.oh.openEventStore({ durability });
            window.store = store;
            await store.deleteConversation("beside").catch(() => {});
            window.conversation = await store.conversation("killed");
            const read = () => store.import(lines.join("\n"), { id: "beside" });
            if (beside === "truncate" || beside === "delete") await read();
            const actions = {
              nothing: async () => {},
              import: read,
              truncate: async () => (await store.conversation("beside")).truncate(kept - 1),
              delete: async () => store.deleteConversation("beside"),
            };
            let begun = false;
            for (let at = 0; at < frames.length; at += burst) {
              if (!begun && at >= beginsAt) {
                begun = true;
                void actions[beside]();
              }
              await Promise.all(
                frames.slice(at, at + burst).map(async (text, index) => {
                  await window.conversation.feed(text);
                  acknowledge(from + at + index);
                }),
              );
            }
          },
          { frames, from: written, ...way, beside, lines, kept: KEPT, beginsAt },
        )
        .then(
          () => "written",
          () => "killed",
        );
      const moment = 20 + Math.floor(next() * 1000);
      await expect.poll(() => acknowledged.size).toBeGreaterThan(before + moment);
      profile.kill();
      // The last acknowledgements may come when everything is written.
      await writing;
      await profile.close();

      const again = await open();
      const { found, late, other, whole, wrong } = await again.evaluate(async (lines) => {
        const wrong: unknown[] = [];
        const store = await window.oh.openEventStore({
          onDegraded: (detail) => wrong.push(detail),
          onDataLost: (detail) => wrong.push(detail),
        });
        const beside = await store.conversation("beside");
        const other = (await beside.searchEvents().toArray()).map((event): [unknown, unknown] => [
          event.id,
          event["content"],
        ]);
        await store.import(lines.join("\n"), { id: "beside" });
        const whole = await beside.countEvents();
        const conversation = await store.conversation("killed");
        const found: [unknown, unknown][] = [];
        for await (const event of conversation.searchEvents()) {
          found.push([event.id, event["content"]]);
        }
        const latest = await conversation.getLatestEventId();
        const added = await conversation.addEvent({ action: "message", args: {} }, "user");
        const late = { latest, added: added.id, counted: await conversation.countEvents() };
        await store.close();
        return { found, late, other, whole, wrong };
      }, lines);
      expect(wrong, `round ${round}: said by the store`).toEqual([]);
      const kept = new Map(found);
      const lost = [...acknowledged].filter((id) => !kept.has(id));
      expect(lost, `round ${round}: acknowledged and lost`).toEqual([]);
      const torn = found.filter(
        ([id, content]) => content !== undefined && content !== contentOf(Number(id)),
      );
      expect(torn, `round ${round}: torn`).toEqual([]);
      expect(late).toEqual({
        latest: found.at(-1)?.[0],
        added: Number(late.latest) + 1,
        counted: found.length + 1,
      });
      const fed = found.filter(([, content]) => content !== undefined).length;
      console.log(
        `round ${round}: ${way.durability}, ${way.burst} at once, beside it ${beside} ` +
          `(${other.length}): ${acknowledged.size} acknowledged, ${fed} there`,
      );
      expect(fed).toBeGreaterThanOrEqual(acknowledged.size);
      expect(POSSIBLE[beside](other.length), `${beside}: ${other.length} events`).toBe(true);
      expect(other.map(([id]) => id)).toEqual(range(0, other.length));
      expect(other.filter(([id, content]) => content !== contentOf(Number(id)))).toEqual([]);
      expect(whole).toBe(BESIDE_EVENTS);
      written = Number(late.added) + 1;
      await profile.close();
    }
  } finally {
    await profile.remove();
  }
});
