// Nothing is lost and nothing lands twice, whatever the network, the server or one bad scan does.
import assert from 'node:assert/strict';
import test, { beforeEach } from 'node:test';

import { aPhone, aServer, json, keepMany, loaded, take } from './phone.js';
import { counts, keep, kept, photo, refusedPhotos, retryPhoto, subscribe } from '../../webapp/static/pwa/intake/outbox.js';
import { jobs, me, pack, refresh } from '../../webapp/static/pwa/intake/packs.js';
import { onStatus, syncNow } from '../../webapp/static/pwa/intake/sync.js';

let hour = 1_700_000_000_000;
beforeEach(() => (hour += 3_600_000)); // no patience asked for in one test reaches into the next

const serving = (options) => Object.assign(aServer(options), { now: hour });
const sync = (store, server) => syncNow(store, server.deps);
const batches = (server) =>
  server.calls.filter(({ path }) => path === '/api/scans').map(({ body }) => JSON.parse(body).items.length);

test('what is kept is sent once, in order, and then has its receipt', async () => {
  const [store, server] = [await aPhone(), serving()];
  const rows = await keepMany(store, 250);
  const status = await sync(store, server);
  assert.deepEqual(batches(server), [100, 100, 50]);
  assert.deepEqual([...server.books.keys()], rows.map(({ id }) => id));
  const after = await kept(store);
  assert.ok(after.every(({ state, receipt }) => state === 'sent' && receipt.status === 'recorded'));
  assert.deepEqual([status.online, status.needsLogin, status.problem, status.lastContact], [true, false, '', hour]);
});

test('the server gets the bytes that were kept, with our header', async () => {
  const [store, server] = [await aPhone(), serving()];
  const row = await keep(store, loaded(), { open: { serial: 'S1' } });
  await sync(store, server);
  const { body, headers } = server.calls.find(({ path }) => path === '/api/scans');
  assert.deepEqual(JSON.parse(body).items, [{ p: row.p, s: '', open: row.open }]);
  assert.deepEqual([JSON.parse(body).dev, JSON.parse(body).sent_at], [row.dev, hour]);
  assert.equal(headers['X-Ashiato'], '1');
});

test('a receipt that got lost on the way back costs nothing: the batch goes again and counts once', async () => {
  const [store, server] = [await aPhone(), serving()];
  const rows = await keepMany(store, 30);
  server.script = ({ path, body }) => {
    if (path !== '/api/scans') return undefined;
    JSON.parse(body).items.forEach((item) => take(server, item)); // committed there …
    server.script = () => undefined;
    throw new TypeError('network'); // … and cut here
  };
  assert.equal((await sync(store, server)).online, false);
  assert.equal((await counts(store)).pending, 30);
  await sync(store, server);
  assert.equal(server.books.size, 30);
  assert.deepEqual((await kept(store)).map(({ receipt }) => receipt.status), rows.map(() => 'duplicate'));
});

test('half of the receipts move half of the scans; the rest goes again', async () => {
  const [store, server] = [await aPhone(), serving()];
  await keepMany(store, 10);
  server.script = ({ path, body }) => {
    if (path !== '/api/scans') return undefined;
    server.script = () => undefined;
    return json({ server_at: hour, receipts: JSON.parse(body).items.slice(0, 5).map((item) => take(server, item)) });
  };
  await sync(store, server);
  assert.deepEqual(batches(server), [10, 5]);
  assert.deepEqual([server.books.size, (await counts(store)).sent], [10, 10]);
});

// the same with 10,000 on a real IndexedDB: tests/browser/test_engine.py (the imitation here slows down with the square)
test('1,000 scans land exactly once although the server takes seven at a time', async () => {
  const [store, server] = [await aPhone(), serving({ limit: 7 })];
  await keepMany(store, 1_000);
  await sync(store, server);
  assert.equal(server.books.size, 1_000);
  assert.ok(Math.max(...batches(server)) <= 100);
  assert.deepEqual(await counts(store), { pending: 0, sent: 1_000, refused: 0, stuck: 0, others: 0, photos: 0, badPhotos: 0, oldest: null });
  assert.ok([...server.books.values()].every(({ p }, i) => JSON.parse(p).seq === i + 1), 'in the order they were kept');
});

