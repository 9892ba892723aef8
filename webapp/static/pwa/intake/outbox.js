// Scans wait here until the server has given a receipt; nothing else moves one on, and nothing throws one away unsent.

import { seal } from '../kernel/canonical.js';
import { StoreError, result } from '../kernel/store.js';
import { endsIn, linked, moveEndsIn } from './chain.js';
import { secretOf } from './keys.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../types.js').Kept} Kept */
/** @typedef {import('../types.js').KeptPhoto} KeptPhoto */
/** @typedef {import('../types.js').KeptState} KeptState */
/** @typedef {import('../types.js').Scan} Scan */
/** @typedef {import('../types.js').ScanFields} ScanFields */
/** @typedef {import('../types.js').Summary} Summary */
/** @typedef {import('../types.js').Photo} Photo */
/** @typedef {import('../types.js').Opening} Opening */
/** @typedef {import('../types.js').Me} Me */

const DAY = 86_400_000;
const PRUNE_AFTER = 14 * DAY;
const ROUNDS = 100; // as often another tab may be faster, without Web Locks

/** A scan that cannot be kept, with a stable code: say so on the screen, make no sound of success. */
export class KeepError extends Error {
  /** @param {"outbox.no_person"|"outbox.incomplete"|"outbox.contradiction"} code */
  constructor(code) {
    super(code);
    this.name = 'KeepError';
    this.code = code;
  }
}

/** Keep one scan, numbered, chained to the one before and signed if this phone has a key. Resolves when number, scan and photos
 * are on disk, in one strict transaction: only then may the screen say 「記録しました」. Rejects (KeepError, StoreError) when nothing was kept. `open` is what must not stand in the log
 * (serial, note): it is closed behind a fresh salt and only its commitment is written into the scan.
 * @param {Store} store @param {ScanFields} fields
 * @param {{open?: Record<string, unknown>|null, photos?: Pick<Photo, 'blob'|'sha256'>[], summary?: Summary}} [extra]
 * @returns {Promise<Kept>} */
export async function keep(store, fields, { open, photos = [], summary = {} } = {}) {
  if (!isWhole(fields)) throw new KeepError('outbox.incomplete');
  const sealed = await seal(open);
  const pictures = await Promise.all(photos.map(readPhoto)); // a transaction would not wait for this
  const ev = [...new Set([...(fields.ev ?? []), ...photos.map(({ sha256 }) => sha256)])];
  return inLine(store, { fields: { ...fields, ev }, sealed, pictures, summary });
}

/** A scan says what was done to which code; another act says so in its body. @param {ScanFields} fields */
const isWhole = ({ kind = 'custody.scan', log, step, code, actor }) =>
  (kind === 'custody.scan' ? [log, step, code, actor] : [log, actor]).every((word) => typeof word === 'string' && word);

/** @param {Pick<Photo, 'blob'|'sha256'>} photo */
const readPhoto = async ({ blob, sha256 }) => ({ sha256, type: blob.type, bytes: await blob.arrayBuffer() });

/** A scan that waits for its number. @typedef {object} Draft
 * @property {ScanFields} fields
 * @property {{open: Opening|null, commit: string}} sealed
 * @property {{sha256: string, type: string, bytes: ArrayBuffer}[]} pictures
 * @property {Summary} summary */

/** @typedef {{draft: Draft, resolve: (row: Kept) => void, reject: (error: unknown) => void}} Waiting */

/** What waits for the transaction under way to end; missing = none is under way. @type {WeakMap<Store, Waiting[]>} */
const lines = new WeakMap();

/** Twelve codes in one frame are not twelve waits for the disk: while one transaction is being written, the next ones gather
 * and share one. @param {Store} store @param {Draft} draft @returns {Promise<Kept>} */
function inLine(store, draft) {
  return new Promise((resolve, reject) => {
    const line = lines.get(store);
    if (line) line.push({ draft, resolve, reject });
    else void drain(store, [{ draft, resolve, reject }]);
  });
}

/** @param {Store} store @param {Waiting[]} line */
async function drain(store, line) {
  lines.set(store, line);
  while (line.length > 0) await commit(store, line.splice(0));
  lines.delete(store);
}

/** One strict transaction for all of a group; if it fails, one for each, so that nobody fails for another.
 * @param {Store} store @param {Waiting[]} group */
async function commit(store, group) {
  try {
    const rows = await store.alone(() => settle(store, group.map(({ draft }) => draft)));
    group.forEach(({ resolve }, i) => resolve(/** @type {Kept} */ (rows[i])));
    store.announce('kept');
  } catch (error) {
    if (group.length > 1) for (const one of group) await commit(store, [one]);
    else if (!(await madeRoom(store, error, group))) group[0]?.reject(error);
  }
}

