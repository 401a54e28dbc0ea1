// Keeps the page's own files, so that it opens without a network. Never an answer of the service.

const SHELL = "shell";
const PATIENCE_MS = 4000;
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

// The network's file (a 304 costs little); the one that was kept where there is no network, or hardly one.
async function fresh(request, url) {
  const shell = await caches.open(SHELL);
  const kept = await shell.match(url.pathname);
  const asked = fetch(request).then(async (answer) => {
    if (answer.ok) await shell.put(url.pathname, answer.clone());
    return answer;
  });
  if (!kept) return asked;
  const late = new Promise((done) => setTimeout(done, PATIENCE_MS, kept));
  return Promise.race([asked.catch(() => kept), late]);
}
