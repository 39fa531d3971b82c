import { createRoot } from "react-dom/client";
import { openEventStore } from "oh-event-store";
import { EventStoreProvider, useConversation, useEvents } from "oh-event-store/react";
import { List } from "./list.jsx";

function Log({ rows, onConversation }) {
  const conversation = useConversation("feed", { dialect: "v0" });
  const { events, loading } = useEvents(conversation, { window: rows });
  if (conversation && !loading) onConversation(conversation);
  return <List events={events} rows={rows} />;
}

export async function mount(element, rows) {
  const store = await openEventStore({ name: "feed" });
  const conversation = await new Promise((resolve) => {
    createRoot(element).render(
      <EventStoreProvider store={store}>
        <Log rows={rows} onConversation={resolve} />
      </EventStoreProvider>,
    );
  });
  return { feed: (text) => void conversation.feed(text) };
}
