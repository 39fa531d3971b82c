import { fileURLToPath } from "node:url";
import { test as base, expect, type Page } from "@playwright/test";
import { createServer, type RunningServer } from "../../../www/server/server.mjs";

export const root = fileURLToPath(new URL("../../../", import.meta.url));

interface Servers {
  /** Serves the built demo beside the conversations. */
  demo: RunningServer;
  /** Serves the repository, and so `harnessPath` and the built package that it imports. */
  files: RunningServer;
}

interface Pages {
  /** A page that has loaded the built package and nothing else. */
  harness: Page;
}

export const harnessPath = "/tests/e2e/pages/harness.html";

/**
 * What Firefox writes to its console about a socket that a server refuses or cuts. Its driver reports
 * such a line as if a script of the page had thrown it; no script has, and none could catch it.
 */
const SOCKET_LOST =
  /^(?:Firefox can’t establish a connection to the server at wss?:\S+|The connection to wss?:\S+ was interrupted while the page was loading\.)$/;

export const test = base.extend<Pages, Servers>({
  demo: [
    async ({}, use) => {
      const server = await createServer({ static: `${root}www/demo/dist` });
      await use(server);
      await server.close();
    },
    { scope: "worker" },
  ],

  files: [
    async ({}, use) => {
      const server = await createServer({ static: root });
      await use(server);
      await server.close();
    },
    { scope: "worker" },
  ],

  page: async ({ page, browserName }, use) => {
    const uncaught: string[] = [];
    page.on("pageerror", ({ message, stack }) => {
      if (browserName === "firefox" && SOCKET_LOST.test(message)) return;
      uncaught.push(String(stack));
    });
    await use(page);
    expect(uncaught, "errors that nothing caught").toEqual([]);
  },

  harness: async ({ page, files }, use) => {
    await page.goto(files.url + harnessPath);
    await use(page);
  },
});

/**
 * Leaves a test out of other browsers, whose drivers can't do what it does to the browser.
 * scripts/test.mjs accepts a test that is left out only when a line says so.
 */
export function needsChromium(browserName: string, why: string): void {
  if (browserName === "chromium") return;
  console.log(`left out: ${test.info().title} (1 test): ${why}`);
  test.skip(true, why);
}

export { expect };
