import { Host } from "./host.js";
import type { Message, Request, WorkerName } from "./protocol.js";

export { Host };

// A page that runs the host itself imports this module too.
if (self.name === ("oh-event-store" satisfies WorkerName)) {
  // Answers of one microtask go in one message.
  let answers: Message[] = [];
  let moved: Transferable[] = [];
  const flush = () => {
    postMessage(answers, { transfer: moved });
    answers = [];
    moved = [];
  };
  const host = new Host((message, transfer) => {
    moved.push(...transfer);
    if (answers.push(message) === 1) queueMicrotask(flush);
  });
  addEventListener("message", ({ data }: MessageEvent<Request[]>) => {
    if (!data.length) postMessage([]);
    for (const request of data) host.receive(request);
  });
}
