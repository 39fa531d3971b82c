/** A conversation goes out as a file and comes back, in every format, from a worker and on the page. */
import { openEventStore } from "oh-event-store";
import type { Conversation, EventStore, ExportOptions } from "oh-event-store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const EVENTS = 900;

/** A V0 event in wire form, as text: holes, floats, an unpaired surrogate, NaN. */
function frame(n: number): string {
  const odd = n % 50 === 7 ? "\\ud83d NaN" : `caf\\u00e9 ${Math.sin(n)}`;
  const words = Array.from({ length: 40 }, (_, word) => Math.sin(n * 40 + word)).join(" ");
  return (
    `{"id": ${n * 2}, "timestamp": "2025-01-01T00:${String(n % 60).padStart(2, "0")}:00", ` +
    `"source": "agent", "message": "Running command: ls ${n}", "action": "run", "args": ` +
    `{"command": "ls ${n}", "is_input": false, "thought": "${odd} ${words}", "blocking": false, ` +
    `"is_static": false, "cwd": null, "hidden": false, "confirmation_state": "confirmed", "security_risk": -1}, ` +
    `"timeout": ${n % 50 === 7 ? "NaN" : "120.0"}}`
  );
}

const pack = (blob: Blob): Promise<Blob> =>
  new Response(blob.stream().pipeThrough(new CompressionStream("gzip"))).blob();

const unpack = (blob: Blob): Promise<string> =>
  new Response(blob.stream().pipeThrough(new DecompressionStream("gzip"))).text();

describe.each([
  ["in a worker", true],
  ["on the page", false],
])("%s", (_, worker) => {
  let store: EventStore;
  let other: EventStore;
  let conversation: Conversation;
  let lines: string;

  beforeAll(async () => {
    const name = () => `export-${crypto.randomUUID()}`;
    store = await openEventStore({ name: name(), worker });
    other = await openEventStore({ name: name(), worker });
    conversation = await store.conversation("talk");
    lines = Array.from({ length: EVENTS }, (_, n) => `${frame(n)}\n`).join("");
    const report = await store.import(lines, { id: "talk" });
    expect(report).toMatchObject({ format: "jsonl", accepted: EVENTS, rejected: 0 });
    await conversation.feed(frame(EVENTS + 3));
    lines += `${frame(EVENTS + 3)}\n`;
  });
  afterAll(() => Promise.all([store.close(), other.close()]));

  const linesOf = async (source: EventStore, id: string): Promise<string> => {
    const copy = await source.conversation(id);
    try {
      return await (await copy.export({ format: "jsonl" })).text();
    } finally {
      await copy.close();
    }
  };

  test("an archive comes back as the identical log, and changes nothing the second time", async () => {
    const blob = await conversation.export({ format: "archive" });
    expect(blob.type).toBe("application/gzip");
    expect(blob.size).toBeLessThan(lines.length / 2);
    const report = await other.import(blob);
    expect(report).toEqual({
      conversationId: "talk",
      format: "archive",
      accepted: EVENTS + 1,
      doubles: 0,
      rejected: 0,
      errors: [],
    });
    expect((await linesOf(other, "talk")) === lines).toBe(true);
    const copy = await other.conversation("talk");
    expect(await copy.coverage()).toEqual(await conversation.coverage());
    const info = async (of: EventStore) => ({ ...(await of.conversations())[0], lastAccess: 0 });
    expect(await info(other)).toEqual(await info(store));
    const again = await other.import(blob, { id: "talk" });
    expect(again).toMatchObject({ accepted: 0, doubles: EVENTS + 1, rejected: 0 });
    // Unpacked it is the same file.
    const plain = new Blob([await new Response(blob.stream()).arrayBuffer()]);
    expect(await other.import(plain, { id: "plain" })).toMatchObject({ accepted: EVENTS + 1 });
    expect((await linesOf(other, "plain")) === lines).toBe(true);
    await copy.close();
  });

  test.each<ExportOptions["format"]>(["jsonl", "trajectory"])(
    "%s, packed or not",
    async (format) => {
      const blob = await conversation.export({ format, screenshots: true });
      const id = `copy-${format}`;
      expect(await other.import(blob, { id })).toMatchObject({ format, accepted: EVENTS + 1 });
      expect((await linesOf(other, id)) === lines).toBe(true);
      const packed = await pack(blob);
      expect(await unpack(packed)).toBe(await blob.text());
      expect(await other.import(packed, { id })).toMatchObject({
        accepted: 0,
        doubles: EVENTS + 1,
      });
      const bytes = new Uint8Array(await blob.arrayBuffer());
      expect(await other.import(bytes, { id })).toMatchObject({ accepted: 0, doubles: EVENTS + 1 });
    },
  );

  test("an archive that is cut off or damaged gives what comes before, and says what is lost", async () => {
    const blob = await conversation.export({ format: "archive" });
    const bytes = new Uint8Array(await blob.arrayBuffer());
    const middle = Math.floor(bytes.length * 0.7);
    bytes.set([(bytes[middle] ?? 0) ^ 0x55], middle);
    const files = {
      half: blob.slice(0, blob.size / 2),
      flipped: new Blob([bytes]),
    };
    const known = new Set(lines.match(/.*\n/g));
    for (const [id, file] of Object.entries(files)) {
      const report = await other.import(file, { id });
      expect(report.errors, id).not.toEqual([]);
      const copied = await linesOf(other, id);
      if (id !== "flipped") expect(lines.startsWith(copied), id).toBe(true);
      expect(copied.match(/.*\n/g)?.every((line) => known.has(line))).toBe(true);
      expect(copied.length, id).toBeGreaterThan(lines.length * 0.2);
      expect(report.accepted + report.rejected, id).toBe(EVENTS + 1);
      expect(report.accepted, id).toBeLessThan(EVENTS);
    }
    const stub = blob.slice(0, 30);
    await expect(other.import(stub)).rejects.toMatchObject({ code: "invalid-event" });
    const cut = (await pack(new Blob([lines]))).slice(0, 5000);
    await expect(other.import(cut)).rejects.toMatchObject({ code: "invalid-event" });
  });

  test("a transcript shows every event to people", async () => {
    const blob = await conversation.export({ format: "markdown" });
    expect(blob.type).toBe("text/markdown");
    const text = await blob.text();
    expect(text.startsWith(`# Conversation talk\n\n${EVENTS + 1} events, from 2025-`)).toBe(true);
    expect(text.match(/^## \d+ · agent · CmdRunAction · /gm)).toHaveLength(EVENTS + 1);
    expect(text).toContain("\n```sh\nls 899\n```\n");
  });

  test("progress is told, and a signal ends it", async () => {
    for (const format of ["trajectory", "jsonl", "markdown", "archive"] as const) {
      const steps: [number, number][] = [];
      await conversation.export({ format, onProgress: (...step) => steps.push(step) });
      expect(steps.at(-1)).toEqual([lines.length, lines.length]);
      expect(steps.map(([done]) => done)).toEqual(
        steps.map(([done]) => done).toSorted((a, b) => a - b),
      );
    }
    const given = AbortSignal.abort();
    await expect(conversation.export({ signal: given })).rejects.toBe(given.reason);
    const control = new AbortController();
    const reason = new Error("enough");
    const stopped = conversation.export({
      format: "archive",
      signal: control.signal,
      onProgress: () => control.abort(reason),
    });
    await expect(stopped).rejects.toBe(reason);
    expect(await conversation.countEvents()).toBe(EVENTS + 1);
  });
});
