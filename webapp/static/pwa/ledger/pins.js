// Whose signatures this phone believes. The first policy that it sees of a log is pinned; another one is a question to the
// person who holds the phone, never taken silently.

import { WORLD } from '../intake/http.js';
import { result } from '../kernel/store.js';
import { hex } from './notes.js';
import { sha256 } from './merkle.js';
import * as policies from './policies.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../intake/http.js').Deps} Deps */
/** A policy as it stood from `at` (ms). @typedef {{text: string, at: number}} Known */
/** What is pinned of one log: the newest policy first; `offered`: what the server says now, if that is another one.
 * `declined`: what the person said no to. @typedef {{origin: string, log: string, name: string, policies: Known[],
 *   offered: Known|null, declined: string}} Pin */
/** What the server says of a log. @typedef {{log: string, name: string, text: string}} Offer */

const KEY = 'pins';
const MOST_POLICY = 64 * 1024;

/** @param {Store} store @returns {Promise<Pin[]>} in the order in which they were first seen */
export const pins = async (store) => (await store.meta(KEY)) ?? [];

/** As `verdict.js` wants them. @param {Pin[]} all @returns {import('./verdict.js').Trusted[]} */
export const trusted = (all) => all.map(({ origin, policies: known }) => ({ origin, texts: known.map(({ text }) => text) }));

/** Hear what the server says about a log. Throws PolicyError if it is no policy. @param {Store} store @param {Offer} offer @param {number} now
 * @returns {Promise<"pinned"|"same"|"changed">} */
export async function hear(store, { log, name, text }, now) {
  const policy = await policies.parse(text);
  if (policy.logs.length !== 1) throw new policies.PolicyError('the policy of one log names one log');
  const origin = policy.logs[0].key.name;
  return change(store, (all) => {
    const pin = all.find((each) => each.origin === origin);
    if (!pin) {
      all.push({ origin, log, name, policies: [{ text, at: now }], offered: null, declined: '' });
      return 'pinned';
    }
    const isSame = sameTrust(pin.policies[0].text, text);
    pin.offered = isSame || pin.declined === text ? null : { text, at: now };
    return isSame ? 'same' : 'changed';
  });
}

/** Where nodes answer may change: that is no question of trust. @param {string} one @param {string} other */
const sameTrust = (one, other) => withoutAddresses(one) === withoutAddresses(other);

/** @param {string} text */
const withoutAddresses = (text) => text.split('\n').map((line) => {
  const words = line.split(' ');
  return words.slice(0, { log: 2, witness: 3 }[words[0]] ?? words.length).join(' ');
}).join('\n');

/** The person said yes: from now on this policy; proofs from before stay good under the one before.
 * @param {Store} store @param {string} origin */
export const accept = (store, origin) => change(store, (all) => {
  const pin = all.find((each) => each.origin === origin);
  if (pin?.offered) Object.assign(pin, { policies: [pin.offered, ...pin.policies], offered: null, declined: '' });
});

/** The person said no: what is pinned stays, and this change is not asked about again. @param {Store} store @param {string} origin */
export const decline = (store, origin) => change(store, (all) => {
  const pin = all.find((each) => each.origin === origin);
  if (pin?.offered) Object.assign(pin, { declined: pin.offered.text, offered: null });
});

/** @template T @param {Store} store @param {(all: Pin[]) => T} work @returns {Promise<T>} */
const change = (store, work) => store.write(['meta'], async (tx) => {
  const meta = tx.objectStore('meta');
  /** @type {Pin[]} */
  const all = (await result(meta.get(KEY))) ?? [];
  const answer = work(all);
  await result(meta.put(all, KEY));
  return answer;
});

/** Ask for the policies of these logs. Never throws: offline, what is pinned stays.
 * @param {Store} store @param {{id: string, name: string}[]} logs @param {Deps} [deps] */
export async function refreshPins(store, logs, deps = WORLD) {
  for (const { id, name } of logs) {
    try {
      const text = await fetchText(deps, `/log/${encodeURIComponent(id)}/policy`);
      if (text) await hear(store, { log: id, name, text }, deps.now());
    } catch (problem) {
      console.warn('no policy of this log', problem);
    }
  }
}

/** @param {Deps} deps @param {string} path @returns {Promise<string>} "" if there is none */
async function fetchText(deps, path) {
  const answer = await deps.fetch(path, { cache: 'no-store', credentials: 'same-origin', redirect: 'error', signal: AbortSignal.timeout(10_000) })
    .catch(() => null);
  const text = answer?.ok && answer.headers.get('Content-Type')?.startsWith('text/plain') ? await answer.text() : '';
  return text.length > MOST_POLICY ? '' : text;
}

/** What a policy says, for people. @param {string} text */
export async function summary(text) {
  const { logs, witnesses, groups, quorum } = await policies.parse(text);
  return { fingerprint: await fingerprint(logs[0].key.public), witnesses: [...witnesses.keys()],
    least: groups.get(quorum)?.least ?? (quorum === 'none' ? 0 : 1) };
}

/** A key in eight groups of four, to compare by eye or by voice: the first 128 bits of its SHA-256. @param {Uint8Array} key */
export async function fingerprint(key) {
  return (hex((await sha256(key)).slice(0, 16)).match(/.{4}/g) ?? []).join(' ');
}
