import { Host } from "./host.js";
import type { Request } from "./protocol.js";

const host = new Host((message, transfer) => postMessage(message, { transfer }));
addEventListener("message", ({ data }: MessageEvent<Request>) => host.receive(data));
