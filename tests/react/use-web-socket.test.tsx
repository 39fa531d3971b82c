import { act, cleanup, renderHook, waitFor } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, expect, inject, test, vi } from "vitest";
import { useWebSocket } from "../../www/lib/react/use-web-socket.js";
import type { WebSocketHookOptions } from "../../www/lib/react/web-socket.js";
import type { Seen } from "./server.js";

const host = `127.0.0.1:${inject("port")}`;
let count = 0;
const path = () => `/${Date.now()}-${count++}`;
const ws = (at: string, query = "") => `ws://${host}${at}${query}`;
const seen = async (at: string) => (await fetch(`http://${host}${at}`)).json() as Promise<Seen>;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

afterEach(cleanup);

interface Props {
  url: string;
  options?: WebSocketHookOptions | undefined;
}
const render = (url: string, options?: WebSocketHookOptions) => {
  const initialProps: Props = { url, options };
  return renderHook((props: Props) => useWebSocket(props.url, props.options), { initialProps });
};
type Rendered = ReturnType<typeof render>["result"];
const opened = (result: Rendered) => waitFor(() => expect(result.current.isConnected).toBe(true));
const socketOf = (result: Rendered) => {
  if (!result.current.socket) throw new Error("there is no socket");
  return result.current.socket;
};
const say = (result: Rendered, ...lines: string[]) =>
  result.current.sendMessage(JSON.stringify({ say: lines }));

test("connects, and says so", async () => {
  const { result } = render(ws(path(), "?hello=hi"));
  expect(result.current.isConnected).toBe(false);
  expect(result.current.lastMessage).toBe(null);
  expect(result.current.messages).toEqual([]);
  await waitFor(() => expect(result.current.lastMessage).toBe("hi"));
  expect(result.current.isConnected).toBe(true);
  expect(result.current.socket).toBeInstanceOf(WebSocket);
  expect(result.current.error).toBe(null);
});

test("every message is kept, in order, also when two are the same", async () => {
  const { result } = render(ws(path()));
  await opened(result);
  say(result, "a", "b", "b");
  await waitFor(() => expect(result.current.messages).toEqual(["a", "b", "b"]));
  expect(result.current.lastMessage).toBe("b");
  expect(Array.isArray(result.current.messages)).toBe(true);
  expect([...result.current.messages]).toStrictEqual(["a", "b", "b"]);
  expect(JSON.stringify(result.current.messages)).toBe('["a","b","b"]');
});

test("messages is another array after each message, and an old one stays as it was", async () => {
  const { result } = render(ws(path()));
  await opened(result);
  const before = result.current.messages;
  say(result, "a");
  await waitFor(() => expect(result.current.messages).toEqual(["a"]));
  expect(result.current.messages).not.toBe(before);
  expect(before).toEqual([]);
  const one = result.current.messages;
  say(result, "a");
  await waitFor(() => expect(result.current.messages).toHaveLength(2));
  expect(result.current.messages).not.toBe(one);
  expect(one).toEqual(["a"]);
  expect(() => one.push("x")).toThrow(TypeError);
  expect(result.current.messages).toEqual(["a", "a"]);
});

test("a render without a message keeps the array", async () => {
  const { result, rerender } = render(ws(path(), "?hello=hi"));
  await waitFor(() => expect(result.current.messages).toEqual(["hi"]));
  const { messages, sendMessage, disconnect } = result.current;
  rerender({ url: socketOf(result).url });
  expect(result.current.messages).toBe(messages);
  expect(result.current.sendMessage).toBe(sendMessage);
  expect(result.current.disconnect).toBe(disconnect);
});

test("query parameters go into the URL, booleans as text", async () => {
  const at = path();
  const { result } = render(ws(at), { queryParams: { token: "a b&c", resend_all: true } });
  await opened(result);
  expect((await seen(at)).urls).toEqual([`${at}?token=a+b%26c&resend_all=true`]);
});

test("query parameters join those that the URL has", async () => {
  const at = path();
  const { result } = render(ws(at, "?x=1"), { queryParams: { y: "2" } });
  await opened(result);
  expect((await seen(at)).urls).toEqual([`${at}?x=1&y=2`]);
});

test("sendMessage sends when open and does nothing before", async () => {
  const at = path();
  const { result } = render(ws(at));
  result.current.sendMessage("too early");
  await opened(result);
  result.current.sendMessage("now");
  await waitFor(async () => expect((await seen(at)).received).toEqual(["now"]));
});

test("the callbacks are called, the newest ones, without a new connection", async () => {
  const at = path();
  const first = { onOpen: vi.fn(), onMessage: vi.fn() };
  const { result, rerender } = render(ws(at), first);
  await opened(result);
  expect(first.onOpen).toHaveBeenCalledOnce();
  const second = { onMessage: vi.fn(), onClose: vi.fn() };
  rerender({ url: ws(at), options: second });
  say(result, "a");
  await waitFor(() => expect(second.onMessage).toHaveBeenCalledOnce());
  expect(first.onMessage).not.toHaveBeenCalled();
  expect((await seen(at)).urls).toHaveLength(1);
});

