/**
 * A place in the line of those, of all tabs, who want what only one may have at a time: a Web Lock.
 * The browser gives it to the next one when a tab ends in any way.
 */
export class Turn {
  #leave: (() => void) | undefined;

  /**
   * `tell` hears whether it is our turn, as soon as that is known and when it is later. Without Web
   * Locks it is everyone's, and not `only` ours.
   */
  constructor(
    private readonly name: string,
    private readonly tell: (ours: boolean, only: boolean) => void,
  ) {}

  /** Stands in line; `false` where it does already. Without Web Locks it is everyone's turn. */
  take(): boolean {
    if (this.#leave) return false;
    const control = new AbortController();
    const { signal } = control;
    const left = new Promise<void>((resolve) => {
      this.#leave = () => {
        control.abort();
        resolve();
      };
    });
    const hold = (lock: Lock | null): Promise<unknown> | undefined => {
      if (signal.aborted) return;
      this.tell(!!lock, true);
      return lock ? left : navigator.locks.request(this.name, { signal }, hold);
    };
    // A page without them, or one that may not use them, rejects.
    const asked = async () => navigator.locks.request(this.name, { ifAvailable: true }, hold);
    asked().catch(() => {
      if (!signal.aborted) this.tell(true, false);
    });
    return true;
  }

  /** Leaves the line, or lets the next one have its turn. */
  leave(): void {
    this.#leave?.();
    this.#leave = undefined;
  }
}
