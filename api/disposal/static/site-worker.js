// Keeps the site form usable without a network: what was opened once can be opened again. Nothing else is kept.
// The network comes first always; a copy is shown only when there is none.

const CACHE = "concord-site-1";
const FORM = /^\/disposal\/cases\/[a-z2-7]{26}\/site$/;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const kept = FORM.test(url.pathname) || url.pathname.startsWith("/static/");
  if (event.request.method !== "GET" || url.origin !== self.location.origin || !kept) return;
  event.respondWith(answer(event.request, url));
});

async function answer(request, url) {
  const cache = await caches.open(CACHE);
  try {
    const fresh = await fetch(request);
    if (fresh.ok && !fresh.redirected) await cache.put(url.pathname, fresh.clone());
    else if (FORM.test(url.pathname)) await cache.delete(url.pathname); // logged out, or not this street's any more
    return fresh;
  } catch (error) {
    const copy = await cache.match(url.pathname);
    if (copy) return copy;
    throw error;
  }
}
