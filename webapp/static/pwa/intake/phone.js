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

/** @type {Worth} */
const UNKNOWN = { off: null, off_age: null, off_err: null };
const SET = 5_000; // ms between wall and steady clock that cannot be drift
const WALL = 60_000; // ms that a wall clock may have been moved without anybody having meant harm

/** Who this phone is: a random id made on first use, and never again while its storage lives.
 * @param {Store} store @returns {Promise<Phone>} */
export const phone = (store) => store.write(['meta'], phoneIn);

/** The same inside a transaction that is already open on `meta`. A phone that has no id yet gets one, which is kept if the
 * transaction may write. @param {IDBTransaction} tx @returns {Promise<Phone>} */
export async function phoneIn(tx) {
  const meta = tx.objectStore('meta');
  const [known, clock] = await Promise.all([result(meta.get('phone')), result(meta.get('clock'))]);
  const dev = known ?? crypto.randomUUID();
  if (known === undefined && tx.mode === 'readwrite') await result(meta.put(dev, 'phone'));
  return { dev, boot: BOOT, clock: clock ?? null };
}

/** Remember what the server's clock said; `sent` and `got` are the phone's times around the request.
 * @param {Store} store @param {number} serverAt @param {number} sent @param {number} got */
export async function noteServerTime(store, serverAt, sent, got) {
  if (!Number.isSafeInteger(serverAt)) return;
  const clock = { off: Math.round(serverAt - (sent + got) / 2), rtt: got - sent, at: got, mono: mono(), boot: BOOT };
  await store.setMeta('clock', clock, 'relaxed');
}

/** What `at` is worth: add `off` to come to the server's time, within `off_err`. `off_age` null: nothing bounds it.
 * @typedef {{off: number|null, off_age: number|null, off_err: number|null}} Worth */

/** What the wall clock is worth at `now`. Somebody may set it: while this page lives, the steady clock tells whether it was set
 * back. It also stands still while the phone sleeps, so a wall clock that is ahead is believed, with a minute's doubt.
 * @param {Clock|null} clock @param {number} now @param {number} [steady] @returns {Worth} */
function compared(clock, now, steady = mono()) {
  if (!clock) return UNKNOWN;
  const err = Math.ceil(clock.rtt / 2);
  const wall = Math.max(0, now - clock.at);
  if (clock.boot !== BOOT) return { off: clock.off, off_age: wall, off_err: err + WALL };
  const age = Math.max(0, steady - clock.mono);
  if (wall > age + SET) return { off: clock.off, off_age: wall, off_err: err + WALL };
  return { off: clock.at + clock.off + age - now, off_age: age, off_err: err };
}

/** The same for a scan that comes after one made at `floor` (server's time). A new comparison may differ by a moment; more than
 * that, and the wall clock was set back while the app was closed: only the order is known.
 * @param {Clock|null} clock @param {number} now @param {number} floor @param {number} [steady] @returns {Worth} */
export function worth(clock, now, floor, steady) {
  const known = compared(clock, now, steady);
  const behind = floor - now - (known.off ?? 0);
  if (behind <= 0) return known;
  if (behind > SET || known.off_err === null) return { ...UNKNOWN, off: floor - now };
  return { ...known, off: floor - now, off_err: known.off_err + behind };
}

/** What a scan says where a screen is silent. */
const SILENT = {
  kind: 'custody.scan', step: /** @type {import('../types.js').Step} */ (/** @type {string} */ ('')), code: '', parent: '', job: '', src: /** @type {const} */ ('camera'), wit: [], place: '', ev: [], body: {}, base: '',
  said: /** @type {const} */ ('unknown'),
};

/** Put a scan into words. Pure but for the clocks; `prev` stays empty on a phone without a key.
 * @param {Phone} from @param {{seq: number, prev?: string, commit: string, now?: number, floor?: number}} made `floor`: server's time of the scan before
 * @param {ScanFields} fields
 * @returns {Scan} */
export function buildScan(from, { seq, prev = '', commit, now = Date.now(), floor = -Infinity }, fields) {
  const { log, kind, step, code, parent, job, src, actor, wit, place, ev, body, base, said } = { ...SILENT, ...stated(fields) };
  return {
    v: 1, id: newId(now), log, kind, step, code, parent, job, src,
    dev: from.dev, seq, prev, actor, wit, at: now, mono: mono(), boot: from.boot,
    ...worth(from.clock, now, floor), place, ev, body, commit, base, said, app: BUILD,
  };
}

/** @param {ScanFields} fields @returns {ScanFields} without what is undefined */
const stated = (fields) =>
  /** @type {ScanFields} */ (Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
