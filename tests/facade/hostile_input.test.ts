/** What is deep, long or large ends in an answer; the store goes on, in a worker's small stack too. */
import { openEventStore } from "oh-event-store";
import { expect, test } from "vitest";

const LEVELS = 100_000;
const event = (id: number, content: string) =>
  `{"id": ${id}, "action": "message", "args": {"content": ${content}}}`;

test.each([
  ["in a worker", true],
  ["on the page", false],
])("%s", { timeout: 60_000 }, async (_, worker) => {
  const store = await openEventStore({
    name: `hostile-${crypto.randomUUID()}`,
    worker,
    logLevel: "off",
  });
  const conversation = await store.conversation("c");
  const nests = [
    ["[", "]"],
    ['{"a":', "}"],
    ['[{"a":1,"a":', "}]"],
  ] as const;
  for (const [open, close] of nests) {
    for (const nest of [open.repeat(LEVELS), `${open.repeat(LEVELS)}1${close.repeat(LEVELS)}`]) {
      const report = await conversation.feed(event(1, nest));
      expect(report).toMatchObject({ accepted: 0, rejected: 1 });
      expect(report.reason).toMatch("1000 levels");
      const imported = await store.import(`[${event(1, nest)}]`, { id: "c" });
      expect(imported).toMatchObject({ accepted: 0, rejected: 1 });
    }
  }
  let nested: unknown = 1;
  for (let level = 0; level < LEVELS; level++) nested = { nested };
  // A browser may give up on spelling it out.
  const answer = await conversation.feed({ id: 1, action: "message", nested }).then(
    ({ rejected }) => rejected,
    (error: unknown) => (error as { code?: string }).code,
  );
  expect([1, "invalid-argument"]).toContain(answer);

  const deepest = `${"[".repeat(997)}1${"]".repeat(997)}`;
  const keys = Array.from({ length: 100_000 }, (_, key) => `"${key}":0,"${key}":1`).join(",");
  const digits = "7".repeat(1_000_000);
  const long = JSON.stringify('\\"\n'.repeat(4 << 20));
  const contents = [deepest, `{${keys}}`, digits, `${digits}e-${digits}`, "1e999999999", long];
  for (const [id, content] of contents.entries()) {
    expect(await conversation.feed(event(id, content))).toMatchObject({ accepted: 1 });
  }
  const found = await conversation.getMatchingEvents({ query: digits.slice(1) });
  expect(found.map(({ id }) => id)).toEqual([2]);
  const last = (await conversation.getEvent(5)) as unknown as { args: { content: string } };
  expect(last.args.content.length).toBe(12 << 20);
  expect(await conversation.countEvents({ query: long.slice(1, 6001) })).toBe(1);
  await store.close();
});
