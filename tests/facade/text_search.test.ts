/** A search by `text` finds what people read, and tells JavaScript where, in its own units. */
import { highlights, openEventStore } from "oh-event-store";
import type { Conversation, Event, EventFilter, EventStore, Highlight } from "oh-event-store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const said = [
  "Un Café à Paris",
  "un cafe\u0301 😀 CAFÉ",
  "a cafe without",
  "Die Straße ist gesperrt",
  "STRASSE",
  'line one\nLine two, "quoted" \\ and caf\\u00e9',
  "각 and İstanbul",
  "half a pair: \ud83d é",
];

const message = (id: number) => ({
  id,
  timestamp: `2026-01-01T00:00:0${id}`,
  source: id % 2 ? "agent" : "user",
  action: "message",
  args: { content: said[id], café: "a key" },
});

/** The pieces of an event that highlights name. */
function marked(event: Event): string[] {
  const at = ({ path }: Highlight) =>
    path.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], event) as string;
  return highlights(event).flatMap((found) =>
    found.ranges.map(([start, end]) => at(found).slice(start, end)),
  );
}

describe.each([
  ["in a worker", true],
  ["on the page", false],
])("%s", (_, worker) => {
  let store: EventStore;
  let conversation: Conversation;

  beforeAll(async () => {
    store = await openEventStore({ name: `text-${crypto.randomUUID()}`, worker, logLevel: "off" });
    conversation = await store.conversation("c");
    for (const id of said.keys()) await conversation.feed(JSON.stringify(message(id)));
  });
  afterAll(() => store.close());

  const find = async (text: string) => {
    const events = await conversation.searchEvents({ filter: { text } }).toArray();
    return events.map((event) => [event.id, marked(event)]);
  };

  test.each<[string, [number, string[]][]]>([
    [
      "café",
      [
        [0, ["Café"]],
        [1, ["cafe\u0301", "CAFÉ"]],
      ],
    ],
    [
      "CAFE\u0301",
      [
        [0, ["Café"]],
        [1, ["cafe\u0301", "CAFÉ"]],
      ],
    ],
    ["cafe", [[2, ["cafe"]]]],
    [
      "straße",
      [
        [3, ["Straße"]],
        [4, ["STRASSE"]],
      ],
    ],
    [
      "strasse",
      [
        [3, ["Straße"]],
        [4, ["STRASSE"]],
      ],
    ],
    ["one\nline", [[5, ["one\nLine"]]]],
    ['"QUOTED" \\', [[5, ['"quoted" \\']]]],
    ["\u1100\u1161\u11a8", [[6, ["각"]]]],
    ["가", []],
    ["istanbul", []],
    ["i\u0307STANBUL", [[6, ["İstanbul"]]]],
    ["😀 caf", [[1, ["😀 CAF"]]]],
    ["😀 cafe", []],
    ["😀 CAFÉ", [[1, ["😀 CAFÉ"]]]],
    ["\ufffd É", [[7, ["\ud83d é"]]]],
    ["a key", []],
    ["content", []],
    ["u00e9", [[5, ["u00e9"]]]],
  ])("%j", async (text, expected) => {
    expect(await find(text)).toEqual(expected);
  });

  test("the same with batches, follow, subscribe and replay, and with other conditions", async () => {
    const filter = { text: "Café", source: "agent" };
    const expected = [[1, ["cafe\u0301", "CAFÉ"]]];
    const shown = (events: Iterable<Event>) =>
      [...events].map((event) => [event.id, marked(event)]);

    const batched: Event[] = [];
    for await (const batch of conversation.searchEvents({ filter, reverse: true }).batches(1)) {
      batched.push(...batch);
    }
    expect(shown(batched)).toEqual(expected);
    expect(await conversation.countEvents(filter)).toBe(1);
    expect(await conversation.countEvents({ ...filter, query: "a cup" })).toBe(0);
    expect(await conversation.countEvents({ ...filter, query: '"CONTENT"' })).toBe(1);

    for await (const event of conversation.follow({ filter })) {
      expect(shown([event])).toEqual(expected);
      break;
    }

    using replay = conversation.replay({ filter });
    const replayed: Event[] = [];
    replay.play();
    for await (const event of replay) replayed.push(event);
    expect(shown(replayed)).toEqual(expected);

    const heard = new Promise<Event>((resolve) => {
      void conversation.subscribe("s", resolve, "c", { filter: { text: "ΟΔΥΣΣΕΥΣ" } });
    });
    await conversation.feed({
      id: 8,
      source: "user",
      action: "message",
      args: { content: "Οδυσσευς" },
    });
    expect(shown([await heard])).toEqual([[8, ["Οδυσσευς"]]]);
    await conversation.unsubscribe("s", "c");
  });

  test("an event that was found otherwise has no highlights", async () => {
    const paris = (filter: EventFilter) => conversation.searchEvents({ filter }).toArray();
    for (const event of await paris({ query: "Paris" })) expect(highlights(event)).toEqual([]);
    const [event] = await paris({ text: "paris" });
    expect(event && marked(event)).toEqual(["Paris"]);
    expect(event && highlights({ ...event })).toEqual([]);
  });
});
