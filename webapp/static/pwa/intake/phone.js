// Which phone this is, what its clock is worth, and the one place where a scan is put into words.

import { BUILD } from '../kernel/build.js';
import { newId } from '../kernel/ids.js';
import { result } from '../kernel/store.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../types.js').ScanFields} ScanFields */
/** @typedef {import('../types.js').Scan} Scan */

/** The last comparison with the server's clock.
 * @typedef {object} Clock
 * @property {number} off server time minus phone time, ms
 * @property {number} rtt how long that answer took: the error is at most half of it
 * @property {number} at phone time of the comparison
 * @property {number} mono
 * @property {string} boot */

/** @typedef {{dev: string, boot: string, clock: Clock|null}} Phone */

/** Random id of this start of the page: `mono` counts from here. */
export const BOOT = crypto.randomUUID();

const mono = () => Math.round(performance.now());

/** Who this phone is: a random id made on first use, and never again while its storage lives.
 * @param {Store} store @returns {Promise<Phone>} */
export const phone = (store) => store.write(['meta'], phoneIn);

/** The same inside a transaction that is already open on `meta`.
 * @param {IDBTransaction} tx @returns {Promise<Phone>} */
export async function phoneIn(tx) {
  const meta = tx.objectStore('meta');
  const [known, clock] = await Promise.all([result(meta.get('phone')), result(meta.get('clock'))]);
  const dev = known ?? crypto.randomUUID();
  if (known === undefined) await result(meta.put(dev, 'phone'));
  return { dev, boot: BOOT, clock: clock ?? null };
}

/** Remember what the server's clock said; `sent` and `got` are the phone's times around the request.
 * @param {Store} store @param {number} serverAt @param {number} sent @param {number} got */
export async function noteServerTime(store, serverAt, sent, got) {
  if (!Number.isSafeInteger(serverAt)) return;
  const clock = { off: Math.round(serverAt - (sent + got) / 2), rtt: got - sent, at: got, mono: mono(), boot: BOOT };
  await store.setMeta('clock', clock, 'relaxed');
}

/** How old the comparison is, ms: by the monotonic clock while this page lives, else by the wall clock.
 * @param {Clock|null} clock @param {number} now */
function offsetAge(clock, now) {
  if (!clock) return null;
  return Math.max(0, clock.boot === BOOT ? mono() - clock.mono : now - clock.at);
}

/** The next number of this phone in one log. Taken inside the transaction that keeps the scan, so that numbers have no
 * gaps and two tabs never share one; `given` remembers what this transaction gave out.
 * @param {IDBTransaction} tx @param {string} log @param {Map<string, number>} [given] */
export async function nextSeq(tx, log, given = new Map()) {
  const meta = tx.objectStore('meta');
  const seq = (given.get(log) ?? (await result(meta.get(`seq:${log}`))) ?? 0) + 1;
  given.set(log, seq);
  meta.put(seq, `seq:${log}`);
  return seq;
}

/** What a scan says where a screen is silent. */
const SILENT = {
  parent: '', job: '', src: /** @type {const} */ ('camera'), wit: [], place: '', ev: [], body: {}, base: '',
  said: /** @type {const} */ ('unknown'),
};

/** Put a scan into words. Pure but for the clocks; `prev` and the signature stay empty until phones carry keys.
 * @param {Phone} from @param {{seq: number, commit: string, now?: number}} made @param {ScanFields} fields
 * @returns {Scan} */
export function buildScan(from, { seq, commit, now = Date.now() }, fields) {
  const { log, step, code, parent, job, src, actor, wit, place, ev, body, base, said } = { ...SILENT, ...stated(fields) };
  return {
    v: 1, id: newId(now), log, kind: 'custody.scan', step, code, parent, job, src,
    dev: from.dev, seq, prev: '', actor, wit, at: now, mono: mono(), boot: from.boot,
    off: from.clock?.off ?? null, off_age: offsetAge(from.clock, now),
    place, ev, body, commit, base, said, app: BUILD,
  };
}

/** @param {ScanFields} fields @returns {ScanFields} without what is undefined */
const stated = (fields) =>
  /** @type {ScanFields} */ (Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
