// Which person the office has bound this phone to. The office shows a code, the phone answers with its public key and a signature
// that shows it holds the other half. Needs the network once; signing itself never does.

import { room } from '../kernel/storage.js';
import { result } from '../kernel/store.js';
import { beginIn } from './chain.js';
import { WORLD, ask } from './http.js';
import { KeyError, keyOf, keyTrouble, makeKey, nextIn } from './keys.js';
import { phone } from './phone.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../types.js').Kept} Kept */
/** @typedef {import('../types.js').Me} Me */
/** @typedef {import('./http.js').Answer} Answer */
/** @typedef {import('./http.js').Deps} Deps */
/** @typedef {import('./keys.js').PhoneKey} PhoneKey */

/** none: no key yet · keyless: this browser keeps none, records stay unsigned · lost: it had one, and gave it up · waiting: signs, and the office does not know the
 * key yet · enrolled · revoked: reported lost or ended; what it records is kept and looked at.
 * @typedef {"none"|"keyless"|"lost"|"waiting"|"enrolled"|"revoked"} StandingState */

/** A phone of the same person that the new one may stand in for. @typedef {{dev: string, enrolled_at: number, last_at: number|null}} Former */

/** What is written down beside the key. @typedef {object} Record_
 * @property {string} dev
 * @property {"enrolled"|"revoked"} state
 * @property {number} at when the phone heard it first
 * @property {string} after the phone it stands in for, or ""
 * @property {string[]} seams logs in which its chain goes on from that one's */

/** @typedef {{state: StandingState, trouble: string, key: PhoneKey|null, record: Record_|null}} Standing */

/** @typedef {{ok: true} | {ok: false, code: string, text: string}} Outcome `code` "enrol.offline": no answer; "enrol.login";
 * "store.full", "keys.…": see there; else the server's, with its text */

const SYNC_LOCK = 'ashiato-sync';

/** @param {Store} store @returns {Promise<string>} */
const recordKey = async (store) => `enrolment:${/** @type {Me|undefined} */ (await store.meta('me'))?.person.id ?? ''}`;

/** How things stand for the person logged in, from this phone's disk alone. @param {Store} store @returns {Promise<Standing>} */
export async function standing(store) {
  const [key, trouble] = [await keyOf(store), await keyTrouble(store)];
  if (!key) return { state: stateWithout(trouble), trouble, key, record: null };
  /** @type {Record_|undefined} */
  const record = await store.meta(await recordKey(store));
  const known = record?.dev === key.dev ? record : null;
  return { state: known?.state ?? 'waiting', trouble: '', key, record: known };
}

/** @param {string} trouble @returns {StandingState} */
const stateWithout = (trouble) => (trouble === 'keys.lost' ? 'lost' : trouble ? 'keyless' : 'none');

/** Enrol this phone with the office's one-time code. Makes the key first, and a new one where the old was revoked; from then on
 * every scan is signed, also if the answer never comes: asking again is harmless. `after`: the phone that this one replaces.
 * @param {Store} store @param {string} token 17 characters @param {{after?: string}} [how] @param {Deps} [deps]
 * @returns {Promise<Outcome>} */
export async function enrol(store, token, { after = '' } = {}, deps = WORLD) {
  try {
    const key = await makeKey(store, { fresh: (await standing(store)).state === 'revoked' });
    return await betweenRounds(() => submit(store, key, token, after, deps));
  } catch (problem) {
    if (problem instanceof KeyError) return { ok: false, code: problem.code, text: '' };
    return { ok: false, code: /** @type {{code?: string}} */ (problem)?.code ?? 'enrol.broken', text: '' };
  }
}

/** While no scans are being sent: what the server gets between our counting and its answer would stand before the chain begins.
 * @template T @param {() => Promise<T>} work @returns {Promise<T>} */
async function betweenRounds(work) {
  const locks = globalThis.navigator?.locks;
  return locks ? locks.request(SYNC_LOCK, work) : work();
}

/** @param {Store} store @param {PhoneKey} key @param {string} token @param {string} after @param {Deps} deps
 * @returns {Promise<Outcome>} */
async function submit(store, key, token, after, deps) {
  const body = { ...(await introduction(store, key, token)), after, storage: { kept: true, persisted: (await room()).persisted === true } };
  const answer = await post(deps, '/api/phones/enrol', body);
  if (answer.kind === 'ok') {
    const begins = beginsIn(answer.body?.logs ?? {});
    await write(store, key, { state: 'enrolled', after, seams: after ? begins.map(([log]) => log) : [] }, begins, deps.now());
    return { ok: true };
  }
  const heard = await refreshStanding(store, deps); // an earlier answer may have been lost on its way
  if (heard.kind === 'ok' && (await standing(store)).state === 'enrolled') return { ok: true };
  return refusal(answer);
}

/** Let this phone in by something else than a person's login (a shelter's card): its key is enrolled from the first scan that it
 * signed. Asking again is harmless. Called between two rounds of the sync or inside of one. Never rejects for an answer.
 * @param {Store} store @param {string} path @param {string} token @param {Deps} deps @returns {Promise<Outcome>} */
