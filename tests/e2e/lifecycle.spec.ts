// Everything that is opened can be left, and what was stored is there afterwards, and only that.
import type { Page } from "@playwright/test";
import { expect, test } from "./support/fixtures.js";
import { frame, frames } from "./support/frames.js";
import { textsInStorage } from "./support/raw_storage.js";
import { events, texts } from "./support/recording.js";

/** What the export as JSON Lines holds, by a store that is opened for it. */
function storedTexts(page: Page, id: string, worker = true): Promise<string[]> {
  return page.evaluate(
    async ({ id, worker }) => {
      const store = await window.oh.openEventStore({ worker });
      const conversation = await store.conversation(id);
      const text = await (await conversation.export({ format: "jsonl" })).text();
      await store.close();
      return text === "" ? [] : text.trimEnd().split("\n");
    },
    { id, worker },
  );
}

async function store(page: Page, id: string, texts: string[], worker = true): Promise<void> {
  await page.evaluate(
    async ({ id, texts, worker }) => {
      const store = await window.oh.openEventStore({ worker });
      const conversation = await store.conversation(id);
      await Promise.all(texts.map((text) => conversation.feed(text)));
      await store.close();
    },
    { id, texts, worker },
  );
}

for (const worker of [true, false]) {
  const where = worker ? "in the worker" : "on the page";

  test(`${where}, a reload finds every event as it came`, async ({ harness }) => {
    await store(harness, "kept", texts, worker);
    await harness.reload();
    expect(await storedTexts(harness, "kept", worker)).toEqual(texts);
    expect(await storedTexts(harness, "kept", !worker)).toEqual(texts);
  });

  test(`${where}, a page that is left without closing keeps what was acknowledged`, async ({
    harness,
  }) => {
    await harness.evaluate(
      async ({ texts, worker }) => {
        window.store = await window.oh.openEventStore({ worker });
        window.conversation = await window.store.conversation("left");
        await Promise.all(texts.map((text) => window.conversation.feed(text)));
      },
      { texts, worker },
    );
    await harness.reload();
    expect(await storedTexts(harness, "left", worker)).toEqual(texts);
  });

  test(`${where}, numbers that JSON has no words for come out as numbers`, async ({ harness }) => {
    const text = frame(0).replace(
      '"exit_code": 0',
      '"exit_code": 0, "a": NaN, "b": [Infinity, -Infinity, 1.0], "c": "NaN, -Infinity", "d": 1e400',
    );
    await store(harness, "numbers", [text], worker);
    const { events, found } = await harness.evaluate(async (worker) => {
      const store = await window.oh.openEventStore({ worker });
      const conversation = await store.conversation("numbers");
      const events = [
        await conversation.getEvent(0),
        ...(await conversation.searchEvents().toArray()),
        ...(await conversation.getMatchingEvents()),
      ];
      const found = await conversation.countEvents({ query: '"a": nan' });
      await store.close();
      return { events, found };
    }, worker);
    expect(events).toHaveLength(3);
    expect(found).toBe(1);
    for (const { extras } of events) {
      expect((extras as { metadata: unknown }).metadata).toEqual({
        exit_code: 0,
        a: NaN,
        b: [Infinity, -Infinity, 1],
        c: "NaN, -Infinity",
        d: Infinity,
      });
    }
  });

  test(`${where}, an event of five megabytes is an event`, async ({ harness }) => {
    const size = 5_000_000;
    const seen = await harness.evaluate(
      async ({ worker, texts, size }) => {
        const store = await window.oh.openEventStore({ worker, onLog: () => {} });
        const conversation = await store.conversation("huge");
        const content = "0123456789".repeat(size / 10);
        const frames = texts.map((text) => text.replace('"line 1"', `"${content} the end"`));
        const reports = await Promise.all(frames.map((frame) => conversation.feed(frame)));
        await store.close();
        const again = await window.oh.openEventStore({ worker, onLog: () => {} });
        const reopened = await again.conversation("huge");
        const event = await reopened.getEvent(1);
        const found = await reopened.searchEvents({ filter: { query: "9 THE END" } }).toArray();
        const all = await reopened.searchEvents().toArray();
        await again.close();
        return {
          accepted: reports.map(({ accepted }) => accepted),
          same: event["content"] === `${content} the end`,
          found: found.map(({ id }) => id),
          all: all.map(({ id }) => id),
        };
      },
      { worker, texts: frames(0, 3), size },
    );
    expect(seen).toEqual({ accepted: [1, 1, 1], same: true, found: [1], all: [0, 1, 2] });
  });
}

test("closing ends the worker", async ({ harness }) => {
  expect(harness.workers()).toHaveLength(0);
  await harness.evaluate(async () => {
    window.store = await window.oh.openEventStore({});
    window.conversation = await window.store.conversation("c");
  });
  expect(harness.workers()).toHaveLength(1);
  const codes = await harness.evaluate(async () => {
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => "done",
        (error: unknown) => (error as { code?: string }).code,
      );
    const waiting = code(
      (async () => {
        for await (const event of window.conversation.follow()) void event;
      })(),
    );
    await window.store.close();
    await window.store.close();
    return {
      waiting: await waiting,
      read: await code(window.conversation.getLatestEventId()),
      fed: await code(window.conversation.feed("{}")),
      opened: await code(window.store.conversation("d")),
    };
  });
  expect(codes).toEqual({ waiting: "done", read: "closed", fed: "closed", opened: "closed" });
  await expect.poll(() => harness.workers().length).toBe(0);
});

