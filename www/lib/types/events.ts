// Events as the server writes them, and filters over them.

/** Which protocol a conversation speaks: OpenHands V0 (integer ids) or V1 (string ids, `kind`). */
export type Dialect = "v0" | "v1";

/** Who an event came from. Only `hook` is V1's alone. */
export type EventSource = "agent" | "user" | "environment" | "hook";

/** The V0 server's action names; a newer server may know others. */
export type ActionType =
  | "null"
  | "run"
  | "run_ipython"
  | "browse"
  | "browse_interactive"
  | "read"
  | "write"
  | "edit"
  | "think"
  | "finish"
  | "reject"
  | "delegate"
  | "recall"
  | "change_agent_state"
  | "message"
  | "system"
  | "condensation"
  | "condensation_request"
  | "call_tool_mcp"
  | "task_tracking"
  | "loop_recovery"
  | (string & {});

/** The V0 server's observation names; a newer server may know others. */
export type ObservationType =
  | "null"
  | "run"
  | "run_ipython"
  | "browse"
  | "read"
  | "write"
  | "edit"
  | "delegate"
  | "success"
  | "error"
  | "agent_state_changed"
  | "user_rejected"
  | "condense"
  | "think"
  | "recall"
  | "mcp"
  | "download"
  | "task_tracking"
  | "loop_detection"
  | (string & {});

/** What V0's actions and observations have in common. Absent keys are absent, never null. */
export interface V0EventBase {
  /** The server's number for the event; holes between numbers are normal. */
  readonly id: number;
  /** Local time of the server, ISO 8601 without a zone. */
  readonly timestamp?: string;
  readonly source?: EventSource;
  /** A sentence for people that the server made from the event. */
  readonly message?: string;
  /** The id of the event that this one answers. */
  readonly cause?: number;
  readonly tool_call_metadata?: Readonly<Record<string, unknown>>;
  readonly llm_metrics?: Readonly<Record<string, unknown>>;
  readonly kind?: undefined;
  readonly [key: string]: unknown;
}

/** A V0 action: something that the user or the agent does. */
export interface ActionEvent extends V0EventBase {
  readonly action: ActionType;
  readonly args: Readonly<Record<string, unknown>>;
  /** Seconds. */
  readonly timeout?: number;
  readonly observation?: undefined;
}

/** A V0 observation: what came of an action. */
export interface ObservationEvent extends V0EventBase {
  readonly observation: ObservationType;
  readonly content: string;
  readonly extras: Readonly<Record<string, unknown>>;
  readonly success?: boolean;
  readonly action?: undefined;
}

/** A V0 event; `event.action !== undefined` tells the two apart. */
export type V0Event = ActionEvent | ObservationEvent;

/** A V1 event; `kind` is its class name, the other keys depend on it. */
export interface V1Event {
  readonly id: string;
  readonly kind: string;
  /** Local time of the server, ISO 8601 without a zone. */
  readonly timestamp: string;
  readonly source: EventSource;
  /** The event before this one; absent: the previous event of the log. */
  readonly parent_id?: string | null;
  readonly action?: Readonly<Record<string, unknown>> | null;
  readonly observation?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/**
 * One event as the server sends it. `event.kind === undefined` narrows to V0, and there
 * `event.action !== undefined` to an action; every other key can be read as `unknown`.
 */
export type Event = V0Event | V1Event;

/** What `addEvent` takes: an event without the id and the timestamp that the log gives it. */
export type NewEvent = { readonly [key: string]: unknown } & (
  | {
      readonly action: ActionType;
      readonly args?: Readonly<Record<string, unknown>>;
    }
  | {
      readonly observation: ObservationType;
      readonly content?: string;
      readonly extras?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: string }
);

/** A message on the socket that is no event (`status_update`, `error`, a new title); never stored. */
export interface StatusMessage {
  readonly status_update?: boolean;
  readonly error?: boolean;
  readonly type?: string;
  /** For example `STATUS$STARTING_RUNTIME`. */
  readonly id?: string;
  readonly message?: string;
  readonly [key: string]: unknown;
}

/**
 * Which events match: the server's EventFilter, and `text`. Everything given must hold; absent
 * means any.
 */
export interface EventFilter {
  /** Leave out hidden commands and their output. */
  readonly excludeHidden?: boolean | undefined;
  /** Case-insensitive substring of the event's JSON text as the server dumps it. */
  readonly query?: string | undefined;
  /** Class names such as `CmdRunAction`; `Action` and `Observation` mean all of them. */
  readonly includeTypes?: readonly string[] | undefined;
  readonly excludeTypes?: readonly string[] | undefined;
  readonly source?: string | undefined;
  /** Inclusive, compared as text with the event's timestamp. */
  readonly startDate?: string | undefined;
  /** Inclusive, compared as text: a date without a time leaves that whole day out. */
  readonly endDate?: string | undefined;
  /**
   * For people: occurs in what they read of the event (what was said, thought, run, printed, the
   * names of files …), in upper or lower case and however accents are spelled; `highlights` tells
   * where. Keys, ids and escapes are never searched, as they are by `query`.
   */
  readonly text?: string | undefined;
}

/** Where a filter's `text` was found in one string of an event. */
export interface Highlight {
  /** The way to the string: keys, and places in lists. */
  readonly path: readonly (string | number)[];
  /** From and to, the latter not included, as `slice` takes them; ascending, without overlap. */
  readonly ranges: readonly (readonly [start: number, end: number])[];
}