test('one scan the server cannot read is set aside and shown; the 99 around it arrive', async () => {
  const [store, server] = [await aPhone(), serving()];
  for (let i = 0; i < 100; i += 1) await keep(store, loaded(i === 62 ? { body: { poison: 'poison' } } : {}));
  await sync(store, server);
  const stuck = await kept(store, { state: 'stuck' });
  assert.equal(server.books.size, 99);
  assert.deepEqual(stuck.map(({ seq, receipt }) => [seq, receipt.code, receipt.text]), [[63, 'base.malformed', '読めません']]);
  const before = server.calls.length;
  await sync(store, server);
  assert.ok(!server.calls.slice(before).some(({ path }) => path === '/api/scans'), 'and is not sent in a loop');
});

test('a scan that is too large alone is set aside', async () => {
  const [store, server] = [await aPhone(), serving({ limit: 0 })];
  await keepMany(store, 3);
  await sync(store, server);
  assert.deepEqual((await kept(store)).map(({ state, receipt }) => [state, receipt.code]), Array(3).fill(['stuck', 'base.too_large']));
});

test('a refused scan stays with its reason and is not sent again', async () => {
  const [store, server] = [await aPhone(), serving()];
  await keep(store, loaded());
  const receipt = ({ p }) => ({ id: JSON.parse(p).id, status: 'refused', code: 'intake.not_a_party', text: '関係者ではありません' });
  server.script = ({ path, body }) =>
    path === '/api/scans' ? json({ server_at: hour, receipts: JSON.parse(body).items.map(receipt) }) : undefined;
  await sync(store, server);
  await sync(store, server);
  const [row] = await kept(store);
  assert.deepEqual([row.state, row.receipt.code, row.receipt.text], ['refused', 'intake.not_a_party', '関係者ではありません']);
  assert.equal(batches(server).length, 1);
});

test('a scan so broken that the server cannot name it is refused by its place, and blocks nobody', async () => {
  const [store, server] = [await aPhone(), serving()];
  const rows = await keepMany(store, 3);
  server.script = ({ path, body }) => {
    if (path !== '/api/scans') return undefined;
    const receipts = JSON.parse(body).items.map((item) => take(server, item));
    receipts[1] = { id: '', status: 'refused', code: 'intake.malformed', text: '読めません' };
    return json({ server_at: hour, receipts });
  };
  await sync(store, server);
  assert.deepEqual((await kept(store)).map(({ id, state }) => [id, state]),
    [[rows[0].id, 'sent'], [rows[1].id, 'refused'], [rows[2].id, 'sent']]);
});

test('without a login everything is kept, and the login brings it through', async () => {
  const [store, server] = [await aPhone(), serving({ who: '' })];
  await keepMany(store, 5);
  const status = await sync(store, server);
  assert.deepEqual([status.needsLogin, status.online, batches(server).length], [true, true, 0]);
  assert.equal((await counts(store)).pending, 5);
  assert.equal((await me(store)).person.id, 'sato', 'the app still starts as this person');
  server.who = 'sato';
  assert.equal((await sync(store, server)).needsLogin, false);
  assert.equal(server.books.size, 5);
});

test("another person's scans wait for that person", async () => {
  const [store, server] = [await aPhone(), serving({ who: 'abe' })];
  await keepMany(store, 3);
  await sync(store, server);
  assert.deepEqual([server.books.size, (await counts(store)).others], [0, 3]);
  server.who = 'sato';
  await sync(store, server);
  assert.equal(server.books.size, 3);
});

test('somebody else logging in at that very moment turns no scan into a refused one', async () => {
  const [store, server] = [await aPhone(), serving()];
  await keepMany(store, 2);
  server.script = ({ path, body }) => {
    if (path !== '/api/scans') return undefined;
    server.who = 'abe';
    const receipts = JSON.parse(body).items.map(({ p }) => ({ id: JSON.parse(p).id, status: 'refused', code: 'intake.not_your_scan' }));
    return json({ server_at: hour, receipts });
  };
  await sync(store, server);
  assert.equal((await counts(store)).pending, 2);
});