/** A full disk: what the server has had for a day makes room, once. @param {Store} store @param {unknown} error
 * @param {Waiting[]} group @returns {Promise<boolean>} whether it went in after all, or its fault has been told */
async function madeRoom(store, error, [one]) {
  if (!(error instanceof StoreError && error.code === 'store.full') || !one) return false;
  try {
    if ((await prune(store, Date.now(), DAY)) === 0) return false;
    const [row] = await store.alone(() => settle(store, [one.draft]));
    one.resolve(/** @type {Kept} */ (row));
    store.announce('kept');
    return true;
  } catch {
    return false; // still full: the first fault is the one to tell
  }
}

/** Read where the chains end, make words, hashes and signatures, and write if the chains still end there; else again. Each
 * further round means that another tab has kept something. @param {Store} store @param {Draft[]} drafts
 * @returns {Promise<Kept[]>} */
async function settle(store, drafts) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const desk = await store.read(['meta'], (tx) => openDesk(tx, drafts));
    const secret = desk.key ? await secretOf(store, desk.key.id) : null;
    if (desk.key && !secret) continue; // the disk gave the key up: unsigned, under another name, rather than not at all
    const { links, tips } = await linked(desk, drafts.map(({ fields, sealed }) => ({ fields, commit: sealed.commit })), secret);
    const rows = await store.write(['meta', 'scans', 'photos'], async (tx) => {
      const still = (await authorIn(tx)) === desk.person && (await moveEndsIn(tx, desk, tips));
      return still ? keepAllIn(tx, desk.person, links, drafts) : null;
    });
    if (rows) return rows;
  }
  throw new StoreError('store.not_written');
}

/** What all scans of one transaction share: who, which phone and key, and where its chains end.
 * @typedef {import('./chain.js').Ends & {person: string}} Desk */

/** @param {IDBTransaction} tx @param {Draft[]} drafts @returns {Promise<Desk>} */
async function openDesk(tx, drafts) {
  const person = await authorIn(tx);
  return { person, ...(await endsIn(tx, new Set(drafts.map(({ fields }) => fields.log)))) };
}

/** @param {IDBTransaction} tx @returns {Promise<string>} */
async function authorIn(tx) {
  /** @type {Me|undefined} */
  const me = await result(tx.objectStore('meta').get('me'));
  if (!me) throw new KeepError('outbox.no_person'); // a scan needs an author, and nobody is logged in on this phone
  return me.person.id;
}

/** @param {IDBTransaction} tx @param {string} person @param {import('./chain.js').Link[]} links @param {Draft[]} drafts
 * @returns {Promise<Kept[]>} */
async function keepAllIn(tx, person, links, drafts) {
  /** @type {Kept[]} */
  const rows = [];
  let n = await lastIn(tx);
  for (const [i, link] of links.entries()) {
    n += 1;
    rows.push(await keepIn(tx, { person, n }, link, /** @type {Draft} */ (drafts[i])));
  }
  return rows;
}

/** The number of what was kept last, over all logs. @param {IDBTransaction} tx */
async function lastIn(tx) {
  const last = await result(tx.objectStore('scans').index('n').openKeyCursor(null, 'prev'));
  return Number(last?.key ?? 0);
}

/** @param {IDBTransaction} tx @param {{person: string, n: number}} place @param {import('./chain.js').Link} link
 * @param {Draft} draft @returns {Promise<Kept>} */
async function keepIn(tx, { person, n }, { scan, p, s }, { sealed, pictures, summary }) {
  const { id, log, dev, seq, actor, job, step, code, parent, ev } = scan;
  /** @type {Kept} */
  const row = {
    id, p, s, open: sealed.open, log, dev, seq, actor, person, job, step, code, parent, n,
    state: 'pending', receipt: null, kept_at: scan.at, evidence: ev, summary: { step, code, cage: parent, ...summary },
  };
  tx.objectStore('scans').add(row); // if it fails the whole transaction does
  for (const picture of pictures) await addPhoto(tx, { ...picture, person, n, kept_at: scan.at });
  return { ...row, mine: true };
}

/** Keep a scan that another phone made and signed, to be sent from here too by whoever is logged in; either phone's sending is
 * enough. Byte for byte; the same scan again changes nothing. Resolves when it is on disk. Rejects with KeepError
 * "outbox.incomplete" (no scan can be read there) or "outbox.contradiction" (other content under an id that is kept here).
 * @param {Store} store @param {{p: string, s: string, open?: Opening|null}} item
 * @param {{job?: string, summary?: Summary}} [more] @returns {Promise<Kept>} */
