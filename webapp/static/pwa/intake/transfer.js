// The last resort: what the server has not recorded leaves the phone as one file, and another phone or desk sends it. Signed
// scans stay as they were signed, so nobody need trust the file or who carries it; what is unsigned only its author may send.

import { sha256 as sha256Of } from '../kernel/ids.js';
import { result } from '../kernel/store.js';
import { decode64, encode64 } from '../ledger/bytes.js';
import { KeepError, carryAll, kept } from './outbox.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../types.js').KeptPhoto} KeptPhoto */

const FORMAT = 'ashiato.unsent';
const CHUNK = 30_000; // a multiple of three: the letters of the parts put together are those of the whole

/** What became of a file: scans taken in, scans that were here already, and what could not be read or was contradicted.
 * @typedef {{taken: number, known: number, bad: number, photos: number}} Told */

/** This is no file of ours, or it was cut off. */
export class FileError extends Error {
  constructor() {
    super('transfer.not_ours');
    this.name = 'FileError';
    this.code = 'transfer.not_ours';
  }
}

/** Everything that the server has not recorded, with its photos, as one JSON file. Holds the openings (serials, notes) too: whoever
 * has the file can read these. @param {Store} store @returns {Promise<Blob>} */
export async function exportUnsent(store) {
  const rows = (await kept(store)).filter(({ state }) => state !== 'sent');
  const items = rows.map(({ p, s, open, job, state, receipt, kept_at, summary }) => ({ p, s, open, job, state, receipt, kept_at, summary }));
  const head = JSON.stringify({ format: FORMAT, v: 1, items }).slice(0, -1);
  const photos = await store.read(['photos'], (tx) => result(tx.objectStore('photos').getAll()));
  const parts = photos.filter(({ bytes }) => bytes.byteLength > 0).map(photoPart);
  return new Blob([head, ',"photos":[', ...parts.flatMap((part, i) => (i ? [',', part] : [part])), ']}'], { type: 'application/json' });
}

/** @param {KeptPhoto} photo */
function photoPart({ sha256, type, bytes }) {
  const raw = new Uint8Array(bytes);
  const letters = [];
  for (let at = 0; at < raw.length; at += CHUNK) letters.push(encode64(raw.subarray(at, at + CHUNK)));
  return `{"sha256":"${sha256}","type":${JSON.stringify(type)},"data":"${letters.join('')}"}`;
}

/** "ashiato-unsent-20261122-0912.json", in the phone's own time. @param {Date} now */
export function fileName(now = new Date()) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return `ashiato-unsent-${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}.json`;
}

/** Take in such a file, to be sent by whoever is logged in. Taking it twice changes nothing. Throws FileError; StoreError when
 * the disk is full: then nothing of it was taken. @param {Store} store @param {Blob} file @returns {Promise<Told>} */
export async function importUnsent(store, file) {
  const { items, photos } = read(await file.text());
  const here = new Set((await kept(store)).map(({ id }) => id));
  const rows = await carryAll(store, items);
  const good = rows.flatMap((row) => (row instanceof KeepError ? [] : [row.id]));
  const known = good.filter((id) => here.has(id)).length;
  return { taken: good.length - known, known, bad: rows.length - good.length, photos: await takePhotos(store, photos) };
}

/** @param {string} text @returns {{items: any[], photos: any[]}} */
function read(text) {
  try {
    const file = JSON.parse(text);
    const items = file.items.map((/** @type {any} */ item) => ({
      p: String(item.p), s: String(item.s ?? ''), open: item.open ?? null, job: item.job, summary: item.summary ?? {} }));
    if (file.format === FORMAT && file.v === 1) return { items, photos: file.photos ?? [] };
  } catch {
    // told below
  }
  throw new FileError();
}

/** Photos whose bytes are what their name says. @param {Store} store @param {any[]} photos @returns {Promise<number>} */
async function takePhotos(store, photos) {
  /** @type {Pick<KeptPhoto, 'sha256'|'type'|'bytes'>[]} */
  const good = [];
  for (const { sha256, type, data } of photos) {
    const raw = bytesOf(data);
    if (raw && (await sha256Of(raw)) === sha256) good.push({ sha256, type: String(type), bytes: raw.buffer });
  }
  if (good.length === 0) return 0;
  await store.write(['photos'], async (tx) => {
    const table = tx.objectStore('photos');
    for (const photo of good) {
      const known = await result(table.getKey(photo.sha256));
      const row = { ...photo, state: 'pending', n: 0, person: '', kept_at: Date.now(), code: '', text: '' };
      if (known === undefined) await result(table.add(row));
    }
  });
  store.announce('kept');
  return good.length;
}

/** @param {unknown} data */
function bytesOf(data) {
  try {
    return decode64(String(data));
  } catch {
    return null;
  }
}
