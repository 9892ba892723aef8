// What people are told about a proof, and whose signatures a phone comes to believe.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { decode64, utf8 } from '../../webapp/static/pwa/ledger/bytes.js';
import { read } from '../../webapp/static/pwa/ledger/entry.js';
import { followLedgers, ledgers, stateAt } from '../../webapp/static/pwa/ledger/follow.js';
import { accept, decline, hear, pins, refreshPins, summary, trusted } from '../../webapp/static/pwa/ledger/pins.js';
import { examineFile, examinePaper } from '../../webapp/static/pwa/ledger/verdict.js';
import { aPhone } from './phone.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/tlog.json', import.meta.url), 'utf8'));
const [POLICY, ONE_OF, OTHER] = vectors.policies.slice(0, 3).map(([text]) => text);
const ORIGIN = 'ashiato.example/log/063622';
const TRUSTED = [{ origin: ORIGIN, texts: [POLICY] }];
const paper = (what) => vectors.paper.find((each) => each.what === what).text;
const told = async (what, known = TRUSTED) => {
  const { kind, why } = await examinePaper(paper(what), known);
  return why ? `${kind}: ${why}` : kind;
};

test('a good paper is genuine, and says who cosigned when', async () => {
  const verdict = await examinePaper(paper('good'), TRUSTED);
  assert.equal(verdict.kind, 'genuine');
  assert.deepEqual([verdict.index, verdict.size, verdict.least, verdict.asked], [3n, 7n, 3, 4]);
  assert.deepEqual(verdict.cosigned[0], { name: 'shinjo', at: 1_790_000_000n });
});

test('each way to fail has its own word and reason', async () => {
  assert.equal(await told('two witnesses'), 'short: quorum');
  assert.equal(await told('another key'), 'tampered: key');
  assert.equal(await told('another log'), 'unknown: origin');
  for (const what of ['cut', 'nothing', 'junk behind', 'bomb', 'no entry']) assert.equal(await told(what), 'tampered: broken', what);
  assert.equal(await told('good', []), 'unknown: origin');
});

test('a changed byte is a suspicion, or another log, or one cosignature fewer: never the same paper', async () => {
  const changed = vectors.paper.filter(({ what }) => what.includes('changed'));
  assert.ok(changed.length > 40);
  for (const { what, text } of changed) {
    const { kind, cosigned } = await examinePaper(text, TRUSTED);
    assert.ok(['tampered', 'unknown'].includes(kind) || cosigned.length === 3, `${what}: ${kind}`);
  }
});

test('of a paper that failed, nothing is shown as if it were true', async () => {
  const { entry, size, cosigned } = await examinePaper(paper('another key'), TRUSTED);
  assert.deepEqual([entry, size, cosigned], [null, null, []]);
});

test('a log that nobody else watches never gives a genuine proof', async () => {
  const alone = `${POLICY.split('\n')[0]}\nquorum none\n`;
  assert.equal(await told('good', [{ origin: ORIGIN, texts: [alone] }]), 'short: alone');
});

test('a paper from before the nodes changed stays good under the policy of its time, and says so', async () => {
  const two = await examinePaper(paper('two witnesses'), [{ origin: ORIGIN, texts: [POLICY, ONE_OF] }]);
  assert.deepEqual([two.kind, two.older], ['genuine', true]);
});

test('proof files are judged like papers', async () => {
  const [raw, entry] = vectors.verified[0];
  const [, other] = vectors.verified[1];
  assert.equal((await examineFile(decode64(raw), decode64(entry), TRUSTED)).kind, 'genuine');
  const { kind, why } = await examineFile(decode64(raw), decode64(other), TRUSTED);
  assert.deepEqual([kind, why], ['tampered', 'place']);
  assert.equal((await examineFile(utf8('no proof'), decode64(entry), TRUSTED)).why, 'broken');
});

test('what an entry says is read from its bytes, and rubbish says nothing', async () => {
  const { entry } = await examinePaper(paper('ours'), TRUSTED);
  const said = read(entry);
  assert.deepEqual([said.kind, said.step, said.code, said.roles], ['custody.scan', 'sanitized', 'CJ8ZQFGANF1FRKKWM', ['officer']]);
  for (const raw of ['', 'null', '[]', '{"v":1}', '{"v":1,"kind":"x","p":"{"}', '\u00ff']) assert.equal(read(utf8(raw)), null, raw);
});

