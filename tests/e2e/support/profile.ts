// A browser on a profile of its own, which it may be killed on.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, BrowserType, LaunchOptions, Page } from "@playwright/test";
import { expect } from "./fixtures.js";

export class Profile {
  readonly folder = mkdtempSync(join(tmpdir(), "oh-profile-"));
  #context: BrowserContext | undefined;

  constructor(
    readonly browser: BrowserType,
    readonly options: LaunchOptions,
  ) {}

  async open(): Promise<Page> {
    // Firefox leaves them behind when it is killed, and doesn't open a profile that has them.
    for (const lock of ["lock", ".parentlock"]) rmSync(join(this.folder, lock), { force: true });
    this.#context = await this.browser.launchPersistentContext(this.folder, this.options);
    return this.#context.pages()[0] ?? (await this.#context.newPage());
  }

  /** Ends every process of the profile at once, as a crash of the machine would. */
  kill(): void {
    for (const pid of this.#processes()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended with its parent.
      }
    }
  }

  /** Two browsers on one profile, if only for a moment, would spoil its databases. */
  async close(): Promise<void> {
    await this.#context?.close().catch(() => {});
    await expect.poll(() => this.#processes()).toEqual([]);
  }

  async remove(): Promise<void> {
    this.kill();
    await this.#context?.close().catch(() => {});
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  #processes(): number[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(this.folder);
        } catch {
          return false;
        }
      })
      .map(Number);
  }
}
