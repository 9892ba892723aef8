// How far the logs of this phone's person have come: what is signed, what others cosigned, what is on the chain.

import { ask } from '../intake/http.js';
import { refreshPins } from './pins.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../intake/http.js').Deps} Deps */
/** How many entries of a log have come so far. @typedef {{recorded: number, signed: number, cosigned: number, anchored: number}} Sizes */
/** 記録済 → 署名済 → 連署済 → 鎖固定 @typedef {"recorded"|"signed"|"cosigned"|"anchored"} State */

const KEY = 'ledgers';
const PINS_DUE = 'pins_due';
const PINS_EVERY = 600_000;
/** The furthest first. @type {State[]} */
export const STATES = ['anchored', 'cosigned', 'signed', 'recorded'];

/** Ask how far the logs are, and now and then whose signatures count. Never throws; what cannot be fetched stays as it was.
 * @param {Store} store @param {{id: string, name: string}[]} logs @param {Deps} deps */
export async function followLedgers(store, logs, deps) {
  /** @type {Record<string, Sizes>} */
  const sizes = {};
  for (const { id } of logs) {
    const answer = await ask(deps, `/api/ledger/${encodeURIComponent(id)}/state`);
    if (answer.kind === 'ok' && isSizes(answer.body)) sizes[id] = answer.body;
  }
  const known = await ledgers(store);
  if (JSON.stringify({ ...known, ...sizes }) !== JSON.stringify(known)) {
    await store.setMeta(KEY, { ...known, ...sizes }, 'relaxed');
    store.announce('sent');
  }
  if (deps.now() < ((await store.meta(PINS_DUE)) ?? 0)) return;
  await store.setMeta(PINS_DUE, deps.now() + PINS_EVERY, 'relaxed');
  await refreshPins(store, logs, deps);
}

/** @param {any} body @returns {body is Sizes} */
const isSizes = (body) => STATES.every((state) => Number.isSafeInteger(body?.[state]));

/** @param {Store} store @returns {Promise<Record<string, Sizes>>} by log */
export const ledgers = async (store) => (await store.meta(KEY)) ?? {};

/** How far an entry is. @param {Sizes|undefined} sizes @param {number} index @returns {State} */
export const stateAt = (sizes, index) => STATES.find((state) => index < (sizes?.[state] ?? 0)) ?? 'recorded';
