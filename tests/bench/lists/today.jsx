// The OpenHands front end's `use-event-store.ts` and its `handleEventForUI`.
import { createRoot } from "react-dom/client";
import { create } from "zustand";
import { List } from "./list.jsx";

function handleEventForUI(event, uiEvents) {
  const newUiEvents = [...uiEvents];
  if (event.observation === undefined) return [...newUiEvents, event];
  const action = newUiEvents.findIndex((other) => other.action && other.id === event.cause);
  if (action === -1) newUiEvents.push(event);
  else newUiEvents[action] = event;
  return newUiEvents;
}

const useEventStore = create((set) => ({
  events: [],
  eventIds: new Set(),
  uiEvents: [],
  addEvent: (event) =>
    set((state) => {
      if (state.eventIds.has(event.id)) return state;
      return {
        events: [...state.events, event],
        eventIds: new Set(state.eventIds).add(event.id),
        uiEvents: handleEventForUI(event, state.uiEvents),
      };
    }),
}));

function Log({ rows }) {
  const uiEvents = useEventStore((state) => state.uiEvents);
  return <List events={uiEvents} rows={rows} />;
}

export async function mount(element, rows) {
  createRoot(element).render(<Log rows={rows} />);
  return { feed: (text) => useEventStore.getState().addEvent(JSON.parse(text)) };
}
