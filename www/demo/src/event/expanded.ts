import { createContext } from "react";

/** What was opened by hand, by key: rows that scroll away and back stay as they were. */
export const Expanded = createContext<Set<string>>(new Set());
