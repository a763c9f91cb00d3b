// Keeps what a page with live cells has loaded, so that it works again without a network,
// and lets its Python be interrupted: that takes shared memory, which a browser grants to
// a page only with the two headers below. Registered by the first press of Run.
const CACHE = `live ${new URL(location).searchParams.get("v")}`;
// These change with the version in this script's address only.
const KEPT = /\/_static\/(live|vendor\/pyodide|vendor\/codemirror)\//;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys())
    if (name.startsWith("live ") && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
})()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const here = new URL(request.url).origin === location.origin;
  if (here && request.method === "GET") event.respondWith(answer(request));
});

async function answer(request) {
  const cache = await caches.open(CACHE);
  const kept = KEPT.test(request.url);
  let response = kept ? await cache.match(request.url) : undefined;
  if (!response) {
    try {
      response = await fetch(request);
      if (response.ok && response.type === "basic" && response.status === 200)
        await cache.put(request.url, response.clone());
    } catch (error) {
      response = await cache.match(request.url);
      if (!response) throw error;
    }
  }
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
