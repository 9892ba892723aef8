// No commit, no beep: what `keep` promises about order, numbers, photos and people.
import assert from 'node:assert/strict';
import test from 'node:test';

import { CODE, LOG, aPhone, keepMany, loaded } from './phone.js';
import { commitment } from '../../webapp/static/pwa/kernel/canonical.js';
import { openStore } from '../../webapp/static/pwa/kernel/store.js';
import { counts, keep, kept, photo, prune, retry, subscribe } from '../../webapp/static/pwa/intake/outbox.js';
import { exportUnsent } from '../../webapp/static/pwa/intake/transfer.js';

const A_PHOTO = { sha256: 'a'.repeat(64), blob: new Blob([new Uint8Array([1, 2, 3])], { type: 'image/jpeg' }) };

/** Runs `work` while writing down how transactions end. */
async function watched(work) {
  const original = IDBDatabase.prototype.transaction;
  const seen = [];
  IDBDatabase.prototype.transaction = function watchedTransaction(tables, mode, options) {
    const tx = original.call(this, tables, mode, options);
    if (mode === 'readwrite') tx.addEventListener('complete', () => seen.push({ tables: [...tables], ...options }));
    return tx;
  };
  try {
    await work(seen);
  } finally {
    IDBDatabase.prototype.transaction = original;
  }
}

test('keep resolves after one strict transaction that holds number, scan and photo', async () => {
  const store = await aPhone();
  await watched(async (ended) => {
    await keep(store, loaded(), { photos: [A_PHOTO] });
    assert.deepEqual(ended, [{ tables: ['meta', 'scans', 'photos'], durability: 'strict' }]);
  });
});

