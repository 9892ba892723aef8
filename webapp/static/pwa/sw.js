// The app without a network. Served at /sw.js behind one line that says `self.RELEASE = {build, files: [{url, sha256}]}`:
// a new release is a new text, so a new worker with a cache of its own. It waits until the page asks for it.

/** @typedef {{url: string, sha256: string}} Entry */

const sw = /** @type {ServiceWorkerGlobalScope & {RELEASE: {build: string, files: Entry[]}}} */ (/** @type {unknown} */ (self));
const { build: BUILD, files: FILES } = sw.RELEASE;
const PREFIX = 'shell-';
const SHELL = PREFIX + BUILD;
const FALLBACK = '/app/';
const PAGES = new Set(['/verify']); // beside the app: one page, one address

sw.addEventListener('install', (event) => event.waitUntil(Promise.all([fill(), routed(event)])));
sw.addEventListener('activate', (event) => event.waitUntil(dropOldShells().then(() => sw.clients.claim())));
sw.addEventListener('message', ({ data }) => data?.type === 'apply-update' && sw.skipWaiting());
sw.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== sw.location.origin) return; // everything else is the network's business
  if (request.mode === 'navigate' && pathname.startsWith('/app/')) event.respondWith(stored(FALLBACK));
  else if (request.mode === 'navigate' && PAGES.has(pathname)) event.respondWith(stored(pathname));
  else if (pathname.startsWith('/static/pwa/')) event.respondWith(stored(pathname));
});

sw.addEventListener('push', (event) => event.waitUntil(show(event.data)));
sw.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(new URL(event.notification.data, sw.location.origin).href));
});

/** What the server has to say (kernel/notifications/push.py). Something is always shown: a browser stops apps that are told in silence.
 * @param {PushMessageData | null} data */
const show = (data) => {
  const { title = '足あと', body = '', url = '/app/', tag = '' } = said(data);
  const icon = FILES.find((file) => file.url.endsWith('/icons/icon-192.png'))?.url;
  return sw.registration.showNotification(title, { body, tag, icon, lang: 'ja', data: /^\/(?!\/)/.test(url) ? url : '/app/' });
};

/** @param {PushMessageData | null} data @returns {Record<string, string>} */
const said = (data) => {
  try {
    return data?.json() ?? {};
  } catch {
    return {};
  }
};

/** In the window that shows it already, else in a new one: a job that is under way is not left. @param {string} address */
const open = async (address) => {
  const windows = await sw.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const there = windows.find((client) => client.url === address);
  return there ? there.focus() : sw.clients.openWindow(address);
};

/** Browsers that can are told once that questions to the server are none of our business: they cost no worker then, and a worker
 * that is asked nothing can be exchanged in the middle of a job. @param {ExtendableEvent & {addRoutes?: (rules: object) => Promise<void>}} event */
const routed = async (event) => event.addRoutes?.({ condition: { urlPattern: { pathname: '/api/*' } }, source: 'network' })?.catch(() => undefined);

/** All files or none: a worker whose cache is not complete never installs. */
const fill = async () => {
  const cache = await caches.open(SHELL);
  await Promise.all(FILES.map((file) => add(cache, file)));
};

/** @param {Cache} cache @param {Entry} file */
const add = async (cache, { url, sha256 }) => {
  const before = await kept(url, sha256);
  const response = before ?? (await fetch(url, { cache: 'reload', credentials: 'omit' }));
  if (!response.ok || response.redirected) throw new Error(`${url}: ${response.status}`);
  if (!before && (await digest(response.clone())) !== sha256) throw new Error(`${url}: not what this release contains`);
  await cache.put(url, response);
};

/** The same file from an earlier release: an update costs only what changed. Its bytes alone: a stored answer remembers the address
 * it came from, and a module's imports start from there, so that an unchanged module would bring the old ones with it.
 * @param {string} url @param {string} sha256 */
const kept = async (url, sha256) => {
  for (const name of await shells()) {
    const old = await (await caches.open(name)).match(url.replace(BUILD, name.slice(PREFIX.length)));
    if (old && url !== FALLBACK && (await digest(old.clone())) === sha256) return new Response(await old.blob(), { headers: old.headers });
  }
  return undefined;
};

/** @param {Response} response */
const digest = async (response) => {
  const hash = await crypto.subtle.digest('SHA-256', await response.arrayBuffer());
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
};

/** Our caches, oldest first; other names are not ours to touch. */
const shells = async () => (await caches.keys()).filter((name) => name.startsWith(PREFIX));

/** Keep the release before this one too: another tab may be in the middle of a job on it. */
const dropOldShells = async () => {
  const old = (await shells()).filter((name) => name !== SHELL);
  await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
};

/** From the cache, whichever release it belongs to; from the network if no cache knows it. @param {string} path */
const stored = async (path) => {
  const current = await (await caches.open(SHELL)).match(path);
  return current ?? (await caches.match(path)) ?? fetch(path);
};
