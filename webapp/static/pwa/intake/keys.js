// The phone's key: ECDSA P-256, made here, never readable by anybody, kept in IndexedDB, one for each person who uses this
// phone. What it signs can be checked with the public half alone, by every phone and by the server.

import { hex } from '../kernel/ids.js';
import { StoreError, result } from '../kernel/store.js';
import { decode64, encode64, utf8 } from '../ledger/bytes.js';
import { phone } from './phone.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../types.js').Me} Me */

/** What lies in `meta` under `key:<person>`.
 * @typedef {object} KeyRow
 * @property {string} id first 32 hex digits of SHA-256 over the public key
 * @property {string} person
 * @property {string} dev the phone's name beside this key
 * @property {string} base64 public key, 65 bytes
 * @property {CryptoKey} secret
 * @property {number} made_at
 * @property {Record<string, number>} from first number that this key signs, by log; 1 where a log is missing */

/** @typedef {{id: string, dev: string, raw: Uint8Array, base64: string, madeAt: number, from: Record<string, number>,
 *   sign: (text: string) => Promise<string>}} PhoneKey */

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' };
const TRIAL = 'key-trial';
const PUBLIC_BYTES = 65; // an uncompressed point
const SIGNATURE_BYTES = 64; // r and s

/** This browser cannot make or keep a key: the phone works on, unsigned, and says so. */
export class KeyError extends Error {
  /** @param {"keys.none"|"keys.not_kept"} code none: no WebCrypto here · not_kept: what was stored does not come back as it was
   * @param {unknown} [cause] */
  constructor(code, cause) {
    super(code, { cause });
    this.name = 'KeyError';
    this.code = code;
  }
}

/** SHA-256 over the UTF-8 bytes of a text, lower-case hex: what the next scan's `prev` says.
 * @param {string} text @returns {Promise<string>} */
export const hashOf = async (text) => hex(await crypto.subtle.digest('SHA-256', utf8(text)));

/** Whether `s` is a signature over `text` by the phone with this public key. False for whatever is not of its form.
 * @param {string} keyBase64 @param {string} text @param {string} s @returns {Promise<boolean>} */
export const verify = (keyBase64, text, s) => verifyBytes(keyBase64, utf8(text), s);

/** The same over bytes. @param {string} keyBase64 @param {Uint8Array<ArrayBuffer>} bytes @param {string} s @returns {Promise<boolean>} */
export async function verifyBytes(keyBase64, bytes, s) {
  try {
    const [raw, signature] = [decode64(keyBase64), decode64(s)];
    if (raw.length !== PUBLIC_BYTES || signature.length !== SIGNATURE_BYTES) return false;
    const key = await crypto.subtle.importKey('raw', raw, CURVE, false, ['verify']);
    return await crypto.subtle.verify(SIGNING, key, signature, bytes);
  } catch {
    return false; // not base64, or no point on the curve
  }
}

/** Id of a public key. @param {Uint8Array<ArrayBuffer>} raw */
const idOf = async (raw) => hex(await crypto.subtle.digest('SHA-256', raw)).slice(0, 32);

/** Whose key it is: the person logged in, "" for a phone that nobody has logged in on.
 * @param {IDBTransaction} tx open on `meta` @returns {Promise<string>} */
const personIn = async (tx) => (/** @type {Me|undefined} */ (await result(tx.objectStore('meta').get('me'))))?.person.id ?? '';

/** What every scan must know of the key: to read the key itself takes the disk ten times as long.
 * @typedef {{id: string, dev: string}} Signer */

/** Which key signs for the person logged in, inside a transaction that is open on `meta`.
 * @param {IDBTransaction} tx @returns {Promise<Signer|undefined>} */
export const signerIn = async (tx) => result(tx.objectStore('meta').get(`signer:${await personIn(tx)}`));

/** @param {IDBTransaction} tx @returns {Promise<KeyRow|undefined>} */
const keyIn = async (tx) => result(tx.objectStore('meta').get(`key:${await personIn(tx)}`));

/** Secrets that this page has read and tried. @type {WeakMap<Store, Map<string, CryptoKey>>} */
const secrets = new WeakMap();

/** The secret half of a key, or null when it is no longer what was stored: then it is forgotten, and this phone must be enrolled
 * anew. @param {Store} store @param {string} id @returns {Promise<CryptoKey|null>} */
export async function secretOf(store, id) {
  const known = secrets.get(store)?.get(id);
  if (known) return known;
  const row = await store.read(['meta'], keyIn);
  if (row?.id !== id) return null;
  if (!(await signs(row))) {
    await store.write(['meta'], (tx) => forgetIn(tx, row.person));
    return null;
  }
  secrets.set(store, (secrets.get(store) ?? new Map()).set(id, row.secret));
  return row.secret;
}

/** Whether the key came back from the disk as it was. @param {KeyRow} row */
async function signs({ secret, base64 }) {
  try {
    const words = `ashiato/trial/v1\n${crypto.randomUUID()}\n`;
    return await verify(base64, words, await signWith(secret, words));
  } catch {
    return false;
  }
}

