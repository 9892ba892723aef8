// Binding a phone to a person, and what leaves a phone as a file: honest without a network, harmless when asked twice.
import assert from 'node:assert/strict';
import test from 'node:test';

import { LOG, aPhone, aServer, json, keepMany, loaded, somebody } from './phone.js';
import { enrol, refreshStanding, standing } from '../../webapp/static/pwa/intake/enrolment.js';
import { hashOf, keyOf, verify } from '../../webapp/static/pwa/intake/keys.js';
import { counts, keep, kept, letGo, photo } from '../../webapp/static/pwa/intake/outbox.js';
import { syncNow } from '../../webapp/static/pwa/intake/sync.js';
import { exportUnsent, fileName, importUnsent } from '../../webapp/static/pwa/intake/transfer.js';
import { room } from '../../webapp/static/pwa/kernel/storage.js';

const TOKEN = 'HWVEN9XSYWCX7K2MP';
let day = 1_750_000_000_000;

/** A server with an office that has shown TOKEN, and keeps a register of phones. */
function anOffice(options = {}) {
  const server = Object.assign(aServer(options), { now: (day += 86_400_000), phones: new Map(), asked: [], seams: {} });
  server.script = ({ path, body }) => {
    if (path.startsWith('/api/phones/self')) {
      const [dev] = path.split('dev=').slice(1);
      const found = server.phones.get(dev);
      return json({ state: found?.state ?? 'unknown', key_id: found?.id ?? '', logs: {}, replaceable: [] });
    }
    if (path !== '/api/phones/enrol') return undefined;
    const asked = JSON.parse(body);
    server.asked.push(asked);
    if (asked.token !== TOKEN) return json({ code: 'phones.token', text: '期限が切れています。' }, 422);
    server.phones.set(asked.dev, { state: 'enrolled', id: asked.key_id ?? '' });
    const logs = Object.fromEntries(Object.entries(asked.next).map(([log, from]) => [log, { from, prev: server.seams[log] ?? '' }]));
    return json({ dev: asked.dev, key_id: '', logs }, 201);
  };
  return server;
}

test('a phone shows the office that it holds the key, and says so of itself from then on', async () => {
  const [store, office] = [await aPhone(), anOffice()];
  assert.equal((await standing(store)).state, 'none');
  assert.deepEqual(await enrol(store, TOKEN, {}, office.deps), { ok: true });
  const { state, record } = await standing(store);
  const [{ token, dev, key, proof, after, next, storage }] = office.asked;
  assert.deepEqual([state, record.at, token, after, next, storage.kept], ['enrolled', office.now, TOKEN, '', { [LOG]: 1 }, true]);
  assert.equal(await verify(key, `ashiato/enrol/v1\n${token}\n${dev}\n${key}\n`, proof), true);
  assert.equal((await keyOf(store)).dev, dev);
});

test('without a network it says so, signs all the same, and the chain begins with the first scan that was not sent', async () => {
  const [store, office] = [await aPhone(), anOffice()];
  await keepMany(store, 3); // unsigned, and sent
  await syncNow(store, office.deps);
  const { script } = office;
  office.script = () => { throw new TypeError('network'); };
  const outcome = await enrol(store, TOKEN, {}, office.deps);
  assert.deepEqual([outcome.ok, outcome.code], [false, 'enrol.offline']);
  assert.equal((await standing(store)).state, 'waiting');
  const [row] = await keepMany(store, 2);
  assert.equal(row.s.length, 88);
  office.script = script;
  assert.deepEqual(await enrol(store, TOKEN, {}, office.deps), { ok: true });
  assert.deepEqual([office.asked.at(-1).next, (await standing(store)).state], [{ [LOG]: 4 }, 'enrolled']);
});

test('the office says no: its own words are told, and nothing is lost', async () => {
  const [store, office] = [await aPhone(), anOffice()];
  assert.deepEqual(await enrol(store, 'X'.repeat(17), {}, office.deps), { ok: false, code: 'phones.token', text: '期限が切れています。' });
  office.script = () => json({ code: 'identity.login', text: '' }, 401);
  assert.equal((await enrol(store, TOKEN, {}, office.deps)).code, 'enrol.login');
});

test('an answer that got lost on its way is learnt later', async () => {
  const [store, office] = [await aPhone(), anOffice()];
  const { script } = office;
  office.script = (request) => {
    script(request);
    throw new TypeError('cut');
  };
  assert.equal((await enrol(store, TOKEN, {}, office.deps)).ok, false);
  office.script = script;
  const { id, dev } = await keyOf(store);
  office.phones.get(dev).id = id;
  await refreshStanding(store, office.deps);
  assert.equal((await standing(store)).state, 'enrolled');
});

