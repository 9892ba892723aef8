// A hand-over between two phones without a network: what each signs, keeps and carries, and everything that must not pass.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { useTables } from '../../webapp/static/pwa/custody/tables.js';
import { dealOf, differences, fitting, hold, isDone, offer, offered, openDeals, opened, refusals, reply, spoken, withdraw } from '../../webapp/static/pwa/exchange/deal.js';
import { GUEST, honour, install, introduce, introduced, issue, papers, vouchers } from '../../webapp/static/pwa/exchange/pass.js';
import { decode, encode } from '../../webapp/static/pwa/exchange/text.js';
import { least, trustIn } from '../../webapp/static/pwa/exchange/trust.js';
import { useWords } from '../../webapp/static/pwa/exchange/words.js';
import { keyOf, makeKey } from '../../webapp/static/pwa/intake/keys.js';
import { kept } from '../../webapp/static/pwa/intake/outbox.js';
import { pack as packOf } from '../../webapp/static/pwa/intake/packs.js';
import { Work } from '../../webapp/static/pwa/screens/work.js';
import { LOG, aPhone } from './phone.js';

const here = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
useTables(here('../../webapp/static/pwa/contract/custody.json'));
useWords(here('../../webapp/static/pwa/contract/words.json'));

const JOB = '01a20028-0000-748e-a70a-bd26044143ca';
const CAGES = ['CJ8ZQFGANF1FRKKWM', 'VC39VEVD2XGSV3TT3'];
const cage = (code, fields = {}) => ({
  code, name: code.slice(0, 4), state: 'locked', seal: '7734012', lock: '', manifest: ['A', 'B'], manifest_hash: 'ab'.repeat(32), loaded: [], counted: [],
  handed_to: '', departed: null, arrived: null, ...fields,
});
const people = [['officer', 'officer'], ['driver', 'driver'], ['dock', 'itad_receiver']].map(([p, role]) => ({ p: `p-${p}`, name: p, role, org: '' }));

/** Somebody's phone with the job on it. */
async function one(person, { key = true, cages = CAGES.map((code) => cage(code)), phones = [] } = {}) {
  const store = await aPhone({ person });
  if (key) await makeKey(store);
  const pack = { rev: '9', server_at: 0, job: { id: JOB, log: LOG, title: '' }, actor: `p-${person}`, people, phones, devices: [], cages, codes: { prefixes: [] }, policy: {} };
  return new Work({ store, me: null }, pack, []);
}

const shownBy = async (work, nonce, kind) => {
  const deal = await dealOf(work, nonce);
  const acts = kind === 'offer' ? deal.offers : deal.offers.map(({ scan }) => deal.answers.get(scan.id));
  return opened((await decode(await encode(kind, acts))).signed);
};
/** The same phone after its app was killed. */
const again = async (work) => new Work(work.app, work.pack, await kept(work.app.store, { job: JOB }));

/** The whole exchange; answers both phones and the nonce. */
async function exchange({ reasons = new Map(), officer, driver } = {}) {
  const giver = officer ?? await one('officer');
  const taker = driver ?? await one('driver');
  const nonce = await offer(giver, giver.pack.cages, 'p-driver');
  const { acts } = offered(await shownBy(giver, nonce, 'offer'));
  await reply(taker, acts, reasons);
  const answers = await shownBy(taker, nonce, 'answer');
  await fitting(await dealOf(giver, nonce), answers);
  await hold(giver, nonce, answers);
  return { giver, taker, nonce, answers };
}

test('both phones hold the same four signatures, and read the same words', async () => {
  const { giver, taker, nonce } = await exchange();
  const [mine, theirs] = await Promise.all([giver, taker].map((work) => dealOf(work, nonce)));
  assert.deepEqual([isDone(mine), isDone(theirs)], [true, true]);
  assert.deepEqual(await spoken(mine), await spoken(theirs));
  const held = await Promise.all([giver, taker].map(async ({ app }) => (await kept(app.store)).map(({ id, p, s }) => [id, p, s]).sort()));
  assert.deepEqual(held[0], held[1]);
  assert.equal(held[0].length, 4);
  assert.deepEqual([giver, taker].map(({ view }) => view.cages.get(CAGES[0]).handed_to), ['p-driver', 'p-driver']);
});

test('what the other phone signed is carried: without a number of this phone, to be sent by whoever is here', async () => {
  const { taker } = await exchange();
  const rows = await kept(taker.app.store);
  assert.deepEqual(rows.map(({ step, carried = false, seq = null }) => [step, carried, seq]),
    [['handed_over', true, null], ['handed_over', true, null], ['accepted', false, 1], ['accepted', false, 2]]);
});

test('a cage can be refused and the other taken, with a reason', async () => {
  const { giver, nonce } = await exchange({ reasons: new Map([[CAGES[1], 'seal']]) });
  const deal = await dealOf(giver, nonce);
  assert.deepEqual(refusals(deal).map(({ scan }) => [scan.code, scan.body.reason]), [[CAGES[1], 'seal']]);
  assert.deepEqual(CAGES.map((code) => giver.view.cages.get(code).state), ['handed_over', 'locked']);
  assert.deepEqual(await openDeals(giver), []);
});

