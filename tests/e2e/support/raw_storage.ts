import type { Page } from "@playwright/test";

/**
 * Which of these texts occur anywhere in the origin's databases: in the bytes, strings and keys of
 * every record, read without the package.
 */
export function textsInStorage(page: Page, wanted: string[]): Promise<string[]> {
  return page.evaluate(async (wanted) => {
    const settled = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error ?? new Error("no reason"));
      });
    const found = new Set<string>();
    const latin = new TextDecoder("latin1");
    const look = (value: unknown): void => {
      if (value instanceof ArrayBuffer) look(new Uint8Array(value));
      else if (ArrayBuffer.isView(value)) look(latin.decode(value));
      else if (typeof value === "string") {
        for (const text of wanted) if (value.includes(text)) found.add(text);
      } else if (typeof value === "object" && value !== null) Object.values(value).forEach(look);
    };
    for (const { name } of await indexedDB.databases()) {
      if (name === undefined) continue;
      const database = await settled(indexedDB.open(name));
      for (const table of database.objectStoreNames) {
        const objects = database.transaction(table).objectStore(table);
        const [keys, values] = await Promise.all([
          settled(objects.getAllKeys()),
          settled(objects.getAll() as IDBRequest<unknown[]>),
        ]);
        look(keys);
        look(values);
      }
      database.close();
    }
    return wanted.filter((text) => found.has(text));
  }, wanted);
}