test("leaving a loop frees what it read from", async ({ harness }) => {
  await store(harness, "searched", texts);
  const { opened, freed } = await harness.evaluate(async () => {
    const store = await window.oh.openEventStore({});
    const conversation = await store.conversation("searched");
    // Every object that the worker keeps for the page has a handle until it is freed.
    const opened = new Set<unknown>();
    const freed = new Set<unknown>();
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (this: Worker, message: unknown, ...rest) {
      for (const { keep, method, target } of message as Record<string, unknown>[]) {
        if (keep !== undefined) opened.add(keep);
        if (method === "free") freed.add(target);
      }
      return Reflect.apply(post, this, [message, ...rest]) as undefined;
    };
    for await (const event of conversation.searchEvents()) {
      if (event.id === 5) break;
    }
    try {
      for await (const batch of conversation.searchEvents().batches(10)) {
        if (batch.length > 0) throw new Error("out of the loop");
      }
    } catch {
      // That was the way out.
    }
    for await (const event of conversation.follow()) {
      if (event.id === 5) break;
    }
    const aborting = new AbortController();
    for await (const event of conversation.follow({ signal: aborting.signal })) {
      if (event.id === 5) aborting.abort();
    }
    await conversation.searchEvents({ limit: 3 }).toArray();
    const holds = () => [...opened].every((handle) => freed.has(handle));
    const deadline = Date.now() + 10_000;
    while (!holds() && Date.now() < deadline) await new Promise((r) => setTimeout(r, 10));
    const result = { opened: opened.size, freed: [...opened].filter((h) => freed.has(h)).length };
    await store.close();
    return result;
  });
  expect(opened).toBe(5);
  expect(freed).toBe(opened);
});

for (const format of ["trajectory", "jsonl"] as const) {
  test(`an export as ${format} imports as the same events`, async ({ harness }) => {
    await store(harness, "first", texts);
    const report = await harness.evaluate(async (format) => {
      const store = await window.oh.openEventStore({});
      const blob = await (await store.conversation("first")).export({ format, screenshots: true });
      const progress: number[][] = [];
      const onProgress = (...step: number[]) => void progress.push(step);
      const report = await store.import(blob, { id: "second", onProgress });
      const again = await store.import(await blob.text(), { id: "second" });
      await store.close();
      return { report, again, last: progress.at(-1), size: blob.size };
    }, format);
    expect(report.report).toMatchObject({
      conversationId: "second",
      accepted: texts.length,
      doubles: 0,
      rejected: 0,
    });
    expect(report.again).toMatchObject({ accepted: 0, doubles: texts.length, rejected: 0 });
    expect(report.last).toEqual([report.size, report.size]);
    expect(await storedTexts(harness, "second")).toEqual(texts);
  });
}

test("a deleted conversation is gone from the disk, its neighbour stays", async ({ harness }) => {
  await store(harness, "deleted", [frame(0, "content of the deleted one"), ...frames(1, 500)]);
  await store(harness, "neighbour", [frame(0, "content of the neighbour"), ...frames(1, 500)]);
  const wanted = ["content of the deleted one", "content of the neighbour"];
  expect(await textsInStorage(harness, wanted)).toEqual(wanted);
  const listed = await harness.evaluate(async () => {
    const store = await window.oh.openEventStore({});
    await store.deleteConversation("deleted");
    const listed = (await store.conversations()).map(({ id, events }) => ({ id, events }));
    await store.close();
    return listed;
  });
  expect(listed).toEqual([{ id: "neighbour", events: 500 }]);
  expect(await textsInStorage(harness, wanted)).toEqual(["content of the neighbour"]);
  expect(await storedTexts(harness, "deleted")).toEqual([]);
});

test("a secret never reaches the disk", async ({ harness }) => {
  const secrets = { first: "hunter2-and-a-half", second: "tr0ub4dor&3", third: "late-comer-77" };
  const plain = "a plain word beside it";
  await harness.evaluate(
    async ({ secrets, plain, texts }) => {
      const { first, second, third } = secrets;
      const store = await window.oh.openEventStore({});
      const conversation = await store.conversation("masked", { secrets: { first } });
      const feed = (id: number, content: string) =>
        conversation.feed((texts[id] ?? "").replace(`"line ${id}"`, JSON.stringify(content)));
      await feed(0, `${plain} ${first}`);
      await conversation.setSecrets({ first, second });
      await feed(1, `${first} and ${second}`);
      await conversation.updateSecrets({ third });
      await feed(2, `${first}, ${second} and ${third}`);
      await conversation.addEvent({ action: "message", args: { content: [first, third] } }, "user");
      await store.import(`[${(texts[9] ?? "").replace("line 9", second)}]`, { id: "masked" });
      await store.close();
    },
    { secrets, plain, texts: frames(0, 10) },
  );
  const wanted = [plain, "<secret_hidden> and <secret_hidden>", ...Object.values(secrets)];
  expect(await textsInStorage(harness, wanted)).toEqual(wanted.slice(0, 2));
  expect((await storedTexts(harness, "masked")).join("\n")).toContain("<secret_hidden>");
});

test("conversations are listed with what they hold", async ({ harness }) => {
  await store(harness, "recorded", texts);
  const [info] = await harness.evaluate(async () => {
    const store = await window.oh.openEventStore({});
    await store.pin("recorded", true);
    const found = await store.conversations();
    await store.close();
    return found;
  });
  expect(info).toMatchObject({
    id: "recorded",
    dialect: "v0",
    events: texts.length,
    pinned: true,
    firstTimestamp: events[0]?.timestamp,
    lastTimestamp: events.at(-1)?.timestamp,
  });
});
