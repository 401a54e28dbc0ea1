// Keeps the page's own files, so that it opens without a network. Never an answer of the service.

const SHELL = "shell";
const isShell = (url) =>
  url.origin === location.origin &&
  (url.pathname === "/" || url.pathname.startsWith("/h5/") || url.pathname === "/h5.json");

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || !isShell(url)) return;
  event.respondWith(fresh(event.request, url));
});

// The network's file when there is a network (304 costs little), else the one that was kept.
async function fresh(request, url) {
  const shell = await caches.open(SHELL);
  try {
    const answer = await fetch(request);
    if (answer.ok) await shell.put(url.pathname, answer.clone());
    return answer;
  } catch (error) {
    const kept = await shell.match(url.pathname);
    if (kept) return kept;
    throw error;
  }
}
