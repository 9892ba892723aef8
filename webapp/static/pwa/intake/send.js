// Hand over what waits: scans in batches, then their photos. Only a receipt moves a scan on; every way in which the
// network, the server or one bad scan can fail leaves the rest exactly as it was.

import { result } from '../kernel/store.js';
import { WORLD, ask } from './http.js';
import { devOf } from './keys.js';
import { queueOf } from './outbox.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../types.js').Kept} Kept */
/** @typedef {import('../types.js').KeptPhoto} KeptPhoto */
/** @typedef {import('../types.js').Receipt} Receipt */
/** @typedef {import('./http.js').Answer} Answer */
/** @typedef {import('./http.js').Deps} Deps */

const MOST = 100; // the server takes no more in one request
const MOST_CHARACTERS = 160_000; // and no more than 512 KiB; Japanese text is three bytes a character
const PHOTO_TIMEOUT = 120_000; // a photo on a weak line takes longer than an answer may

/** @type {Answer} */
const DONE = { kind: 'ok', status: 200, body: null, sent: 0, got: 0 };

const CARRIED = ''; // whose rows are nobody's: whoever is logged in sends them

/** Send all scans of one person, oldest first, then those of other phones that this one carries.
 * @param {Store} store @param {string} person @param {Deps} [deps] @returns {Promise<Answer>} "ok" when nothing waits */
export async function sendScans(store, person, deps = WORLD) {
  const own = await sendQueue(store, person, person, deps);
  return own.kind === 'ok' ? sendQueue(store, CARRIED, person, deps) : own;
}

/** Send one queue. A refused batch (413, unreadable) is halved down to the one scan that is at
 * fault, which is set aside as stuck and shown; the size grows again after each success.
 * @param {Store} store @param {string} owner whose rows @param {string} person who is logged in @param {Deps} deps
 * @returns {Promise<Answer>} */
async function sendQueue(store, owner, person, deps) {
  const dev = await devOf(store);
  let [most, size, from] = [MOST, MOST, 0];
  for (;;) {
    const rows = await nextBatch(store, owner, from, size);
    if (rows.length === 0) return DONE;
    const answer = await post(deps, dev, rows);
    if (answer.kind === 'ok') {
      const receipts = await ownReceipts(deps, person, rows, answer.body);
      if (receipts.length === 0) return { kind: 'offline' }; // it did not speak about our scans: try later
      await keepReceipts(store, rows, receipts);
      size = Math.min(most, size * 2);
      from = afterThose(rows, receipts);
    } else if (!aboutContent(answer)) {
      return answer;
    } else if (rows.length > 1) {
      size = Math.ceil(rows.length / 2);
      if (answer.status === 413) most = size; // a limit stays a limit; a scan at fault is passed and left behind
    } else {
      await setAside(store, rows[0], answer);
    }
  }
}

/** Where the next batch begins: at the first scan of this one without a receipt, else behind it. Starting at the front each
 * time would walk over all that was sent before, which is slow with thousands. @param {Kept[]} rows
 * @param {Receipt[]} receipts */
function afterThose(rows, receipts) {
  const answered = new Set(receipts.map(({ id }) => id));
  const missing = rows.find(({ id }) => !answered.has(id));
  return missing ? missing.n : Number(rows.at(-1)?.n) + 1;
}

/** The oldest pending scans of one owner, never more than fit into one request; the rest stays on the disk.
 * @param {Store} store @param {string} owner @param {number} from @param {number} most @returns {Promise<Kept[]>} */
function nextBatch(store, owner, from, most) {
  return store.read(['scans'], (tx) => {
    /** @type {Kept[]} */
    const rows = [];
    let room = MOST_CHARACTERS;
    const walk = tx.objectStore('scans').index('queue').openCursor(queueOf('pending', owner, from));
    return new Promise((resolve, reject) => {
      walk.onerror = () => reject(walk.error);
      walk.onsuccess = () => {
        const row = walk.result?.value;
        room -= row ? weight(row) : 0;
        if (!walk.result || rows.length === most || (room < 0 && rows.length > 0)) return resolve(rows);
        rows.push(row);
        walk.result.continue();
      };
    });
  });
}

/** @param {Kept} row */
const weight = ({ p, s, open }) => p.length + s.length + (open ? JSON.stringify(open).length : 4) + 32;

/** @param {Deps} deps @param {string} dev @param {Kept[]} rows @returns {Promise<Answer>} */
const post = (deps, dev, rows) =>
  ask(deps, '/api/scans', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ dev, sent_at: deps.now(), items: rows.map(({ p, s, open }) => ({ p, s, open })) }),
  });

/** Whether the server says no to what is inside, so that a smaller batch can help. @param {Answer} answer
 * @returns {answer is {kind: 'no', status: number, code: string, text: string}} */
const aboutContent = (answer) => answer.kind === 'no' && [400, 413, 415, 422].includes(answer.status);

/** The receipts that speak about scans of this batch. Where somebody else logged in on this phone in the very moment, the
 * server's 「not your scan」 is about the wrong person: those are left out and wait for the right one.
 * @param {Deps} deps @param {string} person @param {Kept[]} rows @param {any} body @returns {Promise<Receipt[]>} */
