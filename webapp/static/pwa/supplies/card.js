// A shelter's card: read offline it makes this phone one of the shelter's at once; when the network is back, it lets the phone in.
// webapp/supplies/card.py writes it; docs/parcel-label.md is the format.

import { enterBy } from '../intake/enrolment.js';
import { KeyError, makeKey } from '../intake/keys.js';
import { hex } from '../kernel/ids.js';
import { result } from '../kernel/store.js';
import { keepIn, labelKeys } from './label-keys.js';
import { MOST_NAME, PackedError, Reader, isSignedBy, keyId, keyOf, opened } from './packed.js';
import { CARD } from './prefix.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../types.js').Me} Me */
/** @typedef {import('../intake/http.js').Deps} Deps */

/** What a card says; nothing is verified. `until` ms, `key` the label key in base64.
 * @typedef {{log: string, number: number, shelter: string, person: string, actor: string, token: string, until: number, key: string, name: string}} Card */

/** A card that was read. `trusted`: its key is one that this phone knew before · "new": the phone knew none of this municipality
 * · "unknown-key": it knows others. @typedef {{card: Card, trusted: true|"new"|"unknown-key"}} Checked */

/** What is on this phone's disk. waiting: not heard of by the server yet · active · refused: the server said no, in `text`
 * @typedef {Card & {state: "waiting"|"active"|"refused", code: string, text: string, read_at: number}} Kept */

/** Why a card cannot be used. Codes of the contract's `card` words; "keys.…": this browser keeps no key.
 * @typedef {{ok: true, checked: Checked} | {ok: false, code: "other"|"newer"|"broken"|"forged"|"over"|"someone"|"keys.none"|"keys.not_kept"}} Outcome */

const PURPOSE = 'ashiato/card/v1\n';
const MOST_CHARACTERS = 480;
const MOST_CARDS = 9_999;
const KEPT = 'shelter-card';
const DOOR = '/api/supplies/cards/activate';

/** What a scanned text says, and whether the key on it signed it. Total: whatever the text, there is an answer.
 * @param {string} text @returns {Promise<{card: Card, signed: boolean}|import('./packed.js').Fault>} */
export async function read(text) {
  try {
    const sealed = opened(CARD, text, MOST_CHARACTERS);
    const card = cardIn(sealed.payload);
    return { card, signed: await isSignedBy(card.key, PURPOSE, sealed) };
  } catch (problem) {
    if (problem instanceof PackedError) return problem.fault;
    throw problem;
  }
}

/** @param {import('./packed.js').Bytes} payload @returns {Card} */
function cardIn(payload) {
  const reader = new Reader(payload);
  const [flags] = reader.take(1);
  const log = reader.take(3).reduce((sum, byte) => sum * 256 + byte, 0);
  const number = reader.varint();
  const [shelter, person] = [reader.uuid(), reader.uuid()];
  const [actor, token] = [`p-${hex(reader.take(10))}`, hex(reader.take(16))];
  const until = reader.varint() * 1000;
  const key = keyOf(reader.take(64));
  const name = reader.short(MOST_NAME);
  reader.end();
  const isPossible = flags === 0 && log <= 999_999 && number >= 1 && number <= MOST_CARDS && until < 2 ** 52 && name;
  if (!isPossible) throw new PackedError('no card says this');
  return { log: String(log).padStart(6, '0'), number, shelter, person, actor, token, until, key, name };
}

/** The card of whoever uses this phone now, or null. @param {Store} store @returns {Promise<Kept|null>} */
export async function cardOf(store) {
  /** @type {[Kept|undefined, Me|undefined]} */
  const [kept, me] = [await store.meta(KEPT), await store.meta('me')];
  return kept && me?.person.id === kept.person ? kept : null;
}

/** Use a card that was read: from now on this phone is one of the shelter's, signs what it scans, and checks labels, all without a
 * network. The same card again changes nothing but asks the server anew. Rejects (StoreError) when the disk refuses.
 * @param {Store} store @param {string} text @param {number} [now] @returns {Promise<Outcome>} */
export async function remember(store, text, now = Date.now()) {
  const found = await read(text);
  if (typeof found === 'string') return { ok: false, code: found };
  const { card, signed } = found;
  if (!signed) return { ok: false, code: 'forged' };
  if (now >= card.until) return { ok: false, code: 'over' };
  const trusted = await trustIn(store, card);
  const id = await idOf(card.key);
  if (!(await store.write(['meta'], (tx) => moveIn(tx, card, id, now)))) return { ok: false, code: 'someone' };
  try {
    await makeKey(store); // every scan from the first on is signed
  } catch (problem) {
    if (problem instanceof KeyError) return { ok: false, code: problem.code };
    throw problem;
  }
  store.announce('packs');
  return { ok: true, checked: { card, trusted } };
}

/** @param {Store} store @param {Card} card @returns {Promise<Checked['trusted']>} */
async function trustIn(store, { log, key }) {
  const known = await labelKeys(store, log);
  if (known.length === 0) return 'new';
  return known.some((each) => each.key === key) ? true : 'unknown-key';
}

/** @param {string} key */
const idOf = (key) => keyId(Uint8Array.from(atob(key).slice(1), (letter) => letter.charCodeAt(0)));

/** The phone becomes the shelter's, unless somebody else is logged in on it. @param {IDBTransaction} tx @param {Card} card
 * @param {string} id of its key @param {number} now @returns {Promise<boolean>} */
async function moveIn(tx, card, id, now) {
  const meta = tx.objectStore('meta');
  /** @type {Me|undefined} */
  const me = await result(meta.get('me'));
  if (me && me.person.id !== card.person) return false;
  if (!me) await result(meta.put(personOf(card), 'me'));
  await keepIn(tx, card.log, [{ key_id: id, key: card.key }]);
  await result(meta.put({ ...card, state: 'waiting', code: '', text: '', read_at: now }, KEPT));
  return true;
}

/** Who is on this phone until the server says it in its own words. @param {Card} card @returns {Me} */
const personOf = ({ log, number, shelter, person, actor, name }) => ({
  person: { id: person, name: `避難所の共用の電話（カード${number}）`, login: '', roles: ['shelter'], organisation: { id: shelter, name, kind: 'shelter' } },
  logs: [{ id: log, name: '', actor }], server_at: 0, build: '',
});

/** Let this phone in by its card, if it has one that was not refused; for the sync, when the server does not know who this is.
 * Never rejects for an answer. @param {Store} store @param {Deps} deps @returns {Promise<boolean>} whether it is in */
export async function letIn(store, deps) {
  const card = await cardOf(store);
  if (!card || card.state === 'refused') return false;
  const outcome = await enterBy(store, DOOR, card.token, deps);
  if (outcome.ok) await store.setMeta(KEPT, { ...card, state: 'active', code: '', text: '' });
  else if (isFinal(outcome.code)) await store.setMeta(KEPT, { ...card, state: 'refused', code: outcome.code, text: outcome.text });
  return outcome.ok;
}

/** Whether asking again could change nothing. @param {string} code */
const isFinal = (code) => code.startsWith('supplies.') || code.startsWith('phones.');
