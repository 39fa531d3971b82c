/** What the socket of `useWebSocket` missed is fetched, where it is told from where. */
import { cleanup, renderHook, waitFor } from "@testing-library/react";
import { openEventStore, type Conversation, type ServerOptions } from "oh-event-store";
import { EventStoreProvider, useConversation, useWebSocket } from "oh-event-store/react";
import { StrictMode } from "react";
import type { ReactNode } from "react";
import { afterEach, expect, inject, test, vi } from "vitest";

const host = `127.0.0.1:${inject("port")}`;
const patient = { timeout: 15_000 };
const text = (id: string) =>
  `{"id": "${id}", "timestamp": "2026-01-01T00:00:00", "source": "agent", "kind": "MessageEvent"}`;

afterEach(cleanup);

async function render(at: string, server?: ServerOptions) {
  const store = await openEventStore({ name: `own-${crypto.randomUUID()}` });
  const onClose = vi.fn();
  const hook = renderHook(
    ({ server }: { server: ServerOptions | undefined }) => {
      const conversation = useConversation("c", { dialect: "v1" });
      const reconnect = { enabled: true, delay: 10 };
      const socket = useWebSocket(`ws://${host}${at}`, {
        conversation,
        server,
        reconnect,
        onClose,
      });
      return { conversation, socket };
    },
    {
      initialProps: { server },
      wrapper: ({ children }: { children: ReactNode }) => (
        <StrictMode>
          <EventStoreProvider store={store}>{children}</EventStoreProvider>
        </StrictMode>
      ),
    },
  );
  const order = (what: object) => hook.result.current.socket.sendMessage(JSON.stringify(what));
  await waitFor(() => expect(hook.result.current.conversation).not.toBe(null), patient);
  await waitFor(() => expect(hook.result.current.socket.isConnected).toBe(true), patient);
  return {
    ...hook,
    order,
    store,
    onClose,
    conversation: hook.result.current.conversation as Conversation,
  };
}

const ids = async (conversation: Conversation) =>
  (await conversation.searchEvents().toArray()).map(({ id }) => id);

test("what was never sent, and what was missed, is there, each once and in order", async () => {
  const at = `/own-${crypto.randomUUID()}`;
  const server = { baseUrl: `http://${host}${at}` };
  const { order, conversation, result, store, unmount, onClose } = await render(at, server);
  order({ keep: ["a", "b", "c"].map(text), say: ["a", "c"].map(text) });
  await waitFor(async () => expect(await ids(conversation)).toEqual(["a", "b", "c"]), patient);
  order({ keep: ["d", "e"].map(text), drop: true });
  await waitFor(() => expect(onClose).toHaveBeenCalled(), patient);
  await waitFor(() => expect(result.current.socket.isConnected).toBe(true), patient);
  order({ keep: ["f"].map(text), say: ["f"].map(text) });
  const all = ["a", "b", "c", "d", "e", "f"];
  await waitFor(async () => expect(await ids(conversation)).toEqual(all), patient);
  await waitFor(async () => {
    expect(await conversation.coverage()).toMatchObject({ complete: true, gaps: [] });
  }, patient);
  expect(result.current.socket.messages).toEqual(["a", "c", "f"].map(text));
  unmount();
  await store.close();
});

test("without an address what came is stored, and called a gap", async () => {
  const at = `/own-${crypto.randomUUID()}`;
  const { order, conversation, store, unmount } = await render(at);
  order({ keep: ["a", "b", "c"].map(text), say: ["a", "c"].map(text) });
  await waitFor(async () => expect(await ids(conversation)).toEqual(["a", "c"]), patient);
  expect((await conversation.coverage()).complete).toBe(false);
  unmount();
  await store.close();
});

test("what the address refuses takes nothing from what the socket brings", async () => {
  const at = `/own-${crypto.randomUUID()}`;
  const server = { baseUrl: `http://${host}${at}/refused` };
  const { order, conversation, store, unmount } = await render(at, server);
  order({ say: ['{"id": "a", "kind": "MessageEvent"}', text("b")] });
  await waitFor(async () => expect(await ids(conversation)).toEqual(["a", "b"]), patient);
  order({ say: [text("c")] });
  await waitFor(async () => expect(await ids(conversation)).toEqual(["a", "b", "c"]), patient);
  unmount();
  await store.close();
});

test("an address that can't be one is an error, and what comes is stored", async () => {
  const at = `/own-${crypto.randomUUID()}`;
  const bad = await render(at, { baseUrl: "" });
  const { order, conversation, store, result, rerender, unmount } = bad;
  const refused = { code: "invalid-argument" };
  await waitFor(() => expect(result.current.socket.error).toMatchObject(refused), patient);
  order({ say: ["a", "b"].map(text) });
  await waitFor(async () => expect(await ids(conversation)).toEqual(["a", "b"]), patient);
  expect(result.current.socket.error).toMatchObject(refused);
  expect(result.current.socket.isConnected).toBe(true);
  rerender({ server: { baseUrl: `http://${host}${at}` } });
  await waitFor(() => expect(result.current.socket.error).toBe(null), patient);
  order({ keep: ["a", "b", "c"].map(text), say: ["c"].map(text) });
  await waitFor(async () => expect(await ids(conversation)).toEqual(["a", "b", "c"]), patient);
  unmount();
  await store.close();
});
