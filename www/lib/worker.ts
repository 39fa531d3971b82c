import { Host } from "./host.js";
import type { Request, WorkerName } from "./protocol.js";

export { Host };

// A page that runs the host itself imports this module too.
if (self.name === ("oh-event-store" satisfies WorkerName)) {
  const host = new Host((message, transfer) => postMessage(message, { transfer }));
  addEventListener("message", ({ data }: MessageEvent<Request>) => host.receive(data));
}
