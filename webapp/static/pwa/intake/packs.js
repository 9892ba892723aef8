// Who is logged in, which jobs there are and what each needs: fetched ahead, answered from the phone's disk, so that a
// cold start in a basement looks like any other.

import { result } from '../kernel/store.js';
import { WORLD, ask } from './http.js';
import { noteServerTime } from './phone.js';
import { forgetSheltersIn, isShelters } from './relief.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../types.js').Me} Me */
/** @typedef {import('../types.js').Job} Job */
/** @typedef {import('../types.js').Pack} Pack */
/** @typedef {import('./http.js').Answer} Answer */
/** @typedef {import('./http.js').Deps} Deps */

/** The person logged in on this phone, as last seen; null before the first login.
 * @param {Store} store @returns {Promise<Me|null>} */
export const me = async (store) => (await store.meta('me')) ?? null;

/** @param {Store} store @returns {Promise<Job[]>} */
export const jobs = async (store) => (await store.meta('jobs')) ?? [];

/** @param {Store} store @param {string} jobId @returns {Promise<Pack|null>} */
export async function pack(store, jobId) {
  const row = await store.read(['packs'], (tx) => result(tx.objectStore('packs').get(jobId)));
  return row?.pack ?? null;
}

/** When the list of jobs was last confirmed by the server, ms. @param {Store} store @returns {Promise<number|null>} */
export const lastRefreshed = async (store) => (await store.meta('refreshed')) ?? null;

/** Call `listener` when me, jobs or packs changed, in this tab or another.
 * @param {Store} store @param {() => void} listener @returns {() => void} stops it */
export const watch = (store, listener) => store.watch(['packs'], listener);

/** Log-out: what belongs to the person leaves the phone; scans stay until they have their receipts.
 * @param {Store} store */
export async function forgetMe(store) {
  await store.write(['meta', 'packs'], (tx) => forgetIn(tx));
  store.announce('packs');
}

/** @param {IDBTransaction} tx */
async function forgetIn(tx) {
  const meta = tx.objectStore('meta');
  await Promise.all(['me', 'jobs', 'refreshed', 'shelter-card'].map((key) => result(meta.delete(key))));
  await forgetSheltersIn(tx);
  await result(tx.objectStore('packs').clear());
}

/** Fetch me, jobs and the packs that changed. Never throws; what cannot be fetched stays as it was.
 * @param {Store} store @param {Deps} [deps] @returns {Promise<Answer>} the answer that ended it: "ok" when all is fresh */
export async function refresh(store, deps = WORLD) {
  const who = await refreshMe(store, deps);
  return who.kind === 'ok' ? refreshJobs(store, deps) : who;
}

/** Ask who is logged in. Another person than before: the other's jobs and packs leave the phone first.
 * @param {Store} store @param {Deps} [deps] @returns {Promise<Answer>} */
export async function refreshMe(store, deps = WORLD) {
  const answer = await ask(deps, '/api/me');
  if (answer.kind !== 'ok') return answer;
  if (typeof answer.body?.person?.id !== 'string') return { kind: 'offline' };
  await noteServerTime(store, answer.body.server_at, answer.sent, answer.got);
  if (await store.write(['meta', 'packs'], (tx) => keepMe(tx, answer.body))) store.announce('packs');
  return answer;
}

/** @param {IDBTransaction} tx @param {Me} now @returns {Promise<boolean>} whether it is somebody else than before */
async function keepMe(tx, now) {
  /** @type {Me|undefined} */
  const before = await result(tx.objectStore('meta').get('me'));
  const other = before?.person.id !== now.person.id;
  if (before && other) await forgetIn(tx);
  await result(tx.objectStore('meta').put(now, 'me'));
  return other;
}

/** @param {Store} store @param {Deps} [deps] @returns {Promise<Answer>} */
export async function refreshJobs(store, deps = WORLD) {
  const answer = await ask(deps, '/api/jobs');
  if (answer.kind !== 'ok' || !Array.isArray(answer.body?.jobs)) return answer.kind === 'ok' ? { kind: 'offline' } : answer;
  /** @type {Job[]} */
  const list = answer.body.jobs;
  for (const job of list) {
    const got = await refreshPack(store, deps, job);
    if (got.kind !== 'ok' && got.kind !== 'unchanged' && got.kind !== 'no') return got;
  }
  await store.write(['meta', 'packs'], (tx) => keepJobs(tx, list, deps.now()), 'relaxed');
  store.announce('packs');
  return answer;
}

/** @param {Store} store @param {Deps} deps @param {Job} job @returns {Promise<Answer>} */
async function refreshPack(store, deps, job) {
  const known = await pack(store, job.id);
  if (known && known.rev === job.rev) return { kind: 'unchanged' };
  const answer = await ask(deps, `/api/jobs/${encodeURIComponent(job.id)}/pack`, {}, 60_000);
  if (answer.kind !== 'ok') return answer;
  await store.write(['packs'], (tx) => result(tx.objectStore('packs').put({ id: job.id, pack: answer.body })));
  return answer;
}

/** @param {IDBTransaction} tx @param {Job[]} list @param {number} now */
async function keepJobs(tx, list, now) {
  const packs = tx.objectStore('packs');
  const wanted = new Set(list.map(({ id }) => id));
  const gone = (await result(packs.getAllKeys())).filter((id) => !wanted.has(String(id)) && !isShelters(id));
  await Promise.all(gone.map((id) => result(packs.delete(id))));
  await result(tx.objectStore('meta').put(list, 'jobs'));
  await result(tx.objectStore('meta').put(now, 'refreshed'));
}
