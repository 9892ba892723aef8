// Scans of one phone in one log are a chain: each is numbered and carries the hash of the one before. Words, hash and
// signature are made outside of any transaction (WebCrypto would let it end); whether the chain still ends where it ended when
// they were made is looked at inside.

import { result } from '../kernel/store.js';
import { hashOf, signWith, signerIn } from './keys.js';
import { buildScan, phoneIn } from './phone.js';

/** @typedef {import('../types.js').Scan} Scan */
/** @typedef {import('../types.js').ScanFields} ScanFields */
/** @typedef {{seq: number, hash: string, at?: number}} Tip the last scan of this phone in one log; `at`: when, by the server's clock */

/** What all scans of one transaction stand on: the phone, its key, and the ends of its chains.
 * @typedef {{from: import('./phone.js').Phone, key: import('./keys.js').Signer|undefined, tips: Map<string, Tip|undefined>}} Ends */

/** One scan in words, with its signature. @typedef {{scan: Scan, p: string, s: string}} Link */

/** @type {Tip} */
const NONE = { seq: 0, hash: '' };

/** @param {string} dev @param {string} log */
const tipKey = (dev, log) => `tip:${dev}:${log}`;

/** The ends of this phone's chains in some logs. @param {IDBTransaction} tx open on `meta` @param {Iterable<string>} logs
 * @returns {Promise<Ends>} */
export async function endsIn(tx, logs) {
  const [own, key] = await Promise.all([phoneIn(tx), signerIn(tx)]);
  const from = { ...own, dev: key?.dev ?? own.dev };
  /** @type {Map<string, Tip|undefined>} */
  const tips = new Map();
  for (const log of logs) tips.set(log, await result(tx.objectStore('meta').get(tipKey(from.dev, log))));
  return { from, key, tips };
}

/** Put scans into words, one after the other, each with the hash of the one before in its log, and sign them.
 * @param {Ends} ends @param {{fields: ScanFields, commit: string}[]} drafts @param {CryptoKey|null} secret of `ends.key`
 * @returns {Promise<{links: Link[], tips: Map<string, Tip>}>} and where the chains end then */
export async function linked({ from, tips }, drafts, secret) {
  /** @type {Map<string, Tip>} */
  const after = new Map();
  /** @type {Promise<Link>[]} */
  const links = [];
  for (const { fields, commit } of drafts) {
    const tip = after.get(fields.log) ?? tips.get(fields.log) ?? NONE;
    const scan = buildScan(from, { seq: tip.seq + 1, prev: secret ? tip.hash : '', commit, floor: tip.at }, fields);
    const p = JSON.stringify(scan);
    links.push(signed(scan, p, secret));
    after.set(fields.log, { seq: scan.seq, hash: await hashOf(p), at: scan.at + (scan.off ?? 0) });
  }
  return { links: await Promise.all(links), tips: after };
}

/** @param {Scan} scan @param {string} p @param {CryptoKey|null} secret @returns {Promise<Link>} */
const signed = async (scan, p, secret) => ({ scan, p, s: secret ? await signWith(secret, p) : '' });

/** Move the ends of the chains, if they are still where they were: false when another tab kept something meanwhile, or somebody
 * else logged in. @param {IDBTransaction} tx @param {Ends} before @param {Map<string, Tip>} after @returns {Promise<boolean>} */
export async function moveEndsIn(tx, before, after) {
  const meta = tx.objectStore('meta');
  if (!before.key && (await result(meta.get('phone'))) === undefined) meta.put(before.from.dev, 'phone');
  const now = await endsIn(tx, after.keys());
  const same = [...after.keys()].every((log) => sameTip(now.tips.get(log), before.tips.get(log)));
  if (!same || !sameHand(now, before)) return false;
  for (const [log, tip] of after) meta.put(tip, tipKey(before.from.dev, log));
  return true;
}

/** @param {Tip|undefined} one @param {Tip|undefined} other */
const sameTip = (one = NONE, other = NONE) => one.seq === other.seq && one.hash === other.hash;

/** The same phone with the same key. @param {Ends} now @param {Ends} before */
const sameHand = (now, before) => now.key?.id === before.key?.id && now.from.dev === before.from.dev;

/** Begin a chain where the server says, unless this phone has begun it. @param {IDBTransaction} tx @param {string} dev
 * @param {string} log @param {Tip} tip */
export async function beginIn(tx, dev, log, tip) {
  const meta = tx.objectStore('meta');
  if ((await result(meta.get(tipKey(dev, log)))) === undefined) meta.put(tip, tipKey(dev, log));
}
