/// <reference lib="esnext.disposable" preserve="true" />
export type * from "./types/events.js";
export type * from "./types/errors.js";
export type * from "./types/store.js";
export type * from "./types/conversation.js";
export type * from "./types/server.js";
export type * from "./types/damage.js";
export type * from "./types/replay.js";