export async function enterBy(store, path, token, deps) {
  const key = await makeKey(store);
  const answer = await post(deps, path, await introduction(store, key, token));
  if (answer.kind !== 'ok') return refusal(answer);
  await write(store, key, { state: 'enrolled', after: '', seams: [] }, beginsIn(answer.body?.logs ?? {}), deps.now());
  return { ok: true };
}

/** What a phone says of itself: its key, that it holds it, and what it has signed already.
 * @param {Store} store @param {PhoneKey} key @param {string} token */
async function introduction(store, key, token) {
  const proof = await key.sign(`ashiato/enrol/v1\n${token}\n${key.dev}\n${key.base64}\n`);
  return { token, dev: key.dev, key: key.base64, proof, next: await firstUnsent(store, key) };
}

/** @param {Deps} deps @param {string} path @param {unknown} body */
const post = (deps, path, body) => ask(deps, path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

/** @param {Answer} answer @returns {Outcome} */
function refusal(answer) {
  if (answer.kind === 'no') return { ok: false, code: answer.code, text: answer.text };
  return { ok: false, code: answer.kind === 'login' ? 'enrol.login' : 'enrol.offline', text: '' };
}

/** Where the chain begins that the server can follow: the first signed scan it does not have yet, in each log.
 * @param {Store} store @param {PhoneKey} key @returns {Promise<Record<string, number>>} */
async function firstUnsent(store, { dev }) {
  return store.read(['meta', 'scans'], async (tx) => {
    /** @type {Me|undefined} */
    const me = await result(tx.objectStore('meta').get('me'));
    const next = { ...Object.fromEntries((me?.logs ?? []).map(({ id }) => [id, 1])), ...(await nextIn(tx.objectStore('meta'), dev)) };
    /** @type {Kept[]} */
    const waiting = await result(tx.objectStore('scans').index('age').getAll(IDBKeyRange.bound(['pending'], ['pending', []])));
    for (const row of waiting) if (row.dev === dev && row.s && row.seq) next[row.log] = Math.min(next[row.log] ?? row.seq, row.seq);
    return next;
  });
}

/** Write down what was heard; what is left out stays as it was. @param {Store} store @param {PhoneKey} key
 * @param {Pick<Record_, 'state'> & Partial<Record_>} heard @param {[string, import('./chain.js').Tip][]} begins where chains begin
 * @param {number} now */
async function write(store, key, heard, begins, now) {
  const name = await recordKey(store);
  await store.write(['meta'], async (tx) => {
    const meta = tx.objectStore('meta');
    for (const [log, tip] of begins) await beginIn(tx, key.dev, log, tip);
    const fresh = { dev: key.dev, state: heard.state, at: now, after: '', seams: [] };
    /** @type {Record_} */
    const before = (await result(meta.get(name))) ?? fresh;
    const kept = before.dev === key.dev ? before : fresh;
    await result(meta.put({ ...kept, at: kept.state === heard.state ? kept.at : now, ...heard }, name));
  });
  store.announce('packs');
}

/** Chains that go on from somewhere: the phone replaced, by log. @param {Record<string, {from: number, prev?: string}>} logs
 * @returns {[string, import('./chain.js').Tip][]} */
const beginsIn = (logs) => Object.entries(logs).flatMap(([log, { from, prev }]) => (prev ? [[log, { seq: from - 1, hash: prev }]] : []));

const ASK_EVERY = 300_000;
/** When each store asks next. @type {WeakMap<Store, number>} */
const due = new WeakMap();

/** The same from time to time, for the sync: only a phone with a key has a standing. A server that does not know the question is no
 * reason to stop. @param {Store} store @param {Deps} deps @returns {Promise<Answer>} */
export async function followStanding(store, deps) {
  if (deps.now() < (due.get(store) ?? 0) || !(await keyOf(store))) return { kind: 'unchanged' };
  due.set(store, deps.now() + ASK_EVERY);
  const answer = await refreshStanding(store, deps);
  return answer.kind === 'no' ? { kind: 'unchanged' } : answer;
}

/** Ask the server how this phone stands; also, which phones of this person it could replace. Never throws.
 * @param {Store} store @param {Deps} [deps] @returns {Promise<Answer & {replaceable?: Former[]}>} */
export async function refreshStanding(store, deps = WORLD) {
  const key = await keyOf(store);
  const answer = await ask(deps, `/api/phones/self?dev=${key?.dev ?? (await phone(store)).dev}`);
  if (answer.kind !== 'ok') return answer;
  const { replaceable } = answer.body;
  await heed(store, key, answer.body, deps.now());
  return { ...answer, replaceable: Array.isArray(replaceable) ? replaceable : [] };
}

/** Write down what the server says about our key, where that is news. @param {Store} store @param {PhoneKey|null} key
 * @param {{state?: string, key_id?: string}} said @param {number} now */
async function heed(store, key, { state, key_id: id }, now) {
  if (!key || (state !== 'enrolled' && state !== 'revoked')) return;
  const ours = id === key.id || state === 'revoked';
  if (ours && (await standing(store)).state !== state) await write(store, key, { state }, [], now);
}
