// The phone's key and the chain of its scans: what is signed, what is refused, and that two tabs never make a fork.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { LOG, aPhone, keepMany, loaded, somebody } from './phone.js';
import { hashOf, keyOf, keyTrouble, makeKey, verify } from '../../webapp/static/pwa/intake/keys.js';
import { carry, counts, keep, kept } from '../../webapp/static/pwa/intake/outbox.js';
import { openStore, result } from '../../webapp/static/pwa/kernel/store.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/signed_scans.json', import.meta.url), 'utf8'));

async function anEnrolledPhone(options) {
  const store = await aPhone(options);
  return { store, key: await makeKey(store) };
}

/** Signature and chain of a phone's scans in one log, in order. */
async function examined(rows, key) {
  const scans = rows.map(({ p, s }) => ({ p, s, ...JSON.parse(p) })).sort((a, b) => a.seq - b.seq);
  const signed = await Promise.all(scans.map(({ p, s }) => verify(key, p, s)));
  const hashes = await Promise.all(scans.map(({ p }) => hashOf(p)));
  return {
    signed: signed.every(Boolean), seqs: scans.map(({ seq }) => seq),
    chained: scans.every(({ prev }, i) => prev === (hashes[i - 1] ?? '')),
  };
}

test('signatures, hashes and refusals are those of every language', async () => {
  for (const { what, key, p, s, good } of vectors.signatures) assert.equal(await verify(key, p, s), good, what);
  for (const [i, { p, hash }] of vectors.chain.entries()) {
    assert.equal(await hashOf(p), hash);
    assert.equal(JSON.parse(p).prev, vectors.chain[i - 1]?.hash ?? '');
  }
});

test('a key signs, cannot be read out, and is there again after a restart', async () => {
  const { store, key } = await anEnrolledPhone({ name: 'restart-key' });
  assert.deepEqual([key.raw.length, key.base64.length, key.id.length], [65, 88, 32]);
  const s = await key.sign('記録');
  assert.equal(s.length, 88);
  assert.equal(await verify(key.base64, '記録', s), true);
  assert.equal(await verify(key.base64, '記録!', s), false);
  store.close();
  const again = await openStore('restart-key');
  const row = await again.read(['meta'], (tx) => result(tx.objectStore('meta').get('key:sato')));
  assert.equal(row.secret.extractable, false);
  await assert.rejects(crypto.subtle.exportKey('pkcs8', row.secret));
  assert.equal((await keyOf(again)).id, key.id);
  assert.equal((await makeKey(again)).id, key.id, 'asked again, it is the same');
});

test('once there is a key every scan is signed and carries the hash of the one before, in each log', async () => {
  const { store, key } = await anEnrolledPhone();
  await keepMany(store, 5);
  await Promise.all(Array.from({ length: 12 }, (_, i) => keep(store, loaded({ log: i % 2 ? LOG : '063614' }))));
  await keepMany(store, 1);
  const rows = await kept(store);
  for (const [log, count] of [[LOG, 12], ['063614', 6]]) {
    const found = await examined(rows.filter((row) => row.log === log), key.base64);
    assert.deepEqual(found, { signed: true, chained: true, seqs: Array.from({ length: count }, (_, i) => i + 1) });
  }
});

test('two tabs that keep at once make one chain and no fork', async () => {
  const { store, key } = await anEnrolledPhone({ name: 'two-tabs' });
  const other = await aPhone({ name: 'two-tabs' });
  await Promise.all(Array.from({ length: 40 }, (_, i) => keep(i % 2 ? store : other, loaded())));
  const found = await examined(await kept(store), key.base64);
  assert.deepEqual(found, { signed: true, chained: true, seqs: Array.from({ length: 40 }, (_, i) => i + 1) });
});

test('a clock set back a year changes neither number nor chain nor the running count of milliseconds', async () => {
  const { store, key } = await anEnrolledPhone();
  await keepMany(store, 2);
  const original = Date.now;
  Date.now = () => original() - 365 * 86_400_000;
  try {
    await keepMany(store, 2);
  } finally {
    Date.now = original;
  }
  const rows = await kept(store);
  assert.deepEqual(await examined(rows, key.base64), { signed: true, chained: true, seqs: [1, 2, 3, 4] });
  const scans = rows.map(({ p }) => JSON.parse(p));
  assert.ok(scans[2].at < scans[1].at, 'the wall clock is told as it was');
  assert.ok(scans.every(({ mono, boot }, i) => i === 0 || (mono >= scans[i - 1].mono && boot === scans[i - 1].boot)));
});