test('patience that the server asks for is kept, to the second', async () => {
  const [store, server] = [await aPhone(), serving()];
  await keepMany(store, 2);
  server.script = ({ path }) => (path === '/api/scans' ? json({ code: 'base.slow', text: '' }, 429, { 'Retry-After': '120' }) : undefined);
  assert.equal((await sync(store, server)).problem, 'sync.busy');
  server.script = () => undefined;
  const before = server.calls.length;
  server.now += 119_000;
  await sync(store, server);
  assert.equal(server.calls.length, before);
  server.now += 1_000;
  await sync(store, server);
  assert.equal(server.books.size, 2);
});

for (const [name, answer] of [
  ['no network', () => { throw new TypeError('failed to fetch'); }],
  ['a broken server', () => new Response('<h1>502</h1>', { status: 502 })],
  ['a captive portal that says 200', () => new Response('<html>Welcome</html>', { status: 200 })],
  ['a captive portal that says 404', () => new Response('{"error": "x"}', { status: 404 })],
  ['an answer about nothing', () => json({})],
]) {
  test(`${name} loses nothing and refuses nothing`, async () => {
    const [store, server] = [await aPhone(), serving()];
    await keepMany(store, 3);
    for (const where of ['/api/me', '/api/scans']) {
      server.script = ({ path }) => (path === where ? answer() : undefined);
      assert.equal((await sync(store, server)).online, false, where);
      assert.deepEqual((await kept(store)).map(({ state }) => state), ['pending', 'pending', 'pending']);
    }
    server.script = () => undefined;
    await sync(store, server);
    assert.equal(server.books.size, 3);
  });
}

test('asking twice at once runs one round at a time, and what was kept meanwhile goes too', async () => {
  const [store, server] = [await aPhone(), serving()];
  await keepMany(store, 5);
  server.script = async ({ path }) => {
    if (path === '/api/scans' && server.books.size === 0) await keep(store, loaded());
  };
  await Promise.all([sync(store, server), sync(store, server), sync(store, server)]);
  assert.equal(server.books.size, 6);
  assert.equal(batches(server).reduce((sum, size) => sum + size), 6, 'no scan was sent twice');
});

test('photos follow their scans and leave the phone when the server has them', async () => {
  const [store, server] = [await aPhone(), serving()];
  const sha256 = 'b'.repeat(64);
  await keep(store, loaded(), { photos: [{ sha256, blob: new Blob([new Uint8Array(9)], { type: 'image/jpeg' }) }] });
  server.script = ({ method }) => { if (method === 'PUT') throw new TypeError('cut'); };
  await sync(store, server);
  assert.deepEqual([(await counts(store)).photos, (await counts(store)).sent], [1, 1]);
  assert.notEqual(await photo(store, sha256), null);
  server.script = () => undefined;
  await sync(store, server);
  assert.equal((await counts(store)).photos, 0);
  assert.equal(server.photos.get(sha256).byteLength, 9);
  assert.equal(await photo(store, sha256), null);
});

test('a photo the server refuses stays on the phone and blocks no other', async () => {
  const [store, server] = [await aPhone(), serving()];
  for (const letter of ['c', 'd']) {
    await keep(store, loaded(), { photos: [{ sha256: letter.repeat(64), blob: new Blob(['x'], { type: 'image/jpeg' }) }] });
  }
  server.script = ({ path }) => (path.includes('cccc') ? json({ code: 'evidence.not_an_image', text: '' }, 422) : undefined);
  await sync(store, server);
  assert.deepEqual([...server.photos.keys()], ['d'.repeat(64)]);
  assert.notEqual(await photo(store, 'c'.repeat(64)), null);
});

