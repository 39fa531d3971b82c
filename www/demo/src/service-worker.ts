/// <reference lib="webworker" />
// Keeps the built page, and nothing else, for use without a network.
// What a server answers for /api, /control, /socket.io and /sockets is never touched: the
// conversations live in IndexedDB.

declare const self: ServiceWorkerGlobalScope;
/** Both are filled in by the build. */
declare const __VERSION__: string;
declare const __FILES__: string[];

const CACHE = `page-${__VERSION__}`;
const FILES = __FILES__;
const LIVE = /^\/(api|control|socket\.io|sockets)(\/|$)/;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      const cache = await caches.open(CACHE);
      await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((key) => key.startsWith("page-") && key !== CACHE);
      await Promise.all(old.map((key) => caches.delete(key)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (LIVE.test(url.pathname)) return;
  event.respondWith(answer(request));
});

/** Assets carry their hash in their name, so the cache is right; a page is this build's index. */
async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const key = request.mode === "navigate" ? "/index.html" : request;
  const kept = await cache.match(key, { ignoreSearch: true, ignoreVary: true });
  return kept ?? fetch(request);
}

export {};
