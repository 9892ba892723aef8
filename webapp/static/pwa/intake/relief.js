// Shelters at which this person receives goods, and the pack of each: fetched ahead like jobs, answered from the phone's disk.

import { result } from '../kernel/store.js';
import { keepLabelKeys } from '../supplies/label-keys.js';
import { WORLD, ask } from './http.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../types.js').Me} Me */
/** @typedef {import('../supplies/fold.js').Shelter} Shelter */
/** @typedef {import('../supplies/fold.js').ShelterPack} ShelterPack */
/** @typedef {import('./http.js').Answer} Answer */
/** @typedef {import('./http.js').Deps} Deps */

/** Who may receive goods: `Action.SCAN_PARCEL` of the server's table. */
const RECEIVING = new Set(['shelter', 'officer']);
/** A town's officer has two hundred shelters: beyond these few only those that were opened on this phone are kept fresh. */
const FEW = 3;
const LIST = 'shelters';
const WANTED = 'shelters-wanted';
const PREFIX = 'relief:';

/** Whether this row of `packs` is a shelter's. @param {IDBValidKey} id */
export const isShelters = (id) => String(id).startsWith(PREFIX);

/** @param {Me|null} me */
export const receives = (me) => Boolean(me?.person.roles.some((role) => RECEIVING.has(role)));

/** @param {Store} store @returns {Promise<Shelter[]>} */
export const shelters = async (store) => (await store.meta(LIST)) ?? [];

/** @param {Store} store @param {string} id @returns {Promise<ShelterPack|null>} */
export async function shelterPack(store, id) {
  const row = await store.read(['packs'], (tx) => result(tx.objectStore('packs').get(PREFIX + id)));
  return row?.pack ?? null;
}

/** This shelter's pack is wanted on this phone from now on. @param {Store} store @param {string} id */
export async function want(store, id) {
  /** @type {string[]} */
  const wanted = (await store.meta(WANTED)) ?? [];
  if (!wanted.includes(id)) await store.setMeta(WANTED, [...wanted, id]);
}

/** Log-out: lists leave the phone with their person. @param {IDBTransaction} tx open on `meta` */
export const forgetSheltersIn = (tx) => Promise.all([LIST, WANTED].map((key) => result(tx.objectStore('meta').delete(key))));

/** Fetch the list of shelters and the packs that changed. Never throws; what cannot be fetched stays as it was.
 * @param {Store} store @param {Deps} [deps] @returns {Promise<Answer>} */
export async function refreshShelters(store, deps = WORLD) {
  if (!receives((await store.meta('me')) ?? null)) return { kind: 'unchanged' };
  const answer = await ask(deps, '/api/relief/shelters');
  if (answer.kind === 'no') return { kind: 'unchanged' }; // an older server
  if (answer.kind !== 'ok') return answer;
  if (!Array.isArray(answer.body?.shelters)) return { kind: 'offline' };
  /** @type {Shelter[]} */
  const list = answer.body.shelters;
  const halt = await refreshPacks(store, deps, list);
  if (halt) return halt;
  await store.write(['meta', 'packs'], (tx) => keepList(tx, list), 'relaxed');
  store.announce('packs');
  return answer;
}

/** @param {Store} store @param {Deps} deps @param {Shelter[]} list @returns {Promise<Answer|null>} what ended it before its end */
async function refreshPacks(store, deps, list) {
  for (const shelter of await those(store, list)) {
    const got = await refreshPack(store, deps, shelter);
    if (got.kind !== 'ok' && got.kind !== 'unchanged' && got.kind !== 'no') return got;
  }
  return null;
}

/** @param {Store} store @param {Shelter[]} list */
async function those(store, list) {
  /** @type {string[]} */
  const wanted = (await store.meta(WANTED)) ?? [];
  return list.length <= FEW ? list : list.filter(({ id }) => wanted.includes(id));
}

/** @param {Store} store @param {Deps} deps @param {Shelter} shelter @returns {Promise<Answer>} */
async function refreshPack(store, deps, { id, rev }) {
  if ((await shelterPack(store, id))?.rev === rev) return { kind: 'unchanged' };
  const answer = await ask(deps, `/api/relief/shelters/${encodeURIComponent(id)}/pack`, {}, 60_000);
  if (answer.kind !== 'ok') return answer;
  /** @type {ShelterPack} */
  const pack = answer.body;
  await store.write(['packs'], (tx) => result(tx.objectStore('packs').put({ id: PREFIX + id, pack })));
  await keepLabelKeys(store, pack.shelter.log, pack.label_keys);
  return answer;
}

/** @param {IDBTransaction} tx @param {Shelter[]} list */
async function keepList(tx, list) {
  const packs = tx.objectStore('packs');
  const wanted = new Set(list.map(({ id }) => PREFIX + id));
  const gone = (await result(packs.getAllKeys())).filter((id) => isShelters(id) && !wanted.has(String(id)));
  await Promise.all(gone.map((id) => result(packs.delete(id))));
  await result(tx.objectStore('meta').put(list, LIST));
}
