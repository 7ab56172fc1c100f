// The service worker: keeps the app's own files, so that the page opens without a network and shows what this device
// remembers. It never touches the API. The build puts in the names of the files.
const FILES = __FILES__;
const CACHE = 'confab-__VERSION__';

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate') event.respondWith(freshPage(request));
  else if (FILES.includes(pathname)) event.respondWith(keptFile(request));
});

/** The newest page the server has, or without a server the one that was kept. */
async function freshPage(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match('/', { cacheName: CACHE, ignoreVary: true });
    if (kept === undefined) throw error;
    return kept;
  }
}

/** Files with a hash in their name never change; the others are asked for first. */
async function keptFile(request) {
  const isHashed = new URL(request.url).pathname.startsWith('/assets/');
  const kept = await caches.match(request, { cacheName: CACHE, ignoreVary: true });
  if (isHashed && kept !== undefined) return kept;
  try {
    return await fetch(request);
  } catch (error) {
    if (kept === undefined) throw error;
    return kept;
  }
}
