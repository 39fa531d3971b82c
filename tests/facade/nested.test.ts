/** A remote store's worker: one while it is used, none once it was refused or closed. */
import { nestedEventStore } from "oh-event-store";
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => vi.restoreAllMocks());

const running = (called: unknown[], ended: unknown[]) =>
  called.filter((worker) => !ended.includes(worker));

test("a store whose options are refused leaves no worker behind", async () => {
  const called = vi.spyOn(Worker.prototype, "postMessage");
  const ended = vi.spyOn(Worker.prototype, "terminate");
  const refused = { code: "invalid-argument" };
  const store = nestedEventStore({ baseUrl: location.origin, timeout: -1 });
  for (let read = 0; read < 3; read++) {
    await expect(store.getEvent(0)).rejects.toMatchObject(refused);
  }
  await expect(store.searchEvents().toArray()).rejects.toMatchObject(refused);
  expect(called).toHaveBeenCalled();
  expect(running(called.mock.contexts, ended.mock.contexts)).toEqual([]);
  await store.close();
  await expect(store.getEvent(0)).rejects.toMatchObject({ code: "closed" });
  expect(running(called.mock.contexts, ended.mock.contexts)).toEqual([]);
});
