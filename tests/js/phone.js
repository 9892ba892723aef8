// A phone and a server for the tests: a store on fake-indexeddb, somebody logged in, and a server that keeps books.
import 'fake-indexeddb/auto';

import { keep } from '../../webapp/static/pwa/intake/outbox.js';
import { openStore } from '../../webapp/static/pwa/kernel/store.js';

export const LOG = '063622';
export const CODE = 'HWVEN9XSYWCX7K2MP';
let phones = 0;

/** @param {string} id */
export const somebody = (id = 'sato') => ({
  person: { id, name: id, login: id, roles: ['driver'], organisation: { id: 'o', name: '運送', kind: 'carrier' } },
  logs: [{ id: LOG, name: '最上町', actor: `p-${id}` }],
  server_at: 1_700_000_000_000,
  build: 'b',
});

/** A fresh phone with somebody logged in. `name` again opens a second tab of the same phone. */
export async function aPhone({ person = 'sato', name = `phone-${++phones}` } = {}) {
  const store = await openStore(name);
  if (person) await store.setMeta('me', somebody(person));
  return store;
}

/** @param {Partial<import('../../webapp/static/pwa/types.js').ScanFields>} fields */
export const loaded = (fields = {}) => ({
  log: LOG, step: /** @type {const} */ ('loaded'), code: CODE, actor: 'p-sato', parent: 'CAGE', job: 'j1', ...fields,
});

/** @param {import('../../webapp/static/pwa/types.js').Store} store @param {number} count */
export async function keepMany(store, count) {
  const rows = [];
  for (let n = 0; n < count; n += 1) rows.push(await keep(store, loaded()));
  return rows;
}

/** A server that records each scan once. `script` may answer a request itself: it gets the request and may return a
 * Response, throw (the network), or return nothing (the server answers normally). */
export function aServer({ who = 'sato', script = () => undefined, limit = 100 } = {}) {
  const books = new Map();
  const photos = new Map();
  const calls = [];
  const server = {
    who, books, photos, calls, script, verdicts: [], rev: 0, jobs: [], packs: {}, now: 1_700_000_000_000, served: 0,
    /** @type {typeof globalThis.fetch} */
    fetch: async (input, init = {}) => {
      const path = String(input);
      const request = { path, method: init.method ?? 'GET', body: init.body, headers: init.headers };
      calls.push(request);
      if (init.signal?.aborted) throw new DOMException('cut', 'AbortError');
      const answer = await server.script(request);
      return answer ?? route(server, request, limit);
    },
    deps: { fetch: undefined, now: () => server.now, random: () => 0.5 },
  };
  server.deps.fetch = server.fetch;
  return server;
}

export const json = (body, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });

function route(server, request, limit) {
  const { path, method } = request;
  if (path === '/api/me') return server.who ? json(somebody(server.who)) : json({ code: 'identity.login', text: '' }, 401);
  if (path === '/api/scans') return takeScans(server, JSON.parse(request.body), limit);
  if (path === '/api/jobs') return json({ server_at: server.now, jobs: server.jobs });
  if (path.endsWith('/pack')) return json(server.packs[path.split('/').at(-2)]);
  if (path.startsWith('/api/verdicts')) return json({ rev: server.rev, verdicts: server.verdicts });
  if (method === 'PUT') {
    server.photos.set(path.split('/').at(-1), request.body);
    return json({ sha256: path.split('/').at(-1), size: request.body.byteLength }, 201);
  }
  return json({ code: 'base.not_found', text: '' }, 404);
}

function takeScans(server, { items, dev, sent_at: sentAt }, limit) {
  if (!dev || !Number.isSafeInteger(sentAt)) return json({ code: 'base.malformed', text: '' }, 400);
  if (items.length > limit) return json({ code: 'base.too_large', text: '' }, 413);
  if (items.some(({ p }) => p.includes('"poison"'))) return json({ code: 'base.malformed', text: '読めません' }, 400);
  server.served += 1;
  return json({ server_at: server.now, receipts: items.map((item) => take(server, item)) });
}

/** The books: one entry an id, whatever comes how often. */
export function take(server, { p }) {
  const scan = JSON.parse(p);
  const known = server.books.has(scan.id);
  if (!known) server.books.set(scan.id, { p, index: server.books.size });
  const { index } = server.books.get(scan.id);
  const status = known ? 'duplicate' : 'recorded';
  return { id: scan.id, status, log: scan.log, index, verdict: 'ok', findings: [], code: '', text: '' };
}