test('a phone in place of another goes on from where that one ended', async () => {
  const [store, office] = [await aPhone(), anOffice()];
  office.seams = { [LOG]: 'ab'.repeat(32) };
  await enrol(store, TOKEN, { after: '3f2a8b1c-7d4e-4f60-9a1b-2c3d4e5f6071' }, office.deps);
  const [row] = await keepMany(store, 1);
  const { seq, prev } = JSON.parse(row.p);
  const { record } = await standing(store);
  assert.deepEqual([seq, prev, record.seams], [1, 'ab'.repeat(32), [LOG]]);
});

test('a phone that was reported lost hears it with the next contact, and can be enrolled anew with a new key', async () => {
  const [store, office] = [await aPhone(), anOffice()];
  await enrol(store, TOKEN, {}, office.deps);
  const first = await keyOf(store);
  office.phones.get(first.dev).state = 'revoked';
  await syncNow(store, office.deps);
  assert.equal((await standing(store)).state, 'revoked');
  const [row] = await keepMany(store, 1);
  assert.equal(row.s.length, 88, 'what it records is kept and signed all the same');
  await enrol(store, TOKEN, {}, office.deps);
  const second = await keyOf(store);
  assert.ok(second.id !== first.id && second.dev !== first.dev);
  assert.equal((await standing(store)).state, 'enrolled');
});

test('what two people enrolled on one phone stays apart', async () => {
  const [store, office] = [await aPhone(), anOffice()];
  await enrol(store, TOKEN, {}, office.deps);
  await store.setMeta('me', somebody('abe'));
  assert.equal((await standing(store)).state, 'none');
});

test('a file holds signed scans as they are, and goes out through another phone, photos too', async () => {
  const [giver, office] = [await aPhone(), anOffice()];
  await enrol(giver, TOKEN, {}, office.deps);
  const bytes = new Uint8Array(100_001).map((_, i) => i % 251);
  const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
  const row = await keep(giver, loaded(), { open: { note: '倉庫' }, photos: [{ sha256, blob: new Blob([bytes], { type: 'image/jpeg' }) }], summary: { name: 'T-1' } });
  const file = await exportUnsent(giver);
  const { format, items, photos } = JSON.parse(await file.text());
  assert.deepEqual([format, items[0].p, items[0].s, items[0].open, photos.length], ['ashiato.unsent', row.p, row.s, row.open, 1]);

  const store = await aPhone({ person: 'abe' });
  assert.deepEqual(await importUnsent(store, file), { taken: 1, known: 0, bad: 0, photos: 1 });
  assert.deepEqual(await importUnsent(store, file), { taken: 0, known: 1, bad: 0, photos: 1 }, 'twice changes nothing');
  assert.equal((await photo(store, sha256)).size, 100_001);
  const server = Object.assign(aServer({ who: 'abe' }), { now: (day += 86_400_000) });
  await syncNow(store, server.deps);
  assert.deepEqual([[...server.books.keys()], server.photos.size, (await counts(store)).pending], [[row.id], 1, 0]);
});

test('what is unsigned only its author may send: the refusal is shown with its reason', async () => {
  const giver = await aPhone();
  await keepMany(giver, 2);
  const store = await aPhone({ person: 'abe' });
  await importUnsent(store, await exportUnsent(giver));
  const server = Object.assign(aServer({ who: 'abe' }), { now: (day += 86_400_000) });
  server.script = ({ path, body }) => (path === '/api/scans'
    ? json({ server_at: server.now, receipts: JSON.parse(body).items.map(({ p }) => (
      { id: JSON.parse(p).id, status: 'refused', code: 'intake.not_your_scan', text: '別の人の記録です。' })) })
    : undefined);
  await syncNow(store, server.deps);
  const rows = await kept(store);
  assert.deepEqual(rows.map(({ state, receipt }) => [state, receipt.text]), [['refused', '別の人の記録です。'], ['refused', '別の人の記録です。']]);
  await letGo(store, rows[0].id);
  assert.deepEqual((await kept(store)).map(({ id }) => id), [rows[1].id], 'and it can be let go: its author has it');
  const own = await kept(giver);
  await letGo(giver, own[0].id);
  assert.equal((await kept(giver)).length, 2, 'never what this phone made');
});

