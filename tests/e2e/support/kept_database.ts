// The databases that releases have written: tests/data/databases, made by scripts/database.mjs.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import type { Conversation } from "oh-event-store";
import { storedRecords } from "../../../scripts/database/in_page.mjs";

export interface Schema {
  readonly name: string;
  readonly version: number;
  readonly tables: string[];
}

export interface StoredRecord {
  readonly table: string;
  readonly key: [conversation: string, number: number];
  /** Base64. */
  readonly value: string;
}

export interface KeptConversation {
  readonly file: string;
  readonly id: string;
  readonly dialect: Conversation["dialect"];
  readonly events: number;
  readonly bytes: number;
  readonly firstTimestamp?: string;
  readonly lastTimestamp?: string;
  readonly pinned: boolean;
  readonly latest: number;
  readonly pages: number;
  readonly known: [number, number][];
  readonly gaps: [number, number][];
}

export interface KeptDatabase {
  /** The release that wrote it. */
  readonly release: string;
  readonly schema: Schema;
  readonly records: StoredRecord[];
  readonly conversations: (KeptConversation & { readonly text: string })[];
}

const root = fileURLToPath(new URL("../../data/databases/", import.meta.url));

function load(release: string): KeptDatabase {
  const read = (file: string) => readFileSync(`${root}${release}/${file}`, "utf8");
  const [schema = "", ...records] = read("records.jsonl").trimEnd().split("\n");
  const conversations = JSON.parse(read("conversations.json")) as KeptConversation[];
  return {
    release,
    schema: JSON.parse(schema) as Schema,
    records: records.map((line) => JSON.parse(line) as StoredRecord),
    conversations: conversations.map((kept) => ({ ...kept, text: read(kept.file) })),
  };
}

export const keptDatabases = readdirSync(root).map(load);

/** Writes a database as it was found, without the package. */
export function writeDatabase(page: Page, schema: Schema, records: StoredRecord[]): Promise<void> {
  return page.evaluate(
    async ({ schema, records }) => {
      const opening = indexedDB.open(schema.name, schema.version);
      opening.onupgradeneeded = () => {
        for (const table of schema.tables) opening.result.createObjectStore(table);
      };
      await new Promise((resolve, reject) => {
        opening.onsuccess = resolve;
        opening.onerror = reject;
      });
      const database = opening.result;
      const transaction = database.transaction(schema.tables, "readwrite");
      for (const { table, key, value } of records) {
        const bytes = Uint8Array.from(atob(value), (unit) => unit.charCodeAt(0));
        transaction.objectStore(table).put(bytes, key);
      }
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = reject;
      });
      database.close();
    },
    { schema, records },
  );
}

/** Everything that lies in the origin's one database, read without the package. */
export async function readDatabase(page: Page): Promise<[Schema, ...StoredRecord[]]> {
  return (await page.evaluate(storedRecords)) as [Schema, ...StoredRecord[]];
}
