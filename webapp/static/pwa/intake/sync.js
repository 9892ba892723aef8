// Sync by itself: one round at a time over all tabs, started by whatever might mean that the network is back. What
// `navigator.onLine` says is a hint to try now, never a reason not to.

import { followLedgers } from '../ledger/follow.js';
import { followStanding } from './enrolment.js';
import { WORLD } from './http.js';
import { counts, prune } from './outbox.js';
import { refreshJobs, refreshMe } from './packs.js';
import { refreshShelters } from './relief.js';
import { pullVerdicts, sendPhotos, sendScans } from './send.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../types.js').SyncStatus} SyncStatus */
/** @typedef {import('./http.js').Answer} Answer */
/** @typedef {import('./http.js').Deps} Deps */

const EVERY = 30_000;
const LISTS_EVERY = 20_000; // every scan makes a new revision of its job: no pack after each of 160
const GATHER = 400; // a pass over a shelf gives many scans a second: let a few gather
const BACKOFF_FIRST = 2_000;
const BACKOFF_MOST = 300_000;
const LOCK = 'ashiato-sync';

/** @type {SyncStatus} */
let status = {
  online: globalThis.navigator?.onLine ?? true, syncing: false, needsLogin: false, lastContact: null, problem: '', build: '',
};
/** @type {Set<(status: SyncStatus) => void>} */
const listeners = new Set();
/** @type {Promise<SyncStatus>|null} */
let running = null;
let again = false;
let failures = 0;
let notBefore = 0; // the server asked for patience (Retry-After): nobody may shorten that
let pauseUntil = 0; // our own back-off: a person or a returning network may
let listsDue = 0; // when jobs and packs are asked for again
/** @type {BroadcastChannel|null} */
let channel = null;

/** What may let in a phone on which nobody has logged in (a shelter's card does), and whether it did.
 * @type {(store: Store, deps: Deps) => Promise<boolean>} */
let doorkeeper = async () => false;

/** Who is asked when the server does not know who this is. @param {typeof doorkeeper} keeper */
export const useDoorkeeper = (keeper) => { doorkeeper = keeper; };

/** Hear about the state of the connection, at once and after each change.
 * @param {(status: SyncStatus) => void} listener @returns {() => void} stops it */
export function onStatus(listener) {
  listeners.add(listener);
  listener(status);
  return () => listeners.delete(listener);
}

/** @param {Partial<SyncStatus>} change */
function tell(change) {
  hear(change);
  channel?.postMessage(change);
}

/** @param {Partial<SyncStatus>} change what happened here, or in the tab whose turn it is */
function hear(change) {
  status = { ...status, ...change };
  for (const listener of listeners) listener(status);
}

/** Only one tab syncs at a time; the others hear from it how things stand. @returns {() => void} stops it */
function join() {
  const own = new BroadcastChannel(LOCK);
  own.onmessage = ({ data }) => {
    if (!('asks' in data)) hear(data);
    else if (status.lastContact !== null) own.postMessage(status);
  };
  /** @type {{unref?: () => void}} */ (own).unref?.();
  channel = own;
  own.postMessage({ asks: true }); // a tab that opens between two rounds need not wait for the next
  return () => {
    own.close();
    if (channel === own) channel = null;
  };
}

/** Sync now, because a person or the network asked. Never throws, never runs twice at once; asked again while running, it
 * runs once more. Waits only where the server asked for it. @param {Store} store @param {Deps} [deps]
 * @returns {Promise<SyncStatus>} */
export function syncNow(store, deps = WORLD) {
  pauseUntil = listsDue = 0;
  return start(store, deps);
}

/** @param {Store} store @param {Deps} deps @returns {Promise<SyncStatus>} */
function start(store, deps) {
  if (running) {
    again = true;
    return running;
  }
  if (deps.now() < Math.max(notBefore, pauseUntil)) return Promise.resolve(status);
  running = run(store, deps).finally(() => (running = null));
  return running;
}

/** @param {Store} store @param {Deps} deps @returns {Promise<SyncStatus>} */
async function run(store, deps) {
  tell({ syncing: true });
  try {
    do {
      again = false;
      await alone(() => round(store, deps));
    } while (again && deps.now() >= Math.max(notBefore, pauseUntil) && !status.needsLogin);
  } catch (error) {
    tell({ problem: 'sync.broken' }); // the phone's disk refused: nothing was lost, the next round tries again
    console.error(error);
  }
  tell({ syncing: false });
  return status;
}

