import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { EventNotFoundError, type Conversation, type Event } from "oh-event-store";
import { EventStoreProvider, useConversation, useEvents, useSearch } from "oh-event-store/react";

const frames = [
  {
    id: 0,
    timestamp: "2025-03-01T09:00:00.000001",
    source: "user",
    message: "Find the bug",
    action: "message",
    args: { content: "Find the bug", image_urls: null, wait_for_response: false },
  },
  {
    id: 1,
    timestamp: "2025-03-01T09:00:02.250000",
    source: "agent",
    message: "Running command: pytest",
    action: "run",
    args: { command: "pytest", thought: "", hidden: false },
  },
  {
    id: 3,
    timestamp: "2025-03-01T09:00:04.500000",
    source: "agent",
    message: "Command `pytest` executed with exit code 1.",
    cause: 1,
    observation: "run",
    content: "1 failed: a bug in total()",
    extras: { command: "pytest", hidden: false },
  },
];

async function fill(conversation: Conversation): Promise<string> {
  for (const frame of frames) await conversation.feed(JSON.stringify(frame));
  const latest: Event = await conversation.getLatestEvent();
  const missing = await conversation.getEvent(2).catch((error: unknown) => error);
  return `${latest.id} ${missing instanceof EventNotFoundError ? missing.code : String(missing)}`;
}

function Log() {
  const conversation = useConversation("consumer");
  const { events } = useEvents(conversation);
  const [filled, setFilled] = useState<string>();
  const found = useSearch(filled === undefined ? null : conversation, { query: "BUG" });
  useEffect(() => {
    if (conversation) fill(conversation).then(setFilled, (error) => setFilled(String(error)));
  }, [conversation]);
  const ids = (list: readonly Event[]) => list.map((event) => event.id).join(" ");
  return (
    <>
      <p id="filled">{filled}</p>
      <p id="events">{ids(events)}</p>
      <p id="found">{ids(found.events)}</p>
    </>
  );
}

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no #root");
const worker = !location.search.includes("page");
createRoot(root).render(
  <StrictMode>
    <EventStoreProvider options={{ worker }}>
      <Log />
    </EventStoreProvider>
  </StrictMode>,
);
