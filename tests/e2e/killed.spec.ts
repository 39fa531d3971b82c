// The browser is killed in the middle of writing: what was acknowledged is there, whole.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type BrowserContext, type Page } from "@playwright/test";
import { expect, harnessPath, test } from "./support/fixtures.js";
import { frame, range } from "./support/frames.js";

/** `ROUNDS=25 npx playwright test killed` takes longer. */
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

function processesOf(profile: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(profile);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Ends every process of the profile at once, as a crash of the machine would. */
function kill(profile: string): void {
  for (const pid of processesOf(profile)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended with its parent.
    }
  }
}

function contentOf(id: number): string {
  return `line ${id} `.repeat(1 + ((id * 7919) % 400));
}

test("killed while it writes, it has what it acknowledged, whole, and goes on", async ({
  files,
  launchOptions,
}) => {
  test.setTimeout(ROUNDS * 60_000);
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
  console.log(`seed ${seed}`);
  const next = random(seed);
  const profile = mkdtempSync(join(tmpdir(), "oh-killed-"));
  let context: BrowserContext | undefined;

  const open = async (): Promise<Page> => {
    context = await chromium.launchPersistentContext(profile, launchOptions);
    const page = context.pages()[0] ?? (await context.newPage());
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
      const frames = range(written, written + 3000).map((id) => frame(id, contentOf(id)));
      const before = acknowledged.size;
      const writing = page
        .evaluate(
          async ({ frames, from }) => {
            const { acknowledge } = window as unknown as { acknowledge: (id: number) => void };
            window.store = await window.oh.openEventStore({});
            window.conversation = await window.store.conversation("killed");
            for (let at = 0; at < frames.length; at += 5) {
              await Promise.all(
                frames.slice(at, at + 5).map(async (text, index) => {
                  await window.conversation.feed(text);
                  acknowledge(from + at + index);
                }),
              );
            }
          },
          { frames, from: written },
        )
        .then(
          () => "written",
          () => "killed",
        );
      const moment = 20 + Math.floor(next() * 1000);
      await expect.poll(() => acknowledged.size).toBeGreaterThan(before + moment);
      kill(profile);
      expect(await writing).toBe("killed");
      await context?.close();
      await expect.poll(() => processesOf(profile)).toEqual([]);

      const again = await open();
      const { found, late } = await again.evaluate(async () => {
        const store = await window.oh.openEventStore({});
        const conversation = await store.conversation("killed");
        const found: [unknown, unknown][] = [];
        for await (const event of conversation.searchEvents()) {
          found.push([event.id, event["content"]]);
        }
        const latest = await conversation.getLatestEventId();
        const added = await conversation.addEvent({ action: "message", args: {} }, "user");
        const late = { latest, added: added.id, counted: await conversation.countEvents() };
        await store.close();
        return { found, late };
      });
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
      const whole = found.filter(([, content]) => content !== undefined).length;
      console.log(`round ${round}: ${acknowledged.size} acknowledged, ${whole} there`);
      expect(whole).toBeGreaterThanOrEqual(acknowledged.size);
      written = Number(late.added) + 1;
      await context?.close();
    }
  } finally {
    kill(profile);
    await context?.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
});