/** Run while no other tab does; if one does, this round is theirs. @param {() => Promise<void>} work */
async function alone(work) {
  const locks = globalThis.navigator?.locks;
  if (!locks) return work();
  return locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? work() : undefined));
}

/** One round: who am I, scans, verdicts, jobs, this phone's standing, photos. Ends at the first answer that is not a yes.
 * @param {Store} store @param {Deps} deps */
async function round(store, deps) {
  const who = await recognised(store, deps);
  if (who.kind !== 'ok') return settle(who, deps);
  const person = who.body.person.id;
  tell({ online: true, needsLogin: false, lastContact: deps.now(), build: String(who.body.build ?? '') });
  const parts = [
    () => sendScans(store, person, deps),
    () => pullVerdicts(store, deps),
    () => refreshLists(store, deps),
    () => followStanding(store, deps),
    () => sendPhotos(store, person, deps, () => again),
  ];
  for (const part of parts) {
    const answer = await part();
    if (answer.kind !== 'ok' && answer.kind !== 'unchanged') return settle(answer, deps);
  }
  await prune(store, deps.now());
  await followLedgers(store, who.body.logs ?? [], deps);
  settle(who, deps);
}

/** @param {Store} store @param {Deps} deps @returns {Promise<Answer>} */
async function recognised(store, deps) {
  const who = await refreshMe(store, deps);
  return who.kind === 'login' && (await doorkeeper(store, deps)) ? refreshMe(store, deps) : who;
}

/** @param {Store} store @param {Deps} deps @returns {Promise<Answer>} */
async function refreshLists(store, deps) {
  if (deps.now() < listsDue) return { kind: 'unchanged' };
  const relief = await refreshShelters(store, deps);
  if (relief.kind !== 'ok' && relief.kind !== 'unchanged') return relief;
  const answer = await refreshJobs(store, deps);
  if (answer.kind === 'ok') listsDue = deps.now() + LISTS_EVERY;
  return answer;
}

/** Draw the conclusion of a round. @param {Answer} answer @param {Deps} deps */
function settle(answer, deps) {
  if (answer.kind === 'offline') return backOff('sync.offline', deps);
  tell({ online: true, lastContact: deps.now() });
  if (answer.kind === 'login') return tell({ needsLogin: true, problem: 'sync.login' });
  if (answer.kind === 'no') return backOff(answer.code, deps);
  if (answer.kind === 'later') {
    notBefore = deps.now() + answer.after;
    return tell({ problem: 'sync.busy' });
  }
  failures = 0;
  tell({ problem: '' });
}

/** Wait a random time, longer after each failure, so that a hundred phones do not come back together.
 * @param {string} problem @param {Deps} deps */
function backOff(problem, deps) {
  failures += 1;
  pauseUntil = deps.now() + deps.random() * Math.min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** (failures - 1));
  tell({ online: problem !== 'sync.offline', problem });
}

/** Sync from now on: after each kept scan, when the page comes back or the network does, and every 30 s.
 * @param {Store} store @param {Deps} [deps] @returns {() => void} stops it */
export function startSync(store, deps = WORLD) {
  const stop = new AbortController();
  const now = () => void syncNow(store, deps);
  const visible = () => document.visibilityState === 'visible' && now();
  for (const event of ['online', 'pageshow', 'focus']) addEventListener(event, now, stop);
  document.addEventListener('visibilitychange', visible, stop);
  addEventListener('offline', () => tell({ online: false }), stop);
  const timer = setInterval(() => void tick(store, deps), EVERY);
  const unwatch = store.watch(['kept'], gather(() => void start(store, deps)));
  const part = join();
  now();
  return () => {
    stop.abort();
    clearInterval(timer);
    unwatch();
    part();
  };
}

/** The 30-second beat. While scans wait it keeps its own back-off; otherwise it only keeps lists fresh.
 * @param {Store} store @param {Deps} deps */
async function tick(store, deps) {
  const { pending, photos } = await counts(store);
  if (pending + photos > 0 || document.visibilityState === 'visible') await start(store, deps);
}

/** Call `work` once, a moment after the first of several calls. @param {() => void} work */
function gather(work) {
  /** @type {ReturnType<typeof setTimeout>|null} */
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      work();
    }, GATHER);
  };
}
