/* The courier's day without a network: the last answer of every page is kept and shown when the network is silent.
   Nothing is sent later by itself: a delivery counts when the page says so. */

const SHELF = "latchmile-courier-v1";
const KEPT = [/^\/courier\/(day|lockers\/[^/]+|attempts\/[^/]+)$/, /^\/static\//];
const PATIENCE_MS = 4_000; // in a stairwell the network hangs rather than fails

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (address.origin !== location.origin) return;
  if (event.request.method === "POST" && address.pathname === "/sign-out") event.waitUntil(caches.delete(SHELF));
  if (event.request.method !== "GET" || !KEPT.some((one) => one.test(address.pathname))) return;
  event.respondWith(freshOrKept(event.request));
});

/** Whether the page that stands there asks what has changed: the last answer is what it shows already. */
function isNews(request) {
  return request.destination === "" && !new URL(request.url).pathname.startsWith("/static/");
}

async function freshOrKept(request) {
  const shelf = await caches.open(SHELF);
  const fresh = fetch(request).then(async (answer) => {
    if (answer.redirected || answer.status === 401 || answer.status === 403) await caches.delete(SHELF);
    else if (answer.ok) await shelf.put(request, answer.clone());
    return answer;
  });
  if (isNews(request)) return fresh;
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, null));
  const first = await Promise.race([fresh.catch(() => null), late]);
  return first ?? (await shelf.match(request)) ?? fresh;
}