async function ownReceipts(deps, person, rows, body) {
  const asked = new Set(rows.map(({ id }) => id));
  /** @type {Receipt[]} */
  const all = Array.isArray(body?.receipts) ? body.receipts : [];
  // a scan so broken that the server could not find its id is told by its place
  const placed = all.map((receipt, i) => (all.length === rows.length && receipt?.id === '' ? { ...receipt, id: rows[i].id } : receipt));
  const known = placed.filter((receipt) => asked.has(receipt?.id) && stateFor(receipt) !== null);
  if (!known.some(notYours)) return known;
  const who = await ask(deps, '/api/me');
  const same = who.kind === 'ok' && who.body?.person?.id === person;
  return same ? known : known.filter((receipt) => !notYours(receipt));
}

/** @param {Receipt} receipt */
const notYours = ({ status, code }) => status === 'refused' && code === 'intake.not_your_scan';

/** Write receipts down; a scan without one stays pending. @param {Store} store @param {Kept[]} rows
 * @param {Receipt[]} receipts */
async function keepReceipts(store, rows, receipts) {
  const byId = new Map(rows.map((row) => [row.id, row]));
  await store.write(['scans'], async (tx) => {
    for (const receipt of receipts) tx.objectStore('scans').put({ ...byId.get(receipt.id), state: stateFor(receipt), receipt });
  }, 'relaxed'); // if the phone dies now, the batch goes again and the receipts say "duplicate"
  store.announce('sent');
}

/** What the server cannot judge yet: the key that signed it is still on its way. It goes again with the next round.
 * @param {Receipt} receipt */
const tooEarly = ({ status, code }) => status === 'refused' && code === 'intake.unknown_key';

/** @param {Receipt} receipt @returns {'sent'|'refused'|'pending'|null} null: a word we do not know moves nothing */
function stateFor(receipt) {
  if (receipt.status === 'recorded' || receipt.status === 'duplicate') return 'sent';
  if (tooEarly(receipt)) return 'pending';
  return receipt.status === 'refused' ? 'refused' : null;
}

/** One scan the server cannot read: kept, shown, and not sent in a loop. @param {Store} store @param {Kept} row
 * @param {{code: string, text: string}} why */
async function setAside(store, row, { code, text }) {
  /** @type {Receipt} */
  const receipt = { id: row.id, status: 'refused', code, text };
  await store.write(['scans'], (tx) => result(tx.objectStore('scans').put({ ...row, state: 'stuck', receipt })));
  store.announce('sent');
}

/** Send the photos of one person, one at a time; the bytes leave the phone when the server has confirmed them.
 * Stops early, with "ok", when `hurry` says that scans wait: they go first.
 * @param {Store} store @param {string} person @param {Deps} [deps] @param {() => boolean} [hurry]
 * @returns {Promise<Answer>} */
export async function sendPhotos(store, person, deps = WORLD, hurry = () => false) {
  while (!hurry()) {
    const photo = (await nextPhoto(store, person)) ?? (await nextPhoto(store, CARRIED));
    if (!photo) return DONE;
    const answer = await put(deps, photo);
    if (answer.kind === 'ok') await settle(store, { ...photo, state: 'done', bytes: new ArrayBuffer(0) });
    else if (aboutContent(answer)) await settle(store, { ...photo, state: 'refused', code: answer.code, text: answer.text });
    else return answer;
  }
  return DONE;
}

/** @param {Store} store @param {string} person @returns {Promise<KeptPhoto|undefined>} */
const nextPhoto = (store, person) =>
  store.read(['photos'], (tx) => result(tx.objectStore('photos').index('queue').get(queueOf('pending', person))));

/** @param {Deps} deps @param {KeptPhoto} photo @returns {Promise<Answer>} */
const put = (deps, { sha256, type, bytes }) =>
  ask(deps, `/api/evidence/${sha256}`, { method: 'PUT', headers: { 'Content-Type': type }, body: bytes }, PHOTO_TIMEOUT);

/** @param {Store} store @param {KeptPhoto} photo */
async function settle(store, photo) {
  await store.write(['photos'], (tx) => result(tx.objectStore('photos').put(photo)));
  store.announce('sent');
}

/** Fetch verdicts that changed after the receipt (another phone's scan arrived) and show them on the scans kept here.
 * @param {Store} store @param {Deps} [deps] @returns {Promise<Answer>} */
export async function pullVerdicts(store, deps = WORLD) {
  const dev = await devOf(store);
  const since = (await store.meta(`verdicts:${dev}`)) ?? 0;
  const answer = await ask(deps, `/api/verdicts?since=${since}&dev=${dev}`);
  if (answer.kind !== 'ok' || !Array.isArray(answer.body?.verdicts)) return answer;
  const changed = await store.write(['scans', 'meta'], (tx) => keepVerdicts(tx, dev, answer.body), 'relaxed');
  if (changed > 0) store.announce('sent');
  return answer;
}

/** @param {Pick<Receipt, 'verdict'|'findings'>} receipt */
const said = ({ verdict, findings }) => JSON.stringify([verdict, findings]);

/** @param {IDBTransaction} tx @param {string} dev @param {{rev: number, verdicts: Pick<Receipt, 'id'|'verdict'|'findings'>[]}} body */
async function keepVerdicts(tx, dev, { rev, verdicts }) {
  const scans = tx.objectStore('scans');
  let changed = 0;
  for (const { id, verdict, findings } of verdicts) {
    /** @type {Kept|undefined} */
    const row = await result(scans.get(id));
    if (!row?.receipt || row.state !== 'sent') continue; // its receipt will bring the verdict of that moment
    if (said(row.receipt) === said({ verdict, findings })) continue; // the server repeats the last minute
    await result(scans.put({ ...row, receipt: { ...row.receipt, verdict, findings } }));
    changed += 1;
  }
  await result(tx.objectStore('meta').put(rev, `verdicts:${dev}`));
  return changed;
}
