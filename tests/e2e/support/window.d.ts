import type * as oh from "oh-event-store";

declare global {
  interface Window {
    /** The built package, in pages/harness.html. */
    oh: typeof oh;
    /** What a test keeps in the page between two calls. */
    store: oh.EventStore;
    conversation: oh.Conversation;
    connection: oh.Connection;
    end: () => void;
    seen: unknown[];
    /** The content that was heard last of each event. */
    heard: Record<number, unknown>;
    /** The `message` of each status. */
    told: unknown[];
    /** What has become of each `send`: an error's code, or `ok`. */
    sent: string[];
  }
}
