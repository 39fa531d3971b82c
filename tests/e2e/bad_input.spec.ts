// What can't be meant is refused with an error that says so; nothing hangs, nothing is lost.
import { expect, test } from "./support/fixtures.js";
import { frames, range } from "./support/frames.js";

for (const worker of [true, false]) {
  const where = worker ? "in the worker" : "on the page";

  test(`${where}, arguments that mean nothing are refused`, async ({ harness }) => {
    const { outcomes, after } = await harness.evaluate(
      async ({ worker, texts }) => {
        const store = await window.oh.openEventStore({ worker, onLog: () => {} });
        const conversation = await store.conversation("robust");
        await Promise.all(texts.map((text) => conversation.feed(text)));
        const circular: Record<string, unknown> = { action: "message" };
        circular["args"] = circular;
        const search = (options: object) => conversation.searchEvents(options).toArray();
        const calls: Record<string, () => unknown> = {
          "an id that is no number": () => conversation.getEvent(NaN),
          "half an id": () => conversation.getEvent(1.5),
          "no id": () => conversation.getEvent(undefined as never),
          "an object for an id": () => conversation.getEvent({} as never),
          "a limit of none": () => conversation.getMatchingEvents({ limit: 0 }),
          "a limit over 100": () => conversation.getMatchingEvents({ limit: 101 }),
          "half a limit": () => search({ limit: 2.5 }),
          "an infinite start": () => search({ startId: -Infinity }),
          "an option misspelled": () => search({ strtId: 3 }),
          "a filter misspelled": () => search({ filter: { sorce: "agent" } }),
          "a filter that is a string": () => search({ filter: "run" }),
          "a query that is a number": () => search({ filter: { query: 5 } }),
          "types that are a string": () => search({ filter: { includeTypes: "Action" } }),
          "batches of nothing": async () => conversation.searchEvents().batches(0),
          "a count of something else": () => conversation.countEvents({ q: 1 } as never),
          "nothing fed": () => conversation.feed(undefined as never),
          "a function fed": () => conversation.feed(() => {}),
          "a circle fed": () => conversation.feed(circular),
          "nothing added": () => conversation.addEvent(undefined as never, "user"),
          "no event added": () => conversation.addEvent({} as never, "user"),
          "an event with an id added": () =>
            conversation.addEvent({ id: 3, action: "message" }, "user"),
          "a circle added": () => conversation.addEvent(circular as never, "user"),
          "added by nobody": () => conversation.addEvent({ action: "message" }, 5 as never),
          "no callback": () => conversation.subscribe("a", undefined as never, "b"),
          "an unknown policy": () =>
            conversation.subscribe("a", () => {}, "b", { policy: "all" as never }),
          "a number for a subscriber": () => conversation.subscribe(5 as never, () => {}, "b"),
          "no secrets": () => conversation.setSecrets(null as never),
          "a secret that is a number": () => conversation.setSecrets({ key: 5 as never }),
          "an unknown format": () => conversation.export({ format: "xml" as never }),
          "an import of a number": () => store.import(5 as never),
          "an import that is no text": () => store.import(new Uint8Array([255, 254, 0])),
          "a conversation without a name": () => store.conversation(""),
          "a number for a conversation": () => store.conversation(5 as never),
          "an unknown dialect": () => store.conversation("d", { dialect: "v9" as never }),
          "an unknown option": () => store.conversation("d", { secret: {} } as never),
          "a pin on nothing": () => store.pin("nowhere", true),
          "a store with an unknown option": () => window.oh.openEventStore({ nam: "x" } as never),
          "a durability of its own": () =>
            window.oh.openEventStore({ worker, durability: "some" as never }),
        };
        const outcomes: Record<string, string> = {};
        for (const [what, call] of Object.entries(calls)) {
          const patience = new Promise((resolve) => setTimeout(resolve, 10_000, "hangs"));
          const outcome = (async () => call())().then(
            () => "accepted",
            (error: unknown) =>
              error instanceof window.oh.EventStoreError && error.message !== ""
                ? error.code
                : String(error),
          );
          outcomes[what] = String(await Promise.race([outcome, patience]));
        }
        const left = conversation.follow({ signal: 5 as never });
        const first = () => left[Symbol.asyncIterator]().next();
        outcomes["a signal that is none"] = await (async () => first())().then(
          () => "accepted",
          (error: unknown) => (error as Error).name,
        );
        const after = (await conversation.searchEvents().toArray()).map(({ id }) => id);
        await conversation.close();
        const names = (await store.conversations()).map(({ id }) => id);
        await store.close();
        return { outcomes, after: { ids: after, names } };
      },
      { worker, texts: frames(0, 10) },
    );
    const invalidEvents = ["no event added", "an import that is no text"];
    const expected = Object.keys(outcomes).map((what) => {
      if (what === "a signal that is none") return [what, "TypeError"];
      return [what, invalidEvents.includes(what) ? "invalid-event" : "invalid-argument"];
    });
    expect(outcomes).toEqual(Object.fromEntries(expected));
    expect(after).toEqual({ ids: range(0, 10), names: ["robust"] });
  });
}
