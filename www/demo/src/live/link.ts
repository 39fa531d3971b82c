// One conversation's line to the server: Socket.IO or a plain WebSocket, everything that comes is
// fed into the log, and a lost connection is taken up again from what is stored.
import {
  type Conversation,
  type EventStore,
  type FeedReport,
  type StatusMessage,
} from "oh-event-store";
import { io } from "socket.io-client";
import { reason } from "../format";

export type Transport = "socket.io" | "websocket";
export type LinkStatus = "closed" | "connecting" | "connected" | "waiting";

export interface Notice {
  readonly key: number;
  readonly at: Date;
  readonly tone: "info" | "error";
  readonly text: string;
}

export interface LinkState {
  readonly transport: Transport;
  readonly status: LinkStatus;
  readonly attempts: number;
  readonly accepted: number;
  readonly doubles: number;
  readonly rejected: number;
  readonly statuses: number;
  /** The newest first. */
  readonly notices: readonly Notice[];
}

const NOTICES = 50;
const FIRST_DELAY = 400;
const LONGEST_DELAY = 8000;

export class Link {
  readonly #conversation: Conversation;
  readonly #listeners = new Set<() => void>();
  readonly #endStatus: () => void;
  #state: LinkState = {
    transport: "socket.io",
    status: "closed",
    attempts: 0,
    accepted: 0,
    doubles: 0,
    rejected: 0,
    statuses: 0,
    notices: [],
  };
  #close: (() => void) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted = false;
  #noticeKey = 0;
  #frame: number | undefined;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    this.#endStatus = conversation.onStatus((status) => this.#onStatus(status));
    window.addEventListener("online", this.#wake);
  }

  readonly getState = (): LinkState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  connect(transport: Transport): void {
    this.disconnect();
    this.#wanted = true;
    this.#set({ transport, attempts: 0 });
    void this.#open();
  }

  disconnect(): void {
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#close?.();
    this.#close = undefined;
    if (this.#state.status !== "closed") this.#set({ status: "closed" });
  }

  async end(): Promise<void> {
    this.disconnect();
    this.#endStatus();
    window.removeEventListener("online", this.#wake);
    await this.#conversation.close();
  }

  /** The feed that counts. A frame that can't be read is reported and nothing else happens. */
  readonly feed = async (frame: Parameters<Conversation["feed"]>[0]): Promise<FeedReport> => {
    try {
      const report = await this.#conversation.feed(frame);
      const { accepted, doubles, rejected, statuses } = this.#state;
      this.#set({
        accepted: accepted + report.accepted,
        doubles: doubles + report.doubles,
        rejected: rejected + report.rejected,
        statuses: statuses + report.status,
      });
      if (report.rejected > 0) this.notify("error", `Rejected: ${report.reason ?? "not readable"}`);
      return report;
    } catch (error) {
      this.notify("error", `Not stored: ${reason(error)}`);
      throw error;
    }
  };

  notify(tone: Notice["tone"], text: string): void {
    this.#noticeKey += 1;
    const notice = { key: this.#noticeKey, at: new Date(), tone, text };
    this.#set({ notices: [notice, ...this.#state.notices].slice(0, NOTICES) });
  }

  async #open(): Promise<void> {
    this.#set({ status: "connecting" });
    try {
      // What is stored, and nothing else, says where to resume.
      const latest = await this.#conversation.getLatestEventId();
      if (!this.#wanted || this.#close) return;
      this.#close =
        this.#state.transport === "socket.io" ? this.#socketIo(latest) : this.#webSocket();
    } catch (error) {
      this.#lost(reason(error));
    }
  }

  #socketIo(latest: number): () => void {
    const socket = io({
      query: {
        conversation_id: this.#conversation.id,
        latest_event_id: latest,
        providers_set: "",
      },
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
    });
    socket.on("connect", () => this.#connected());
    socket.on("oh_event", (event: object) => void this.feed(event).catch(ignore));
    socket.on("connect_error", (error: Error) => this.#lost(error.message));
    socket.on("disconnect", (why: string) => this.#lost(why));
    return () => {
      socket.off();
      socket.disconnect();
    };
  }

  #webSocket(): () => void {
    const url = new URL(
      `/sockets/events/${encodeURIComponent(this.#conversation.id)}`,
      location.href,
    );
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("resend_mode", "all");
    const socket = new WebSocket(url);
    // As `attach` does it, but with the reports counted.
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
      void this.feed(data).catch(ignore);
    });
    socket.addEventListener("open", () => this.#connected());
    socket.addEventListener("close", ({ code, reason: why }) => {
      if (this.#close === close) this.#lost(why || `closed with code ${code}`);
    });
    const close = (): void => {
      socket.close(1000);
    };
    return close;
  }

  #connected(): void {
    this.#set({ status: "connected", attempts: 0 });
  }

  #lost(why: string): void {
    this.#close?.();
    this.#close = undefined;
    if (!this.#wanted) return;
    const attempts = this.#state.attempts + 1;
    if (attempts === 1) this.notify("error", `Connection lost: ${why}`);
    this.#set({ status: "waiting", attempts });
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (attempts - 1));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#open(), delay * (0.5 + Math.random() / 2));
  }

  readonly #wake = (): void => {
    if (this.#state.status !== "waiting") return;
    clearTimeout(this.#timer);
    void this.#open();
  };

  #onStatus(status: StatusMessage): void {
    const text = status.message ?? status.id ?? JSON.stringify(status);
    this.notify(status.error || status.type === "error" ? "error" : "info", text);
  }

  /** The newest state at once; listeners at most once a frame, however fast events come. */
  #set(patch: Partial<LinkState>): void {
    const calm = patch.status === undefined && patch.transport === undefined;
    this.#state = { ...this.#state, ...patch };
    if (calm && document.visibilityState === "visible") {
      this.#frame ??= requestAnimationFrame(() => this.#tell());
    } else {
      this.#tell();
    }
  }

  #tell(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    for (const listener of this.#listeners) listener();
  }
}

/** What went wrong has been noted where it happened. */
function ignore(): void {}

const links = new Map<string, Link>();

/**
 * The line of a conversation: it outlives the view that shows it, so it keeps the conversation
 * open by itself.
 */
export async function linkOf(store: EventStore, id: string): Promise<Link> {
  const conversation = await store.conversation(id);
  const known = links.get(id);
  if (known) {
    await conversation.close();
    return known;
  }
  const link = new Link(conversation);
  links.set(id, link);
  return link;
}

/** Hangs up for good, before the conversation is deleted. */
export async function hangUp(id: string): Promise<void> {
  const link = links.get(id);
  links.delete(id);
  await link?.end();
}

/** The conversations that have a line to the server, or want one. */
export function isConnected(id: string): boolean {
  return (links.get(id)?.getState().status ?? "closed") !== "closed";
}