test('an app that is killed after any step comes back to where it was, and does nothing twice', async () => {
  const giver = await one('officer');
  const nonce = await offer(giver, giver.pack.cages, 'p-driver');
  const back = await again(giver);
  assert.deepEqual((await openDeals(back)).map((deal) => deal.nonce), [nonce]);
  const taker = await one('driver');
  const acts = await shownBy(back, nonce, 'offer');
  await hold(taker, nonce, acts); // killed before a single answer was signed
  await reply(await again(taker), acts.slice(0, 1), new Map()); // killed after the first of two
  await reply(await again(taker), acts, new Map());
  const rows = await kept(taker.app.store);
  assert.deepEqual(rows.map(({ step }) => step).sort(), ['accepted', 'accepted', 'handed_over', 'handed_over']);
});

test('an offer can be taken back as long as nobody has answered it', async () => {
  const giver = await one('officer');
  const nonce = await offer(giver, giver.pack.cages, 'p-driver');
  await withdraw(giver, await dealOf(giver, nonce));
  assert.deepEqual((await dealOf(giver, nonce)).offers, []);
  assert.equal(giver.view.cages.get(CAGES[0]).state, 'locked');
  assert.deepEqual(await openDeals(giver), []);
});

test('an answer to another offer, or to other words, is not taken', async () => {
  const { giver, answers } = await exchange();
  const other = await offer(giver, giver.pack.cages, 'p-driver');
  await assert.rejects(fitting(await dealOf(giver, other), answers), { code: 'other_offer' });
  const deal = await dealOf(giver, answers[0].scan.body.nonce ?? other);
  await assert.rejects(fitting(deal, []), { code: 'not_an_answer' });
  await assert.rejects(fitting(deal, deal.offers), { code: 'not_an_answer' });
  const [{ scan }] = deal.offers;
  const forged = { ...answers[0].scan, code: scan.code, body: { offer: scan.id, offer_hash: '0'.repeat(64) } };
  await assert.rejects(fitting(deal, [{ p: JSON.stringify(forged), s: '', scan: forged }]), { code: 'other_words' });
});

test('offers of two givers, jobs or cages twice are not one hand-over', async () => {
  const giver = await one('officer');
  const [a, b] = await shownBy(giver, await offer(giver, giver.pack.cages, 'p-driver'), 'offer');
  const altered = (change) => ({ p: JSON.stringify({ ...b.scan, ...change }), s: b.s });
  for (const change of [{ actor: 'p-dock' }, { job: 'x' }, { log: '1' }, { code: a.scan.code }, { body: { ...b.scan.body, to: 'p-dock' } }]) {
    assert.throws(() => offered([a, altered(change)]), { code: 'several' });
  }
  for (const change of [{ step: 'accepted' }, { kind: 'codes.issued' }, { body: {} }, { code: 7 }]) {
    assert.throws(() => offered([altered(change)]), { code: 'not_a_hand_over' });
  }
  assert.throws(() => offered([{ p: '{', s: '' }]), { code: 'not_a_hand_over' });
  assert.throws(() => offered([]), { code: 'not_a_hand_over' });
});

test('a signature is known, unknown, missing or forged', async () => {
  const giver = await one('officer');
  const [act] = await shownBy(giver, await offer(giver, giver.pack.cages.slice(0, 1), 'p-driver'), 'offer');
  const { dev, base64 } = await keyOf(giver.app.store);
  const stranger = await keyOf((await one('dock')).app.store);
  const row = (fields = {}) => ({ phones: [{ dev, key: base64, p: 'p-officer', until: null, ...fields }] });
  assert.equal(await trustIn(row(), act, act.scan), 'known');
  assert.equal(await trustIn({ phones: [] }, act, act.scan), 'unknown');
  assert.equal(await trustIn({}, { ...act, s: '' }, act.scan), 'unsigned');
  assert.equal(await trustIn(row({ key: stranger.base64 }), act, act.scan), 'forged');
  assert.equal(await trustIn(row({ p: 'p-dock' }), act, act.scan), 'forged'); // a phone of somebody else's
  assert.equal(await trustIn(row(), { ...act, s: '' }, act.scan), 'forged'); // a phone that has a key signs
  assert.equal(await trustIn(row(), { ...act, p: act.p.replace('7734012', '7734013') }, act.scan), 'forged');
  assert.equal(await trustIn(row({ until: act.scan.at - 1 }), act, act.scan), 'late');
  assert.deepEqual([least(['known', 'unknown']), least(['unknown', 'forged']), least(['known', 'known'])], ['unknown', 'forged', 'known']);
});

