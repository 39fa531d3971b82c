import { expect, type Browser, type CDPSession, type Page } from "@playwright/test";

/**
 * A tab that Playwright knows nothing of, for it keeps its own awake: none of them can be frozen. All
 * of them are in the browser's own profile, apart from the contexts.
 */
export class FreeTab {
  #last = 0;
  readonly #waiting = new Map<number, (answer: Answer) => void>();

  private constructor(
    private readonly browser: CDPSession,
    private readonly targetId: string,
    private readonly sessionId: string,
  ) {
    browser.on("Target.receivedMessageFromTarget", ({ sessionId, message }) => {
      if (sessionId !== this.sessionId) return;
      const answer = JSON.parse(message) as Answer;
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    });
  }

  /** Opens the harness. */
  static async open(browser: Browser, url: string): Promise<FreeTab> {
    const session = await browser.newBrowserCDPSession();
    const { targetId } = await session.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await session.send("Target.attachToTarget", { targetId });
    const tab = new FreeTab(session, targetId, sessionId);
    await tab.send("Page.navigate", { url });
    await expect.poll(() => tab.evaluate(() => "oh" in window)).toBe(true);
    return tab;
  }

  async send(method: string, params: object = {}): Promise<unknown> {
    const id = ++this.#last;
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    const { sessionId } = this;
    const message = JSON.stringify({ id, method, params });
    await this.browser.send("Target.sendMessageToTarget", { sessionId, message });
    const { error, result } = await answer;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** As a page's. */
  readonly evaluate = (async (call: unknown, arg: unknown) => {
    const { result, exceptionDetails } = (await this.send("Runtime.evaluate", {
      expression: `(${String(call)})(${JSON.stringify(arg) ?? ""})`,
      awaitPromise: true,
      returnByValue: true,
    })) as { result: { value?: unknown }; exceptionDetails?: object };
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return result.value;
  }) as Page["evaluate"];

  async close(): Promise<void> {
    await this.browser.send("Target.closeTarget", { targetId: this.targetId });
  }
}

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}