/** @param {IDBTransaction} tx @param {string} person */
async function forgetIn(tx, person) {
  const meta = tx.objectStore('meta');
  meta.delete(`key:${person}`);
  meta.delete(`signer:${person}`);
  await result(meta.put('keys.lost', 'key-trouble'));
}

/** @param {CryptoKey} secret @param {string} text */
export const signWith = async (secret, text) => encode64(new Uint8Array(await crypto.subtle.sign(SIGNING, secret, utf8(text))));

/** The key with which this phone signs for the person logged in, or null.
 * @param {Store} store @returns {Promise<PhoneKey|null>} */
export async function keyOf(store) {
  const row = await store.read(['meta'], keyIn);
  return row ? outward(row) : null;
}

/** @param {KeyRow} row @returns {PhoneKey} */
const outward = ({ id, dev, base64, secret, made_at, from }) =>
  ({ id, dev, base64, raw: decode64(base64), madeAt: made_at, from, sign: (text) => signWith(secret, text) });

/** The name this phone bears for the person logged in. @param {Store} store @returns {Promise<string>} */
export const devOf = async (store) => (await keyOf(store))?.dev ?? (await phone(store)).dev;

/** Why this phone has no key: "keys.none" or "keys.not_kept" when it was tried, "keys.lost" when the disk gave it up; else "".
 * @param {Store} store @returns {Promise<string>} */
export const keyTrouble = async (store) => (await store.meta('key-trouble')) ?? '';

/** Make a key and keep it, unless there is one; from then on every scan of this person is signed. Kept only after it came back
 * from the disk, signed, and the signature was good: on some iPhones a stored key does not survive. `fresh`: a new key and a new
 * name for the phone although there is one (it was revoked). Throws KeyError; StoreError "store.full" when only room is missing.
 * @param {Store} store @param {{fresh?: boolean}} [how] @returns {Promise<PhoneKey>} */
export async function makeKey(store, { fresh = false } = {}) {
  return store.alone(async () => {
    const before = await keyOf(store);
    if (before && !fresh) return before;
    try {
      const made = await tried(store);
      await store.write(['meta'], (tx) => keepIn(tx, made, before !== null));
    } catch (problem) {
      throw await troubled(store, problem);
    }
    return /** @type {PhoneKey} */ (await keyOf(store));
  });
}

/** A pair whose secret half went to the disk and came back able to sign. @param {Store} store */
async function tried(store) {
  if (!globalThis.crypto?.subtle) throw new KeyError('keys.none');
  const pair = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey(CURVE, false, ['sign', 'verify']));
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  await store.setMeta(TRIAL, pair.privateKey);
  const secret = /** @type {CryptoKey|undefined} */ (await store.meta(TRIAL));
  const [base64, words] = [encode64(raw), `ashiato/trial/v1\n${crypto.randomUUID()}\n`];
  if (!(secret instanceof CryptoKey) || secret.extractable) throw new KeyError('keys.not_kept');
  if (!(await verify(base64, words, await signWith(secret, words)))) throw new KeyError('keys.not_kept');
  return { id: await idOf(raw), base64, secret };
}

/** The first key of a phone takes over the phone's own name and its chain; whoever has none goes on under another name, for
 * under this one the server expects signatures. @param {IDBTransaction} tx
 * @param {{id: string, base64: string, secret: CryptoKey}} made @param {boolean} renewed */
async function keepIn(tx, made, renewed) {
  const meta = tx.objectStore('meta');
  const person = await personIn(tx);
  const dev = (renewed ? null : await result(meta.get('phone'))) ?? crypto.randomUUID();
  if (!renewed) meta.put(crypto.randomUUID(), 'phone');
  const from = await nextIn(meta, dev);
  meta.put({ ...made, person, dev, made_at: Date.now(), from }, `key:${person}`);
  meta.put({ id: made.id, dev }, `signer:${person}`);
  meta.delete('key-trouble');
  await result(meta.delete(TRIAL));
}

/** The number after the last of this phone, in each log. @param {IDBObjectStore} meta @param {string} dev
 * @returns {Promise<Record<string, number>>} */
export async function nextIn(meta, dev) {
  const range = IDBKeyRange.bound(`tip:${dev}:`, `tip:${dev};`);
  const [keys, tips] = await Promise.all([result(meta.getAllKeys(range)), result(meta.getAll(range))]);
  return Object.fromEntries(keys.map((key, i) => [String(key).split(':')[2], tips[i].seq + 1]));
}

/** What to throw, written down for the screens where it is about keys. @param {Store} store @param {unknown} problem */
async function troubled(store, problem) {
  if (problem instanceof StoreError && problem.code === 'store.full') return problem;
  const trouble = problem instanceof KeyError ? problem : new KeyError('keys.not_kept', problem);
  await store.setMeta('key-trouble', trouble.code).catch(() => undefined);
  await store.write(['meta'], (tx) => result(tx.objectStore('meta').delete(TRIAL))).catch(() => undefined);
  return trouble;
}