test('a phone that scanned unsigned goes on in its chain from the number after the last', async () => {
  const store = await aPhone();
  const before = await keepMany(store, 3);
  const key = await makeKey(store);
  const [after] = await keepMany(store, 1);
  const scan = JSON.parse(after.p);
  assert.deepEqual([scan.dev, scan.seq, scan.prev], [before[0].dev, 4, await hashOf(before[2].p)]);
  assert.deepEqual([key.dev, key.from], [before[0].dev, { [LOG]: 4 }]);
  assert.equal(await verify(key.base64, after.p, after.s), true);
});

test('who shares the phone and has no key goes on under another name: nobody signs for another', async () => {
  const { store, key } = await anEnrolledPhone();
  await keepMany(store, 2);
  await store.setMeta('me', somebody('abe'));
  const theirs = await keep(store, loaded({ actor: 'p-abe' }));
  assert.equal(theirs.s, '');
  assert.notEqual(theirs.dev, key.dev);
  const second = await makeKey(store);
  assert.equal(second.dev, theirs.dev);
  await store.setMeta('me', somebody('sato'));
  const [back] = await keepMany(store, 1);
  assert.deepEqual([back.dev, back.seq, await verify(key.base64, back.p, back.s)], [key.dev, 3, true]);
});

test('a new key for a phone whose key was revoked comes with a new name and a new chain', async () => {
  const { store, key } = await anEnrolledPhone();
  await keepMany(store, 2);
  const second = await makeKey(store, { fresh: true });
  assert.ok(second.id !== key.id && second.dev !== key.dev);
  const [row] = await keepMany(store, 1);
  const { dev, seq, prev } = JSON.parse(row.p);
  assert.deepEqual([dev, seq, prev], [second.dev, 1, '']);
});

test('a disk that does not give the key back as it was leaves the phone unsigned, and it says why', async () => {
  const faults = {
    refuses: () => { throw new DOMException('cannot be cloned', 'DataCloneError'); },
    forgets: (put, _value, key) => put(null, key),
  };
  for (const [what, fault] of Object.entries(faults)) {
    const store = await aPhone();
    const original = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function put(value, key) {
      const real = original.bind(this);
      return value instanceof CryptoKey ? fault(real, value, key) : real(value, key);
    };
    try {
      await assert.rejects(makeKey(store), { code: 'keys.not_kept' }, what);
    } finally {
      IDBObjectStore.prototype.put = original;
    }
    assert.deepEqual([await keyOf(store), await keyTrouble(store)], [null, 'keys.not_kept']);
    const [row] = await keepMany(store, 1);
    assert.deepEqual([row.s, row.seq], ['', 1], 'scanning goes on');
    await makeKey(store);
    assert.equal(await keyTrouble(store), '', 'once it works, nothing is said any more');
  }
});

test('a key that the disk gave up later stops no scan: unsigned, under another name, and it says so', async () => {
  const { store, key } = await anEnrolledPhone({ name: 'lost-key' });
  await keepMany(store, 2);
  await store.write(['meta'], async (tx) => {
    const meta = tx.objectStore('meta');
    meta.put({ ...(await result(meta.get('key:sato'))), secret: null }, 'key:sato');
  });
  store.close();
  const again = await openStore('lost-key');
  const [row] = await keepMany(again, 1);
  assert.deepEqual([row.s, row.seq, row.dev === key.dev], ['', 1, false]);
  assert.deepEqual([await keyOf(again), await keyTrouble(again)], [null, 'keys.lost']);
  assert.equal((await kept(again)).length, 3);
});

test('a full disk is no fault of the key', async () => {
  const store = await aPhone();
  const original = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = () => { throw new DOMException('no room', 'QuotaExceededError'); };
  try {
    await assert.rejects(makeKey(store), { code: 'store.full' });
  } finally {
    IDBObjectStore.prototype.put = original;
  }
  assert.equal(await keyTrouble(store), '');
});