export async function carry(store, item, more = {}) {
  const [row] = await carryAll(store, [{ ...item, ...more }]);
  if (row instanceof KeepError) throw row;
  return /** @type {Kept} */ (row);
}

/** Carry many in one transaction; one that cannot be carried leaves the others alone.
 * @param {Store} store @param {({p: string, s: string, open?: Opening|null, job?: string, summary?: Summary})[]} items
 * @returns {Promise<(Kept|KeepError)[]>} in the same order */
export async function carryAll(store, items) {
  const rows = items.map((item) => tried(() => carriedRow(item, item)));
  const told = await store.write(['scans'], async (tx) => {
    /** @type {(Kept|KeepError)[]} */
    const done = [];
    for (const row of rows) done.push(row instanceof KeepError ? row : await carryIn(tx, row));
    return done;
  });
  store.announce('kept');
  return told;
}

/** @template T @param {() => T} work @returns {T|KeepError} */
function tried(work) {
  try {
    return work();
  } catch (problem) {
    if (problem instanceof KeepError) return problem;
    throw problem;
  }
}

/** @param {{p: string, s: string, open?: Opening|null}} item @param {{job?: string, summary?: Summary}} more
 * @returns {Omit<Kept, 'n'>} */
function carriedRow({ p, s, open = null }, { job, summary = {} }) {
  const scan = readScan(p);
  const { id, log, dev, actor, step = /** @type {const} */ ('void'), code = '', parent = '', ev = [] } = scan;
  return {
    id, p, s, open, log, dev, actor, person: '', job: job ?? scan.job ?? '', step, code, parent, carried: true,
    state: 'pending', receipt: null, kept_at: Date.now(), evidence: ev, summary: { step, code, cage: parent, ...summary },
  };
}

/** @param {string} p @returns {Scan} */
function readScan(p) {
  try {
    const scan = JSON.parse(p);
    if ([scan.id, scan.log, scan.dev, scan.actor].every((word) => typeof word === 'string' && word)) return scan;
  } catch {
    // not JSON: said below
  }
  throw new KeepError('outbox.incomplete');
}

/** @param {IDBTransaction} tx @param {Omit<Kept, 'n'>} row @returns {Promise<Kept|KeepError>} */
async function carryIn(tx, row) {
  const scans = tx.objectStore('scans');
  /** @type {Kept|undefined} */
  const known = await result(scans.get(row.id));
  if (known && known.p !== row.p) return new KeepError('outbox.contradiction');
  if (known) return known;
  const whole = { ...row, n: (await lastIn(tx)) + 1 };
  await result(scans.add(whole));
  return whole;
}

/** @param {IDBTransaction} tx @param {Omit<KeptPhoto, 'state'|'code'|'text'>} picture */
async function addPhoto(tx, picture) {
  const photos = tx.objectStore('photos');
  if (await result(photos.getKey(picture.sha256))) return; // the same picture serves two scans
  await result(photos.add({ ...picture, state: 'pending', code: '', text: '' }));
}

/** What this phone holds, oldest first. `mine` tells whether the person logged in now made it.
 * @param {Store} store @param {{job?: string, state?: KeptState, limit?: number}} [wanted] @returns {Promise<Kept[]>} */
export async function kept(store, { job, state, limit } = {}) {
  return store.read(['scans', 'meta'], async (tx) => {
    const scans = tx.objectStore('scans');
    const rows = job === undefined
      ? await result(scans.index('n').getAll())
      : await result(scans.index('job').getAll(IDBKeyRange.bound([job], [job, []])));
    const me = (await result(tx.objectStore('meta').get('me')))?.person.id;
    const found = rows.filter((row) => state === undefined || row.state === state).slice(0, limit);
    return found.map((row) => ({ ...row, mine: row.person === me }));
  });
}

/** How much waits, and since when. Counts by index: the same time with ten scans and with ten thousand.
 * @param {Store} store @returns {Promise<import('../types.js').Counts>} */