test('a key that is still on its way to the server is no refusal: the scan goes again with the next round', async () => {
  const store = await aPhone();
  await keepMany(store, 2);
  const server = Object.assign(aServer(), { now: (day += 86_400_000) });
  server.script = ({ path, body }) => (path === '/api/scans'
    ? json({ server_at: server.now, receipts: JSON.parse(body).items.map(({ p }) => (
      { id: JSON.parse(p).id, status: 'refused', code: 'intake.unknown_key', text: 'まだ届いていません。' })) })
    : undefined);
  await syncNow(store, server.deps);
  assert.deepEqual((await kept(store)).map(({ state, receipt }) => [state, receipt.code]), [['pending', 'intake.unknown_key'], ['pending', 'intake.unknown_key']]);
  server.script = () => undefined;
  await syncNow(store, server.deps);
  assert.equal(server.books.size, 2);
});

test('a file that is not ours, cut off or altered takes nothing in that it should not', async () => {
  const giver = await aPhone();
  await keepMany(giver, 1);
  const text = await (await exportUnsent(giver)).text();
  const store = await aPhone({ person: 'abe' });
  for (const bad of ['', '{}', text.slice(0, -20), text.replace('ashiato.unsent', 'other')]) {
    await assert.rejects(importUnsent(store, new Blob([bad])), { code: 'transfer.not_ours' });
  }
  const file = JSON.parse(text);
  file.items.push({ p: 'x', s: '' });
  file.photos.push({ sha256: 'a'.repeat(64), type: 'image/jpeg', data: 'AAAA' });
  assert.deepEqual(await importUnsent(store, new Blob([JSON.stringify(file)])), { taken: 1, known: 0, bad: 1, photos: 0 });
  assert.match(fileName(new Date(2026, 10, 22, 9, 5)), /^ashiato-unsent-20261122-0905\.json$/);
});

test('a full disk in the middle of a file takes in nothing of it', async () => {
  const giver = await aPhone();
  await keepMany(giver, 3);
  const file = await exportUnsent(giver);
  const store = await aPhone({ person: 'abe' });
  const original = IDBObjectStore.prototype.add;
  let left = 2;
  IDBObjectStore.prototype.add = function add(row) {
    if ((left -= 1) < 0) throw new DOMException('no room', 'QuotaExceededError');
    return original.call(this, row);
  };
  try {
    await assert.rejects(importUnsent(store, file), { code: 'store.full' });
  } finally {
    IDBObjectStore.prototype.add = original;
  }
  assert.deepEqual(await kept(store), []);
});

test('the room on the phone is told as the browser tells it, and warned about before it is gone', async () => {
  const storage = (usage, quota) => ({ persisted: async () => true, estimate: async () => ({ usage, quota }) });
  const states = [[1e6, 1e9], [9e8, 1e9], [9.9e8, 1e9]].map(([usage, quota]) => room(storage(usage, quota)));
  assert.deepEqual((await Promise.all(states)).map(({ state }) => state), ['ok', 'low', 'full']);
  assert.deepEqual(await room(undefined), { persisted: null, usage: null, quota: null, state: 'unknown' });
  assert.equal((await room({ persisted: async () => { throw new Error('no'); } })).persisted, null);
});

test('an answer cut at any byte loses nothing, and the scan lands once', async () => {
  const store = await aPhone();
  const server = Object.assign(aServer(), { now: (day += 86_400_000) });
  const [row] = await keepMany(store, 1);
  let cut = 0;
  let whole = Infinity;
  server.script = ({ path, body }) => {
    if (path !== '/api/scans') return undefined;
    const text = JSON.stringify({ server_at: server.now, receipts: JSON.parse(body).items.map((item) => {
      const known = server.books.has(JSON.parse(item.p).id);
      server.books.set(JSON.parse(item.p).id, { p: item.p, index: 0 });
      return { id: JSON.parse(item.p).id, status: known ? 'duplicate' : 'recorded', index: 0, verdict: 'ok', findings: [] };
    }) });
    whole = text.length;
    return new Response(text.slice(0, cut));
  };
  for (; cut < whole; cut += 1) {
    server.now += 3_600_000;
    await syncNow(store, server.deps);
    assert.equal((await counts(store)).pending, 1, `cut at ${cut}`);
  }
  server.now += 3_600_000;
  await syncNow(store, server.deps);
  assert.deepEqual([server.books.size, (await kept(store))[0].state, await hashOf(row.p)], [1, 'sent', await hashOf(server.books.get(row.id).p)]);
});
