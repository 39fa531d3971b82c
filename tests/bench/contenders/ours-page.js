import { open as openOurs } from "./ours.js";

export const open = (options) => openOurs({ ...options, worker: false });
