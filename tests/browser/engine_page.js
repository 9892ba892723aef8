// A page without screens: the parts of the phone app, within reach of a test.
const at = (path) => import(`${document.body.dataset.base}${path}`);
const parts = ['kernel/store', 'intake/outbox', 'intake/phone', 'intake/sync', 'intake/packs', 'scanning/camera',
  'scanning/scanner', 'scanning/photo', 'scanning/decoder', 'kernel/ids'];
const found = await Promise.all(parts.map((part) => at(`${part}.js`)));
const app = Object.assign({}, ...found);
const store = await app.openStore('engine');
await store.setMeta('me', { person: { id: 'sato' }, logs: [] });

const LOADED = { log: '063622', step: 'loaded', actor: 'p-sato', parent: 'CAGE', job: 'j1' };

/** Scan until `count` codes are on disk; tells what was seen, and how many labels at most in a frame. */
async function scanWall({ count, prefixes, serial = false, patience = 20_000 }) {
  const video = document.querySelector('video');
  const camera = await app.openCamera();
  await camera.start(video);
  const [seen, lags, sizes] = [[], [], new Set()];
  await app.sharedDecoder().ready;
  await new Promise((resolve) => {
    setTimeout(resolve, patience);
    const scanner = app.createScanner({
      video, prefixes,
      onFrame: (results, { width, height }) => { sizes.add(`${width}x${height}`); lags.push(results.length); },
      onCode: async (result) => {
        seen.push({ kind: result.kind, text: result.text, id: result.id, format: result.format, quad: result.quad });
        if (result.kind === 'ours') await app.keep(store, { ...LOADED, code: result.id });
        if (seen.length >= count) {
          scanner.stop();
          resolve(undefined);
        }
      },
    });
    scanner.serialMode(serial);
    scanner.start();
  });
  camera.stop();
  await new Promise((resolve) => setTimeout(resolve, 200));
  return { seen, most: Math.max(...lags), sizes: [...sizes] };
}

/** A server inside the page that takes `limit` at a time and counts what lands. */
function bookkeeper(limit) {
  const books = new Map();
  let requests = 0;
  const json = (body, status = 200) => new Response(JSON.stringify(body), { status });
  const answers = {
    '/api/me': () => json({ person: { id: 'sato' }, logs: [], server_at: Date.now() }),
    '/api/jobs': () => json({ jobs: [] }),
    '/api/verdicts': () => json({ rev: 0, verdicts: [] }),
    '/api/scans': ({ items }) => {
      requests += 1;
      if (items.length > limit) return json({ code: 'base.too_large' }, 413);
      const receipts = items.map(({ p }) => {
        const { id } = JSON.parse(p);
        const status = books.has(id) ? 'duplicate' : 'recorded';
        books.set(id, (books.get(id) ?? 0) + 1);
        return { id, status, index: books.size, verdict: 'ok', findings: [] };
      });
      return json({ server_at: Date.now(), receipts });
    },
  };
  const fetch = async (path, init) => answers[path.split('?')[0]](init?.body ? JSON.parse(init.body) : null);
  return { deps: { fetch, now: () => Date.now(), random: () => 0.5 }, books, requests: () => requests };
}

/** Keep `count` scans, send them, and tell what landed. */
async function sendAll({ count, limit }) {
  const began = performance.now();
  for (let n = 0; n < count; n += 50) {
    await Promise.all(Array.from({ length: 50 }, () => app.keep(store, { ...LOADED, code: app.randomHex(8) })));
  }
  const keeping = performance.now() - began;
  const server = bookkeeper(limit);
  const start = performance.now();
  await app.syncNow(store, server.deps);
  const counts = await app.counts(store);
  const times = [...server.books.values()];
  return { landed: times.length, most: Math.max(...times), counts, requests: server.requests(), keeping, sending: performance.now() - start };
}

/** @param {string} url */
async function photoOf(url) {
  const file = await (await fetch(url)).blob();
  const { blob, sha256, width, height } = await app.shrinkPhoto(file);
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return { before: file.size, size: blob.size, type: blob.type, sha256, width, height, bytes: Array.from(bytes) };
}

/** Take the stream away, as a phone in the background does, and tell what the camera says until it is back. */
async function loseCamera() {
  const camera = await app.openCamera();
  const said = [];
  const back = new Promise((resolve) => camera.onState((state) => {
    said.push(state);
    if (said.includes('restarting') && state === 'live') resolve(undefined);
  }));
  const video = document.querySelector('video');
  await camera.start(video);
  camera.track.stop();
  await back;
  const plays = camera.track.readyState;
  camera.stop();
  return { said, plays, after: camera.track.readyState, shown: video.srcObject };
}

const cameraTrouble = () => app.openCamera().then(() => '', ({ code }) => code);
const keepSome = (count) => Promise.all(Array.from({ length: count }, (_, n) => app.keep(store, { ...LOADED, code: `C${n}` })));
const decodeAt = async (url, prefixes) => app.decodePhoto(await (await fetch(url)).blob(), { prefixes });

Object.assign(globalThis, { engine: { ...app, store, scanWall, sendAll, photoOf, cameraTrouble, loseCamera, keepSome, decodeAt } });
document.body.dataset.ready = 'yes';