test.each([
  [4001, "no such key", "WebSocket closed with code 4001: no such key"],
  [1011, "", "WebSocket closed with code 1011: Connection closed unexpectedly"],
])("a close with code %i is an error, told to onError, then onClose", async (code, why, text) => {
  const calls: string[] = [];
  const { result } = render(ws(path()), {
    onError: (event) => calls.push(`error ${event.type}`),
    onClose: (event) => calls.push(`close ${event.code}`),
  });
  await opened(result);
  result.current.sendMessage(JSON.stringify({ close: [code, why] }));
  await waitFor(() => expect(result.current.error?.message).toBe(text));
  expect(result.current.isConnected).toBe(false);
  expect(calls).toEqual(["error close", `close ${code}`]);
  expect(result.current.socket).toBeTruthy();
  expect(result.current.isReconnecting).toBe(false);
});

test("a close with code 1000 is no error", async () => {
  const onError = vi.fn();
  const onClose = vi.fn();
  const { result } = render(ws(path()), { onError, onClose });
  await opened(result);
  result.current.sendMessage(JSON.stringify({ close: [1000, "bye"] }));
  await waitFor(() => expect(onClose).toHaveBeenCalledOnce());
  await waitFor(() => expect(result.current.isConnected).toBe(false));
  expect(result.current.error).toBe(null);
  expect(onError).not.toHaveBeenCalled();
});

test("a refused connection is an error with code 1006", async () => {
  const onError = vi.fn();
  const { result } = render(ws(path(), "?refuse=1"), { onError });
  await waitFor(() => expect(result.current.error?.message).toContain("closed with code 1006"));
  expect(onError).toHaveBeenCalled();
  expect(result.current.isConnected).toBe(false);
});

test("an impossible URL is an error, and no crash", async () => {
  const { result } = render("ws://exa mple:x/");
  await waitFor(() => expect(result.current.error?.message).toMatch(/invalid/i));
  expect(result.current.socket).toBe(null);
});

test("an empty URL connects nothing, until there is one", async () => {
  const at = path();
  const { result, rerender } = render("");
  await pause(50);
  expect(result.current.socket).toBe(null);
  rerender({ url: "  " });
  await pause(50);
  expect(result.current.socket).toBe(null);
  rerender({ url: ws(at) });
  await opened(result);
});

test("a lost connection comes back, and the count starts again", async () => {
  const at = path();
  const onOpen = vi.fn();
  const { result } = render(ws(at), { onOpen, reconnect: { enabled: true, delay: 300 } });
  await opened(result);
  result.current.sendMessage(JSON.stringify({ drop: true }));
  await waitFor(() => expect(result.current.isReconnecting).toBe(true));
  expect(result.current.attemptCount).toBe(1);
  expect(result.current.isConnected).toBe(false);
  expect(result.current.error?.message).toContain("1006");
  await opened(result);
  expect(result.current.isReconnecting).toBe(false);
  expect(result.current.attemptCount).toBe(0);
  expect(result.current.error).toBe(null);
  expect(onOpen).toHaveBeenCalledTimes(2);
});

test("reconnecting ends after maxAttempts", async () => {
  const at = path();
  const onClose = vi.fn();
  const reconnect = { enabled: true, maxAttempts: 2, delay: 10 };
  const { result } = render(ws(at, "?refuse=1"), { onClose, reconnect });
  await waitFor(() => expect(onClose).toHaveBeenCalledTimes(3));
  await waitFor(() => expect(result.current.isReconnecting).toBe(false));
  expect(result.current.attemptCount).toBe(2);
  await pause(100);
  expect((await seen(at)).urls).toHaveLength(3);
});

test("without the option nothing reconnects", async () => {
  const at = path();
  const { result } = render(ws(at), { reconnect: { delay: 10 } });
  await opened(result);
  result.current.sendMessage(JSON.stringify({ drop: true }));
  await waitFor(() => expect(result.current.isConnected).toBe(false));
  await pause(100);
  expect((await seen(at)).urls).toHaveLength(1);
  expect(result.current.isReconnecting).toBe(false);
});

test("disconnect closes, ends reconnecting, and is not an error to onError", async () => {
  const at = path();
  const onError = vi.fn();
  const onClose = vi.fn();
  const options = { onError, onClose, reconnect: { enabled: true, delay: 10 } };
  const { result, unmount } = render(ws(at), options);
  await opened(result);
  const close = vi.spyOn(socketOf(result), "close");
  act(() => result.current.disconnect());
  await waitFor(() => expect(onClose).toHaveBeenCalledOnce());
  await waitFor(() => expect(result.current.isConnected).toBe(false));
  await pause(100);
  expect(onError).not.toHaveBeenCalled();
  expect(result.current.isReconnecting).toBe(false);
  expect((await seen(at)).urls).toHaveLength(1);
  unmount();
  expect(close).toHaveBeenCalledOnce();
});

