import { openSqlite } from "./sqlite.js";

export const open = (options) => openSqlite(options, true);
