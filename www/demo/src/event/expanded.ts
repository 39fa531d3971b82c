import { createContext, useContext, useState } from "react";

/** What was opened by hand, by key. */
export const Expanded = createContext<Set<string>>(new Set());

/** Whether something was opened by hand; it stays so when its row scrolls away and back. */
export function useOpened(key: string): [open: boolean, toggle: () => void] {
  const expanded = useContext(Expanded);
  const [open, setOpen] = useState(() => expanded.has(key));
  const toggle = (): void => {
    if (open) expanded.delete(key);
    else expanded.add(key);
    setOpen(!open);
  };
  return [open, toggle];
}
