import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { buildHttpBaseUrl, buildWebSocketUrl, extractBaseHost, extractPathPrefix } from "./urls.js";

const page = (protocol: string) => vi.stubGlobal("location", { host: "app.test:3001", protocol });

describe("the URL helpers", () => {
  beforeEach(() => page("https:"));
  afterEach(() => vi.unstubAllGlobals());

  it.each([
    ["https://example.com/api/conversations/1", "example.com", ""],
    ["http://localhost:3000/api/conversations/1", "localhost:3000", ""],
    ["https://x.test/runtime/55313/api/conversations/a", "x.test", "/runtime/55313"],
    ["https://x.test/a/b/c/api/conversations/a", "x.test", "/a/b/c"],
    ["https://x.test/a/", "x.test", "/a"],
    ["https://x.test", "x.test", ""],
    ["/api/conversations/1", "app.test:3001", ""],
    ["no url", "app.test:3001", ""],
    ["", "app.test:3001", ""],
    [null, "app.test:3001", ""],
    [undefined, "app.test:3001", ""],
  ])("find the host and the prefix of %s", (url, host, prefix) => {
    expect(extractBaseHost(url)).toBe(host);
    expect(extractPathPrefix(url)).toBe(prefix);
    expect(buildHttpBaseUrl(url)).toBe(`https://${host}${prefix}`);
    expect(buildWebSocketUrl("id", url)).toBe(`wss://${host}${prefix}/sockets/events/id`);
  });

  it("take the protocol of the page, not of the conversation", () => {
    page("http:");
    const url = "https://x.test/p/api/conversations/1";
    expect(buildHttpBaseUrl(url)).toBe("http://x.test/p");
    expect(buildWebSocketUrl("1", url)).toBe("ws://x.test/p/sockets/events/1");
  });

  it("give no socket without an id", () => {
    expect(buildWebSocketUrl(undefined, "https://x.test/")).toBeNull();
    expect(buildWebSocketUrl("", null)).toBeNull();
  });
});