test('the first policy of a log is pinned, another one is only offered', async () => {
  const store = await aPhone();
  const offer = (text) => ({ log: '063622', name: '最上町', text });
  assert.equal(await hear(store, offer(POLICY), 1), 'pinned');
  assert.equal(await hear(store, offer(POLICY), 2), 'same');
  assert.equal(await hear(store, offer(ONE_OF), 3), 'changed');
  assert.deepEqual(trusted(await pins(store)), TRUSTED);
  // declined: what is pinned stays, and the same question does not come again
  await decline(store, ORIGIN);
  await hear(store, offer(ONE_OF), 4);
  assert.equal((await pins(store))[0].offered, null);
  // another one is asked about; accepted, it is the newest, and the one before is remembered
  await hear(store, offer(`${POLICY.split('\n')[0]}\nquorum none\n`), 5);
  await accept(store, ORIGIN);
  assert.deepEqual((await pins(store))[0].policies.map(({ at }) => at), [5, 1]);
});

test('a node that moved house is no question of trust', async () => {
  const store = await aPhone();
  await hear(store, { log: '063622', name: '', text: POLICY }, 1);
  const moved = POLICY.replace(/^(witness \S+ \S+).*$/m, '$1 https://new.example/');
  assert.equal(await hear(store, { log: '063622', name: '', text: moved }, 2), 'same');
});

test('the same log under another number is the same log: its key is not taken twice', async () => {
  const store = await aPhone();
  await hear(store, { log: '063622', name: '最上町', text: POLICY }, 1);
  assert.equal(await hear(store, { log: '999999', name: '偽町', text: ONE_OF }, 2), 'changed');
  assert.equal((await pins(store)).length, 1);
});

test('what is no policy is not pinned', async () => {
  const store = await aPhone();
  for (const text of ['', '<html>', 'quorum none\n']) {
    await assert.rejects(hear(store, { log: '1', name: '', text }, 1), { name: 'PolicyError' });
  }
  assert.deepEqual(await pins(store), []);
});

test('a captive portal, an error and no network change nothing', async () => {
  const store = await aPhone();
  const page = () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } });
  const answers = [page, () => new Response('no', { status: 503 }), () => { throw new TypeError('offline'); }];
  for (const answer of answers) {
    await refreshPins(store, [{ id: '063622', name: '最上町' }], { fetch: async () => answer(), now: () => 1, random: () => 0 });
  }
  assert.deepEqual(await pins(store), []);
});

test('how far a log is comes with the round, its policy now and then', async () => {
  const store = await aPhone();
  const asked = [];
  const sizes = { recorded: 9, signed: 8, cosigned: 5, anchored: 0 };
  let now = 1_000_000;
  const deps = { now: () => now, random: () => 0, fetch: async (path) => {
    asked.push(path);
    return path.endsWith('/policy') ? new Response(OTHER, { headers: { 'Content-Type': 'text/plain; charset=utf-8' } }) : Response.json(sizes);
  } };
  const logs = [{ id: '062014', name: '山形市' }];
  for (const wait of [0, 30_000, 700_000]) {
    now += wait;
    await followLedgers(store, logs, deps);
  }
  assert.equal(asked.filter((path) => path.endsWith('/policy')).length, 2);
  assert.deepEqual(await ledgers(store), { '062014': sizes });
  assert.deepEqual([8, 7, 4].map((index) => stateAt(sizes, index)), ['recorded', 'signed', 'cosigned']);
  assert.equal(stateAt(undefined, 0), 'recorded');
});

test('a policy says its key, its witnesses and how many are enough', async () => {
  const { fingerprint, witnesses, least } = await summary(POLICY);
  assert.match(fingerprint, /^([0-9a-f]{4} ){7}[0-9a-f]{4}$/);
  assert.deepEqual([witnesses, least], [['shinjo', 'funagata', 'oishida', 'obanazawa'], 3]);
});