test("disconnect while waiting for the next attempt ends the wait", async () => {
  const at = path();
  const reconnect = { enabled: true, delay: 200 };
  const { result } = render(ws(at, "?refuse=1"), { reconnect });
  await waitFor(() => expect(result.current.isReconnecting).toBe(true));
  act(() => result.current.disconnect());
  expect(result.current.isReconnecting).toBe(false);
  await pause(400);
  expect((await seen(at)).urls).toHaveLength(1);
});

test("unmounting closes once, tells onClose, and never reconnects", async () => {
  const at = path();
  const onError = vi.fn();
  const onClose = vi.fn();
  const options = { onError, onClose, reconnect: { enabled: true, delay: 10 } };
  const { result, unmount } = render(ws(at), options);
  await opened(result);
  const close = vi.spyOn(socketOf(result), "close");
  unmount();
  expect(close).toHaveBeenCalledOnce();
  await waitFor(() => expect(onClose).toHaveBeenCalledOnce());
  await pause(100);
  expect(close).toHaveBeenCalledOnce();
  expect(onError).not.toHaveBeenCalled();
  expect((await seen(at)).urls).toHaveLength(1);
});

test("unmounting while waiting for the next attempt ends the wait", async () => {
  const at = path();
  const reconnect = { enabled: true, delay: 200 };
  const { result, unmount } = render(ws(at, "?refuse=1"), { reconnect });
  await waitFor(() => expect(result.current.isReconnecting).toBe(true));
  unmount();
  await pause(400);
  expect((await seen(at)).urls).toHaveLength(1);
});

test("another URL closes the old connection, without onClose, and opens the new one", async () => {
  const [a, b] = [path(), path()];
  const onClose = vi.fn();
  const { result, rerender } = render(ws(a), { onClose });
  await opened(result);
  rerender({ url: ws(b), options: { onClose } });
  await waitFor(() => expect(result.current.socket?.url).toBe(ws(b)));
  await opened(result);
  await waitFor(async () => expect((await seen(a)).closed).toHaveLength(1));
  await pause(50);
  expect(result.current.isConnected).toBe(true);
  expect(onClose).not.toHaveBeenCalled();
});

test("an emptied URL leaves nothing connected", async () => {
  const at = path();
  const { result, rerender } = render(ws(at));
  await opened(result);
  rerender({ url: "" });
  await waitFor(() => expect(result.current.isConnected).toBe(false));
  expect(result.current.socket).toBe(null);
  await waitFor(async () => expect((await seen(at)).closed).toHaveLength(1));
});

test("StrictMode's double mount leaves one connection, and no false error", async () => {
  const at = path();
  const onError = vi.fn();
  const onClose = vi.fn();
  const { result } = renderHook(() => useWebSocket(ws(at), { onError, onClose }), {
    wrapper: StrictMode,
  });
  await opened(result);
  await pause(100);
  const { urls, closed } = await seen(at);
  expect(urls.length - closed.length).toBe(1);
  expect(result.current.isConnected).toBe(true);
  expect(result.current.error).toBe(null);
  expect(onError).not.toHaveBeenCalled();
  expect(onClose).not.toHaveBeenCalled();
});

test("every message is fed, also those from before the conversation was there", async () => {
  const url = ws(path());
  const { result, rerender } = render(url);
  await opened(result);
  say(result, "a", "b");
  await waitFor(() => expect(result.current.messages).toHaveLength(2));
  const frames: unknown[] = [];
  const report = { accepted: 1, doubles: 0, status: 0, rejected: 0 };
  const conversation = {
    feed: (frame: unknown) => {
      frames.push(frame);
      return Promise.resolve(report);
    },
  };
  rerender({ url, options: { conversation } });
  expect(frames).toEqual(["a", "b"]);
  say(result, "c");
  await waitFor(() => expect(frames).toEqual(["a", "b", "c"]));
});

test("with a server's address, a conversation that can only be fed is fed", async () => {
  const frames: unknown[] = [];
  const conversation = {
    feed: (frame: unknown) => {
      frames.push(frame);
      return Promise.resolve({ accepted: 1, doubles: 0, status: 0, rejected: 0 });
    },
  };
  const server = { baseUrl: `http://${host}/nowhere` };
  const { result } = render(ws(path(), "?hello=a"), { conversation, server });
  await waitFor(() => expect(frames).toEqual(["a"]));
  expect(result.current.messages).toEqual(["a"]);
});

test("another URL's conversation gets nothing of the old one's messages", async () => {
  const { result, rerender } = render(ws(path(), "?hello=old"));
  await waitFor(() => expect(result.current.lastMessage).toBe("old"));
  const frames: unknown[] = [];
  const conversation = {
    feed: (frame: unknown) => {
      frames.push(frame);
      return Promise.reject(new Error("refused"));
    },
  };
  rerender({ url: ws(path(), "?hello=new"), options: { conversation } });
  await waitFor(() => expect(frames).toEqual(["new"]));
});
