import { createRoot } from "react-dom/client";
import { create } from "zustand";
import { List } from "./list.jsx";

const events = [];

const useVersion = create((set) => ({
  version: 0,
  add(event) {
    events.push(event);
    set(({ version }) => ({ version: version + 1 }));
  },
}));

function Log({ rows }) {
  useVersion(({ version }) => version);
  return <List events={events} rows={rows} />;
}

export async function mount(element, rows) {
  createRoot(element).render(<Log rows={rows} />);
  return { feed: (text) => useVersion.getState().add(JSON.parse(text)) };
}
