// The browser's own IndexedDB, as another program of the same site would use it.

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Opens a database and keeps it open whatever others want. Rejects when it is blocked itself. */
export function open(name, version) {
  const request = indexedDB.open(name, version);
  request.onupgradeneeded = () => {
    for (const store of ["conversations", "tail", "pages", "summaries"]) {
      if (!request.result.objectStoreNames.contains(store)) {
        request.result.createObjectStore(store);
      }
    }
  };
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

export function close(database) {
  database.close();
}

export function remove(name) {
  return settled(indexedDB.deleteDatabase(name));
}

/** What `ask` asks of an object store, once the transaction is over. */
function transact(database, store, mode, ask) {
  const transaction = database.transaction(store, mode);
  const request = ask(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

export function put(database, store, key, value) {
  return transact(database, store, "readwrite", (records) => records.put(value, key));
}

export function get(database, store, key) {
  return transact(database, store, "readonly", (records) => records.get(key));
}

export function storeNames(database) {
  return [...database.objectStoreNames].join(" ");
}

/** Occupies all object stores until the function that it answers is called. */
export function occupy(database) {
  const stores = [...database.objectStoreNames];
  const store = database.transaction(stores, "readwrite").objectStore(stores[0]);
  let occupied = true;
  const spin = () => {
    if (occupied) store.get("nothing").onsuccess = spin;
  };
  spin();
  return () => {
    occupied = false;
  };
}

/** What is thrown from now on and caught by nobody. */
export function uncaughtErrors() {
  const errors = [];
  addEventListener("error", (event) => errors.push(event.message));
  return errors;
}

/** Puts another factory, or none, in the place of `indexedDB`; answers how to take it back. */
export function replaceFactory(factory) {
  const before = Object.getOwnPropertyDescriptor(globalThis, "indexedDB");
  Object.defineProperty(globalThis, "indexedDB", { value: factory, configurable: true });
  return () => Object.defineProperty(globalThis, "indexedDB", before);
}

export function refusingFactory() {
  return {
    open() {
      throw new DOMException("not on this page", "SecurityError");
    },
  };
}

/** The factory of a storage bucket, whose deletion closes its databases by force. */
export async function bucket(name, quota) {
  const bucket = await navigator.storageBuckets.open(name, { quota });
  return bucket.indexedDB;
}

export async function deleteBucket(name) {
  await navigator.storageBuckets.delete(name);
}
