// Public keys of the labels of each municipality, on this phone's disk: from a job pack, or from a shelter's card.

import { result } from '../kernel/store.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('./label.js').LabelKey} LabelKey */

const KEY = 'label-keys';

/** Keys by which labels of this log can be checked here. @param {Store} store @param {string} log @returns {Promise<LabelKey[]>} */
export const labelKeys = async (store, log) => /** @type {Record<string, LabelKey[]>} */ ((await store.meta(KEY)) ?? {})[log] ?? [];

/** Keep keys of a log; none is ever dropped, because old labels are under way for weeks. What came from the server (a pack) stands
 * before what a card said: of two keys with one name the first stays. @param {Store} store @param {string} log @param {LabelKey[]} keys */
export const keepLabelKeys = (store, log, keys) => store.write(['meta'], (tx) => keepIn(tx, log, keys));

/** The same inside a transaction that is open on `meta`. @param {IDBTransaction} tx @param {string} log @param {LabelKey[]} keys */
export async function keepIn(tx, log, keys) {
  const meta = tx.objectStore('meta');
  /** @type {Record<string, LabelKey[]>} */
  const all = (await result(meta.get(KEY))) ?? {};
  const before = all[log] ?? [];
  const fresh = keys.filter(({ key }) => !before.some((known) => known.key === key)).map(({ key_id, key }) => ({ key_id, key }));
  if (fresh.length > 0) await result(meta.put({ ...all, [log]: [...before, ...fresh] }, KEY));
}