test('what is kept is the scan as it will be sent, byte for byte', async () => {
  const store = await aPhone();
  const row = await keep(store, loaded({ body: { count: 12 }, wit: ['p-abe'], base: 'r7', said: 'ok' }));
  const [again] = await kept(store);
  const scan = JSON.parse(again.p);
  assert.equal(again.p, row.p);
  assert.deepEqual(
    [scan.v, scan.kind, scan.log, scan.step, scan.code, scan.parent, scan.src, scan.seq, scan.prev, scan.off, scan.commit],
    [1, 'custody.scan', LOG, 'loaded', CODE, 'CAGE', 'camera', 1, '', null, ''],
  );
  assert.deepEqual([scan.body, scan.wit, scan.base, scan.said], [{ count: 12 }, ['p-abe'], 'r7', 'ok']);
  assert.match(scan.id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([again.s, again.state, again.receipt, again.person, again.mine], ['', 'pending', null, 'sato', true]);
});

test('a serial stays out of the scan: only a commitment that its salt opens stands there', async () => {
  const store = await aPhone();
  const row = await keep(store, loaded(), { open: { serial: 'PF3X9K' } });
  assert.ok(!row.p.includes('PF3X9K'));
  assert.match(row.open.salt, /^[0-9a-f]{64}$/);
  assert.equal(JSON.parse(row.p).commit, await commitment(row.open));
});

test('numbers have no gaps in each log, however many tabs keep at once', async () => {
  const [one, two] = [await aPhone({ name: 'tabs' }), await aPhone({ name: 'tabs' })];
  await Promise.all(Array.from({ length: 60 }, (_, i) => keep(i % 2 ? one : two, loaded({ log: i % 3 ? LOG : '063614' }))));
  for (const [log, count] of [[LOG, 40], ['063614', 20]]) {
    const seqs = (await kept(one)).filter((row) => row.log === log).map(({ seq }) => seq).sort((a, b) => a - b);
    assert.deepEqual(seqs, Array.from({ length: count }, (_, i) => i + 1));
  }
  const devs = new Set((await kept(two)).map(({ dev }) => dev));
  assert.equal(devs.size, 1);
});

test('codes of one frame share a transaction, and one that cannot be kept takes no other with it', async () => {
  const store = await aPhone();
  const circular = /** @type {Record<string, unknown>} */ ({});
  circular.self = circular;
  await watched(async (ended) => {
    const bodies = [{}, {}, circular, {}, {}];
    const outcomes = await Promise.allSettled(bodies.map((body) => keep(store, loaded({ body }))));
    assert.deepEqual(outcomes.map(({ status }) => status === 'fulfilled'), [true, true, false, true, true]);
    assert.ok(ended.every(({ durability }) => durability === 'strict'));
  });
  assert.deepEqual((await kept(store)).map(({ seq }) => seq), [1, 2, 3, 4]);
  await watched(async (ended) => {
    await keepMany(store, 1);
    await Promise.all(Array.from({ length: 12 }, () => keep(store, loaded())));
    assert.equal(ended.length, 3, 'one alone, the first of twelve, the eleven that came meanwhile');
  });
});

test('a number is not used up when keeping fails', async () => {
  const store = await aPhone();
  await keep(store, loaded());
  const circular = /** @type {Record<string, unknown>} */ ({});
  circular.self = circular;
  await assert.rejects(keep(store, loaded({ body: circular })));
  const row = await keep(store, loaded());
  assert.equal(row.seq, 2);
  assert.equal((await kept(store)).length, 2);
});

test('a full disk is said, not beeped: nothing is kept and no number is used up', async () => {
  const store = await aPhone();
  const original = IDBObjectStore.prototype.add;
  IDBObjectStore.prototype.add = () => {
    throw new DOMException('no room', 'QuotaExceededError');
  };
  try {
    await assert.rejects(keep(store, loaded()), { code: 'store.full' });
  } finally {
    IDBObjectStore.prototype.add = original;
  }
  assert.deepEqual(await kept(store), []);
  assert.equal((await keep(store, loaded())).seq, 1);
});

test('without anybody logged in nothing is kept, and it says so', async () => {
  const store = await aPhone({ person: '' });
  await assert.rejects(keep(store, loaded()), { code: 'outbox.no_person' });
  assert.deepEqual(await kept(store), []);
});

test('a scan without log, step, code or actor cannot enter the queue', async () => {
  const store = await aPhone();
  for (const hole of [{ log: '' }, { code: '' }, { actor: '' }]) {
    await assert.rejects(keep(store, loaded(hole)), { code: 'outbox.incomplete' });
  }
});

test('a photo is on disk with its scan and is named in it', async () => {
  const store = await aPhone();
  const row = await keep(store, loaded(), { photos: [A_PHOTO] });
  assert.deepEqual(JSON.parse(row.p).ev, [A_PHOTO.sha256]);
  const blob = await photo(store, A_PHOTO.sha256);
  assert.deepEqual(new Uint8Array(await blob.arrayBuffer()), new Uint8Array([1, 2, 3]));
  assert.equal((await counts(store)).photos, 1);
});

test('scans survive the page: a new start finds them in the order they were kept', async () => {
  const store = await aPhone({ name: 'restart' });
  const rows = await keepMany(store, 20);
  store.close();
  const again = await openStore('restart');
  assert.deepEqual((await kept(again)).map(({ p }) => p), rows.map(({ p }) => p));
  assert.equal((await keep(again, loaded())).seq, 21);
});

test('scans of somebody else are counted, kept and marked as theirs', async () => {
  const store = await aPhone();
  await keep(store, loaded());
  await store.setMeta('me', { person: { id: 'abe' } });
  const [row] = await kept(store);
  assert.equal(row.mine, false);
  assert.deepEqual(await counts(store), {
    pending: 1, sent: 0, refused: 0, stuck: 0, others: 1, photos: 0, badPhotos: 0, oldest: row.kept_at,
  });
});

test('lists can be cut by job and by state', async () => {
  const store = await aPhone();
  await keep(store, loaded({ job: 'j1' }));
  await keep(store, loaded({ job: 'j2' }));
  assert.deepEqual((await kept(store, { job: 'j2' })).map(({ job }) => job), ['j2']);
  assert.deepEqual(await kept(store, { state: 'sent' }), []);
  assert.equal((await kept(store, { limit: 1 })).length, 1);
});

test('every tab hears that something was kept', async () => {
  const [one, two] = [await aPhone({ name: 'news' }), await aPhone({ name: 'news' })];
  const heard = new Promise((resolve) => subscribe(two, () => resolve(true)));
  await keep(one, loaded());
  assert.equal(await heard, true);
});

test('only what was sent more than 14 days ago is forgotten', async () => {
  const store = await aPhone();
  const rows = await keepMany(store, 4);
  const [day, now] = [86_400_000, Date.now()];
  const ages = [['sent', 15], ['sent', 13], ['pending', 99], ['refused', 99]];
  await store.write(['scans'], async (tx) => {
    ages.forEach(([state, days], i) => tx.objectStore('scans').put({ ...rows[i], state, kept_at: now - days * day }));
  });
  await prune(store, now);
  assert.deepEqual((await kept(store)).map(({ id }) => id), rows.slice(1).map(({ id }) => id));
});

test('a stuck scan goes back to the queue only when asked for; a sent one never', async () => {
  const store = await aPhone();
  const [stuck, sent] = await keepMany(store, 2);
  await store.write(['scans'], async (tx) => {
    tx.objectStore('scans').put({ ...stuck, state: 'stuck' });
    tx.objectStore('scans').put({ ...sent, state: 'sent' });
  });
  await retry(store, stuck.id);
  await retry(store, sent.id);
  assert.deepEqual((await kept(store)).map(({ state }) => state), ['pending', 'sent']);
});

test('what the server has not recorded can be taken out as a file', async () => {
  const store = await aPhone();
  const row = await keep(store, loaded(), { open: { note: '倉庫' } });
  const file = JSON.parse(await (await exportUnsent(store)).text());
  assert.deepEqual([file.format, file.items.length, file.items[0].p], ['ashiato.unsent', 1, row.p]);
});

test('a connection that the browser dropped is opened again, with everything in it', async () => {
  const store = await aPhone();
  await keep(store, loaded());
  const original = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function once() {
    IDBDatabase.prototype.transaction = original;
    throw new DOMException('connection lost', 'InvalidStateError');
  };
  assert.equal((await keep(store, loaded())).seq, 2);
});