test('what the server has had for a day makes room on a full disk', async () => {
  const { store, key } = await anEnrolledPhone();
  const [old] = await keepMany(store, 2);
  await store.write(['scans'], (tx) => result(tx.objectStore('scans').put({ ...old, state: 'sent', kept_at: Date.now() - 90_000_000 })));
  const original = IDBObjectStore.prototype.add;
  IDBObjectStore.prototype.add = function add(row) {
    IDBObjectStore.prototype.add = original;
    throw new DOMException(`no room for ${row.id}`, 'QuotaExceededError');
  };
  const row = await keep(store, loaded());
  const rows = await kept(store);
  assert.deepEqual(rows.map(({ seq }) => seq), [2, 3]);
  assert.equal(await verify(key.base64, row.p, row.s), true);
});

test("another phone's scan is carried as it is, once, and takes no number of ours", async () => {
  const { store: giver } = await anEnrolledPhone();
  const { store, key } = await anEnrolledPhone({ person: 'abe' });
  const { p, s } = await keep(giver, loaded());
  const row = await carry(store, { p, s }, { summary: { name: 'C-01' } });
  await carry(store, { p, s });
  await keep(store, loaded({ actor: 'p-abe' }));
  const rows = await kept(store);
  assert.deepEqual([row.p, row.s, row.carried, row.seq, row.job], [p, s, true, undefined, 'j1']);
  assert.deepEqual(rows.map(({ carried, seq, mine, dev }) => [carried ?? false, seq, mine, dev === key.dev]),
    [[true, undefined, false, false], [false, 1, true, true]]);
  const { pending, others } = await counts(store);
  assert.deepEqual([pending, others], [2, 0]);
});

test('other content under a known id is not carried, nor what is no scan', async () => {
  const store = await aPhone();
  const row = await keep(store, loaded());
  await assert.rejects(carry(store, { p: row.p.replace('"ok"', '"unknown"').replace('"seq":1', '"seq":9'), s: '' }), { code: 'outbox.contradiction' });
  for (const p of ['', 'x', '[]', '{"id":"1"}']) await assert.rejects(carry(store, { p, s: '' }), { code: 'outbox.incomplete' });
});

test('an act without step and code, such as a pass, is signed into the same chain', async () => {
  const { store, key } = await anEnrolledPhone();
  await keepMany(store, 1);
  const row = await keep(store, { log: LOG, kind: 'phone.pass', actor: 'p-sato', src: 'form', body: { role: 'driver' } });
  const scan = JSON.parse(row.p);
  assert.deepEqual([scan.kind, scan.seq, scan.step, await verify(key.base64, row.p, row.s)], ['phone.pass', 2, '', true]);
});

test('scans kept by the release before are there, can be sent, and the chain goes on behind them', async () => {
  const scans = [1, 2].map((seq) => ({ id: `old-${seq}`, p: `{"seq":${seq}}`, s: '', open: null, log: LOG, dev: 'd', seq, actor: 'p-sato',
    person: 'sato', job: 'j1', step: 'loaded', code: 'C', parent: '', n: seq, state: 'pending', receipt: null, kept_at: 5, evidence: [], summary: {} }));
  await new Promise((resolve, reject) => {
    const request = indexedDB.open('old-phone', 1);
    request.onupgradeneeded = () => {
      const db = request.result;
      const meta = db.createObjectStore('meta');
      db.createObjectStore('packs', { keyPath: 'id' });
      const table = db.createObjectStore('scans', { keyPath: 'id' });
      table.createIndex('n', 'n', { unique: true });
      table.createIndex('seq', ['log', 'seq'], { unique: true });
      for (const [name, path] of [['queue', ['state', 'person', 'n']], ['job', ['job', 'n']], ['age', ['state', 'kept_at']]]) table.createIndex(name, path);
      const photos = db.createObjectStore('photos', { keyPath: 'sha256' });
      for (const [name, path] of [['queue', ['state', 'person', 'n']], ['age', ['state', 'kept_at']]]) photos.createIndex(name, path);
      for (const [key, value] of [['phone', 'd'], [`seq:${LOG}`, 2], ['me', somebody('sato')]]) meta.put(value, key);
      scans.forEach((row) => table.add(row));
    };
    request.onsuccess = () => resolve(request.result.close());
    request.onerror = () => reject(request.error);
  });
  const store = await openStore('old-phone');
  await makeKey(store);
  const row = await keep(store, loaded());
  assert.deepEqual([row.dev, row.seq, row.s.length], ['d', 3, 88]);
  assert.deepEqual((await kept(store, { state: 'pending' })).map(({ seq }) => seq), [1, 2, 3]);
});