export async function counts(store) {
  return store.read(['scans', 'photos', 'meta'], async (tx) => {
    const age = tx.objectStore('scans').index('age');
    const [pending, sent, refused, stuck] = await Promise.all(
      ['pending', 'sent', 'refused', 'stuck'].map((state) => result(age.count(IDBKeyRange.bound([state], [state, []])))),
    );
    const oldest = await result(age.openKeyCursor(IDBKeyRange.bound(['pending'], ['pending', []])));
    const person = (await result(tx.objectStore('meta').get('me')))?.person.id ?? '';
    const queue = tx.objectStore('scans').index('queue');
    const [mine, carried] = await Promise.all([person, ''].map((owner) => result(queue.count(queueOf('pending', owner)))));
    const [photos, badPhotos] = await Promise.all(['pending', 'refused'].map((state) =>
      result(tx.objectStore('photos').index('age').count(IDBKeyRange.bound([state], [state, []])))));
    return {
      pending: Number(pending), sent: Number(sent), refused: Number(refused), stuck: Number(stuck),
      others: Number(pending) - (person ? Number(mine) : 0) - Number(carried), photos: Number(photos), badPhotos: Number(badPhotos),
      oldest: oldest ? Number(/** @type {unknown[]} */ (oldest.key)[1]) : null,
    };
  });
}

/** The part of a `queue` index that holds one person's rows in one state, in the order they were kept, from the n-th on.
 * @param {string} state @param {string} person @param {number} [from] */
export const queueOf = (state, person, from = 0) => IDBKeyRange.bound([state, person, from], [state, person, []]);

/** Call `listener` after any change of scans or photos, from this tab or another.
 * @param {Store} store @param {() => void} listener @returns {() => void} stops it */
export const subscribe = (store, listener) => store.watch(['kept', 'sent'], listener);

/** Put a stuck scan back into the queue, because a person asked. Others are left alone.
 * @param {Store} store @param {string} id */
export async function retry(store, id) {
  await store.write(['scans'], async (tx) => {
    const scans = tx.objectStore('scans');
    const row = await result(scans.get(id));
    if (row?.state === 'stuck') await result(scans.put({ ...row, state: 'pending', receipt: null }));
  });
  store.announce('kept');
}

/** Let go of another phone's scan that the server refused: the phone that made it still has it. Others stay.
 * @param {Store} store @param {string} id */
export async function letGo(store, id) {
  await store.write(['scans'], async (tx) => {
    const scans = tx.objectStore('scans');
    /** @type {Kept|undefined} */
    const row = await result(scans.get(id));
    if (row?.carried && row.state === 'refused') await result(scans.delete(id));
  });
  store.announce('kept');
}

/** Photos that the server did not take, with its reason, each with the scan that names it.
 * @param {Store} store @returns {Promise<{photo: KeptPhoto, row: Kept|null}[]>} */
export async function refusedPhotos(store) {
  const range = IDBKeyRange.bound(['refused'], ['refused', []]);
  const photos = await store.read(['photos'], (tx) => result(tx.objectStore('photos').index('age').getAll(range)));
  const rows = photos.length ? await kept(store) : [];
  return photos.map((bad) => ({ photo: bad, row: rows.find(({ evidence }) => evidence.includes(bad.sha256)) ?? null }));
}

/** Put a refused photo back into the queue, because a person asked. @param {Store} store @param {string} sha256 */
export async function retryPhoto(store, sha256) {
  await store.write(['photos'], async (tx) => {
    const photos = tx.objectStore('photos');
    /** @type {KeptPhoto|undefined} */
    const row = await result(photos.get(sha256));
    if (row?.state === 'refused') await result(photos.put({ ...row, state: 'pending', code: '', text: '' }));
  });
  store.announce('kept');
}

/** A photo that is still on this phone, or null when the server has it.
 * @param {Store} store @param {string} sha256 @returns {Promise<Blob|null>} */
export async function photo(store, sha256) {
  /** @type {KeptPhoto|undefined} */
  const row = await store.read(['photos'], (tx) => result(tx.objectStore('photos').get(sha256)));
  return row && row.bytes.byteLength > 0 ? new Blob([row.bytes], { type: row.type }) : null;
}

/** Forget what the server has had for 14 days. Whatever lacks a receipt stays, however old.
 * @param {Store} store @param {number} [now] @param {number} [age] ms @returns {Promise<number>} how many rows went */
export const prune = (store, now = Date.now(), age = PRUNE_AFTER) => store.write(['scans', 'photos'], async (tx) => {
  const scans = await dropRange(tx.objectStore('scans').index('age'), 'sent', now - age);
  return scans + (await dropRange(tx.objectStore('photos').index('age'), 'done', now - age));
});

/** @param {IDBIndex} age @param {string} state @param {number} before @returns {Promise<number>} */
function dropRange(age, state, before) {
  let gone = 0;
  return new Promise((resolve, reject) => {
    const walk = age.openCursor(IDBKeyRange.bound([state], [state, before], false, true));
    walk.onerror = () => reject(walk.error);
    walk.onsuccess = () => {
      if (!walk.result) return resolve(gone);
      gone += 1;
      walk.result.delete();
      walk.result.continue();
    };
  });
}