test('two phones without keys exchange all the same; what is not signed only its own author sends', async () => {
  const [officer, driver] = [await one('officer', { key: false }), await one('driver', { key: false })];
  const { giver, taker, nonce } = await exchange({ officer, driver });
  assert.deepEqual(await spoken(await dealOf(giver, nonce)), await spoken(await dealOf(taker, nonce)));
  assert.deepEqual((await kept(giver.app.store)).map(({ step }) => step), ['handed_over', 'handed_over']);
  assert.deepEqual(await openDeals(await again(giver)), []);
});

test('what differs from this phone own copy is told; where there is none, nothing can differ', async () => {
  const scan = { body: { seal: '7734099', count: 2, manifest_hash: 'cd'.repeat(32) } };
  assert.deepEqual(differences(scan, cage(CAGES[0])).map(({ what, ours }) => [what, ours]), [['seal', '7734012'], ['manifest', 'ab'.repeat(32)]]);
  assert.deepEqual(differences(scan, cage(CAGES[0], { manifest_hash: '' })), []);
  assert.deepEqual(differences(scan, undefined), []);
});

/** What one phone shows and another reads, through the text of the QR. */
const seen = async (kind, signed) => opened((await decode(await encode(kind, signed))).signed);

/** An officer with a key that every phone of the job knows, and a substitute's phone that has been given a pass. */
async function withSubstitute() {
  const officer = await one('officer');
  const { dev, base64 } = await keyOf(officer.app.store);
  officer.pack.phones.push({ dev, key: base64, p: 'p-officer', until: null });
  const store = await aPhone({ person: '' });
  const row = await issue(officer, await introduced(await seen('phone', [await introduce(store, 'guest')])));
  const paper = await seen('pass', await papers(officer, row));
  const job = await install(store, paper, 'guest');
  const substitute = new Work({ store, me: null }, await packOf(store, job), await kept(store, { job }));
  return { officer, substitute, paper, row };
}

test('a substitute without an account gets a name, the job and its cages from the officer phone alone', async () => {
  const { officer, substitute, row } = await withSubstitute();
  const { body } = JSON.parse(row.p);
  assert.equal((await substitute.app.store.meta('me')).person.id, GUEST);
  assert.deepEqual([substitute.actor, substitute.id, substitute.person('p-officer')], [body.holder, JOB, 'officer']);
  assert.deepEqual(differences({ body: { seal: '7734012', count: 2, manifest_hash: 'ab'.repeat(32) } }, substitute.view.cages.get(CAGES[0])), []);
  assert.deepEqual(officer.pack.people.at(-1).p, body.holder);
});

test('the substitute takes the cages and hands them on; both can check the signature, and carry the pass', async () => {
  const { officer, substitute } = await withSubstitute();
  const nonce = await offer(officer, officer.pack.cages, substitute.actor);
  const { acts } = offered(await shownBy(officer, nonce, 'offer'));
  assert.equal(await trustIn(substitute.pack, acts[0], acts[0].scan), 'known');
  await reply(substitute, acts, new Map());
  const [answer] = await shownBy(substitute, nonce, 'answer');
  assert.equal(await trustIn(officer.pack, answer, answer.scan), 'known');
  await hold(officer, nonce, await shownBy(substitute, nonce, 'answer'));
  assert.deepEqual(await spoken(await dealOf(officer, nonce)), await spoken(await dealOf(substitute, nonce)));

  const dock = await one('dock', { phones: officer.pack.phones.slice(0, 1) });
  const onward = await offer(await again(substitute), [substitute.view.cages.get(CAGES[0])], 'p-dock');
  const [pass, given] = await seen('offer', [...vouchers(substitute), ...(await dealOf(await again(substitute), onward)).offers]);
  assert.equal(await trustIn(dock.pack, given, given.scan), 'unknown');
  await honour(dock, [pass]);
  assert.equal(await trustIn(dock.pack, given, given.scan), 'known');
  assert.equal((await kept(dock.app.store))[0].p, pass.p);
});

test('a pass of another phone, of no officer that is known, or changed on the way lets nobody in', async () => {
  const { officer, paper } = await withSubstitute();
  const stranger = await aPhone({ person: '' });
  await introduce(stranger, 'guest');
  await assert.rejects(install(stranger, paper, 'guest'), { code: 'other_phone' });
  await assert.rejects(install(stranger, paper.slice(1), 'guest'), { code: 'not_a_pass' });
  const me = await introduce(stranger, 'guest');
  await assert.rejects(introduced([{ p: me.p.replace('"v":1', '"v":2'), s: me.s, scan: JSON.parse(me.p) }]), { code: 'forged' });
  await assert.rejects(introduced(paper), { code: 'not_a_phone' });
  const row = await issue(officer, await introduced(await seen('phone', [me])));
  const [pass, brief] = await seen('pass', await papers(officer, row));
  const longer = pass.p.replace(/"until":\d+/, '"until":9999999999999');
  await assert.rejects(install(stranger, [{ p: longer, s: pass.s, scan: JSON.parse(longer) }, brief], 'guest'), { code: 'forged' });
  const dock = await one('dock'); // knows no officer's key
  await honour(dock, [pass]);
  assert.deepEqual(await kept(dock.app.store), []);
});