test('a refused photo is shown with its reason and its scan, and goes again when somebody asks', async () => {
  const [store, server] = [await aPhone(), serving()];
  const [sha256, text] = ['e'.repeat(64), '24時間に送れる写真の量を超えました。'];
  const row = await keep(store, loaded(), { photos: [{ sha256, blob: new Blob(['x'], { type: 'image/jpeg' }) }] });
  server.script = ({ path }) => (path.includes('eeee') ? json({ code: 'evidence.quota_person', text }, 422) : undefined);
  await sync(store, server);
  const [refused] = await refusedPhotos(store);
  assert.deepEqual([refused.photo.text, refused.row.id, (await counts(store)).badPhotos], [text, row.id, 1]);
  server.script = () => undefined;
  await retryPhoto(store, sha256);
  await sync(store, server);
  assert.deepEqual([await refusedPhotos(store), [...server.photos.keys()]], [[], [sha256]]);
});

test('a verdict that changed later reaches the scan that is kept here', async () => {
  const [store, server] = [await aPhone(), serving()];
  const row = await keep(store, loaded());
  await sync(store, server);
  const finding = { code: 'WRONG_CAGE', severity: 'block', text: '別のかご車' };
  Object.assign(server, { rev: 7, verdicts: [{ id: row.id, verdict: 'attention', findings: [finding] }, { id: 'unknown', verdict: 'ok' }] });
  await sync(store, server);
  const [{ receipt }] = await kept(store);
  assert.deepEqual([receipt.status, receipt.verdict, receipt.findings], ['recorded', 'attention', [finding]]);
  await sync(store, server);
  assert.ok(server.calls.some(({ path }) => path.includes('since=7')));
  let news = 0;
  const stop = subscribe(store, () => (news += 1));
  await sync(store, server);
  stop();
  assert.equal(news, 0, 'the same verdict again is no news');
});

test("the server's clock is compared on each contact and stands in the next scan", async () => {
  const [store, server] = [await aPhone(), serving()];
  const ahead = 420_000; // the phone runs seven minutes slow
  server.deps.now = () => Date.now();
  server.script = ({ path }) => (path === '/api/me' ? json({ person: { id: 'sato' }, logs: [], server_at: Date.now() + ahead }) : undefined);
  await refresh(store, server.deps);
  const scan = JSON.parse((await keep(store, loaded())).p);
  assert.ok(Math.abs(scan.off - ahead) <= scan.off_err + 5);
  assert.ok(scan.off_age >= 0 && scan.off_age < 5_000);
});

test('jobs and packs are fetched ahead, again only when they changed, and go with the person', async () => {
  const [store, server] = [await aPhone(), serving()];
  const fetched = () => server.calls.filter(({ path }) => path.endsWith('/pack')).length;
  server.jobs = [{ id: 'j1', rev: '1' }, { id: 'j2', rev: '1' }];
  server.packs = { j1: { rev: '1', job: { id: 'j1' } }, j2: { rev: '1', job: { id: 'j2' } } };
  await sync(store, server);
  await sync(store, server);
  assert.deepEqual([fetched(), (await pack(store, 'j1')).job.id, (await jobs(store)).length], [2, 'j1', 2]);
  server.jobs = [{ id: 'j1', rev: '2' }];
  server.packs.j1 = { rev: '2', job: { id: 'j1' } };
  await sync(store, server);
  assert.deepEqual([fetched(), (await pack(store, 'j1')).rev, await pack(store, 'j2')], [3, '2', null]);
  server.script = ({ path }) => { if (path === '/api/jobs') throw new TypeError('cut'); };
  server.who = 'abe';
  await sync(store, server);
  assert.deepEqual([await pack(store, 'j1'), await jobs(store), (await me(store)).person.id], [null, [], 'abe']);
});

test('the state of the connection is told at once and at each change', async () => {
  const [store, server] = [await aPhone(), serving()];
  const heard = [];
  const stop = onStatus((status) => heard.push(status.syncing));
  await sync(store, server);
  stop();
  assert.equal(heard[0], false);
  assert.ok(heard.includes(true));
  assert.equal(heard.at(-1), false);
});
