// Scans wait here until the server has given a receipt; nothing else moves one on, and nothing throws one away unsent.

import { seal } from '../kernel/canonical.js';
import { result } from '../kernel/store.js';
import { buildScan, nextSeq, phoneIn } from './phone.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../types.js').Kept} Kept */
/** @typedef {import('../types.js').KeptPhoto} KeptPhoto */
/** @typedef {import('../types.js').KeptState} KeptState */
/** @typedef {import('../types.js').ScanFields} ScanFields */
/** @typedef {import('../types.js').Summary} Summary */
/** @typedef {import('../types.js').Photo} Photo */
/** @typedef {import('../types.js').Opening} Opening */
/** @typedef {import('../types.js').Me} Me */

const DAY = 86_400_000;
const PRUNE_AFTER = 14 * DAY;

/** A scan that cannot be kept, with a stable code: say so on the screen, make no sound of success. */
export class KeepError extends Error {
  /** @param {"outbox.no_person"|"outbox.incomplete"} code */
  constructor(code) {
    super(code);
    this.name = 'KeepError';
    this.code = code;
  }
}

/** Keep one scan. Resolves when number, scan and photos are on disk, in one strict transaction: only then may the screen say
 * 「記録しました」. Rejects (KeepError, StoreError) when nothing was kept. `open` is what must not stand in the log
 * (serial, note): it is closed behind a fresh salt and only its commitment is written into the scan.
 * @param {Store} store @param {ScanFields} fields
 * @param {{open?: Record<string, unknown>|null, photos?: Pick<Photo, 'blob'|'sha256'>[], summary?: Summary}} [extra]
 * @returns {Promise<Kept>} */
export async function keep(store, fields, { open, photos = [], summary = {} } = {}) {
  if (![fields.log, fields.step, fields.code, fields.actor].every((word) => typeof word === 'string' && word)) {
    throw new KeepError('outbox.incomplete');
  }
  const sealed = await seal(open);
  const pictures = await Promise.all(photos.map(readPhoto)); // a transaction would not wait for this
  const ev = [...new Set([...(fields.ev ?? []), ...photos.map(({ sha256 }) => sha256)])];
  return inLine(store, (tx, desk) => keepIn(tx, desk, { ...fields, ev }, sealed, pictures, summary));
}

/** @typedef {{work: (tx: IDBTransaction, desk: Desk) => Promise<Kept>, resolve: (row: Kept) => void, reject: (error: unknown) => void}} Waiting */

/** What waits for the transaction under way to end; missing = none is under way. @type {WeakMap<Store, Waiting[]>} */
const lines = new WeakMap();

/** Twelve codes in one frame are not twelve waits for the disk: while one transaction is being written, the next ones gather
 * and share one. @param {Store} store @param {Waiting['work']} work @returns {Promise<Kept>} */
function inLine(store, work) {
  return new Promise((resolve, reject) => {
    const line = lines.get(store);
    if (line) line.push({ work, resolve, reject });
    else void drain(store, [{ work, resolve, reject }]);
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
    const rows = await store.write(['meta', 'scans', 'photos'], async (tx) => {
      const desk = await openDesk(tx);
      /** @type {Kept[]} */
      const made = [];
      for (const { work } of group) made.push(await work(tx, desk));
      return made;
    });
    group.forEach(({ resolve }, i) => resolve(/** @type {Kept} */ (rows[i])));
    store.announce('kept');
  } catch (error) {
    if (group.length === 1) return group[0]?.reject(error);
    for (const one of group) await commit(store, [one]);
  }
}

/** @param {Pick<Photo, 'blob'|'sha256'>} photo */
const readPhoto = async ({ blob, sha256 }) => ({ sha256, type: blob.type, bytes: await blob.arrayBuffer() });

/** What all scans of one transaction share: who, which phone, and the numbers given out so far.
 * @typedef {{person: string, from: import('./phone.js').Phone, last: number, seqs: Map<string, number>}} Desk */

/** @param {IDBTransaction} tx @returns {Promise<Desk>} */
async function openDesk(tx) {
  /** @type {Me|undefined} */
  const me = await result(tx.objectStore('meta').get('me'));
  if (!me) throw new KeepError('outbox.no_person'); // a scan needs an author, and nobody is logged in on this phone
  const last = await result(tx.objectStore('scans').index('n').openKeyCursor(null, 'prev'));
  return { person: me.person.id, from: await phoneIn(tx), last: Number(last?.key ?? 0), seqs: new Map() };
}

/** @param {IDBTransaction} tx @param {Desk} desk @param {ScanFields} fields
 * @param {{open: Opening|null, commit: string}} sealed @param {{sha256: string, type: string, bytes: ArrayBuffer}[]} pictures
 * @param {Summary} summary @returns {Promise<Kept>} */
async function keepIn(tx, desk, fields, sealed, pictures, summary) {
  const { person, from, seqs } = desk;
  const scan = buildScan(from, { seq: await nextSeq(tx, fields.log, seqs), commit: sealed.commit }, fields);
  const { id, log, dev, seq, actor, job, step, code, parent, ev } = scan;
  const n = (desk.last += 1);
  /** @type {Kept} */
  const row = {
    id, p: JSON.stringify(scan), s: '', open: sealed.open, log, dev, seq, actor, person, job, step, code, parent, n,
    state: 'pending', receipt: null, kept_at: scan.at, evidence: ev, summary: { step, code, cage: parent, ...summary },
  };
  tx.objectStore('scans').add(row); // if it fails the whole transaction does
  for (const picture of pictures) await addPhoto(tx, { ...picture, person, n, kept_at: scan.at });
  return { ...row, mine: true };
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
    const mine = await result(tx.objectStore('scans').index('queue').count(queueOf('pending', person)));
    const [photos, badPhotos] = await Promise.all(['pending', 'refused'].map((state) =>
      result(tx.objectStore('photos').index('age').count(IDBKeyRange.bound([state], [state, []])))));
    return {
      pending: Number(pending), sent: Number(sent), refused: Number(refused), stuck: Number(stuck),
      others: Number(pending) - mine, photos: Number(photos), badPhotos: Number(badPhotos),
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

/** Everything the server has not recorded as one JSON file, for a phone that can no longer reach the server.
 * @param {Store} store @returns {Promise<Blob>} */
export async function exportUnsent(store) {
  const rows = (await kept(store)).filter(({ state }) => state !== 'sent');
  const items = rows.map(({ p, s, open, state, receipt, kept_at }) => ({ p, s, open, state, receipt, kept_at }));
  return new Blob([JSON.stringify({ format: 'ashiato.unsent', v: 1, items })], { type: 'application/json' });
}

/** Forget what the server has had for 14 days. Whatever lacks a receipt stays, however old.
 * @param {Store} store @param {number} [now] */
export async function prune(store, now = Date.now()) {
  await store.write(['scans', 'photos'], async (tx) => {
    await dropRange(tx.objectStore('scans').index('age'), 'sent', now - PRUNE_AFTER);
    await dropRange(tx.objectStore('photos').index('age'), 'done', now - PRUNE_AFTER);
  });
}

/** @param {IDBIndex} age @param {string} state @param {number} before */
function dropRange(age, state, before) {
  return new Promise((resolve, reject) => {
    const walk = age.openCursor(IDBKeyRange.bound([state], [state, before], false, true));
    walk.onerror = () => reject(walk.error);
    walk.onsuccess = () => {
      if (!walk.result) return resolve(undefined);
      walk.result.delete();
      walk.result.continue();
    };
  });
}
