// Whose signatures this phone believes, and the question when the server says another policy.

import { accept, decline, pins, summary } from '../ledger/pins.js';
import { PROOF } from '../messages-proof.js';
import { h } from './dom.js';
import { facts } from './form.js';
import { day } from './format.js';
import { button, notice } from './frame.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../ledger/pins.js').Pin} Pin */

/** @param {Store} store @param {() => void} changed called after an answer */
export async function keys(store, changed) {
  const all = await pins(store);
  const shown = await Promise.all(all.map((pin) => log(store, pin, changed)));
  return h('section', { class: 'app-stack' }, h('h2', {}, PROOF.keys), all.length ? shown : h('p', { class: 'app-note' }, PROOF.noKeys));
}

/** @param {Store} store @param {Pin} pin @param {() => void} changed */
async function log(store, pin, changed) {
  const [{ text, at }] = pin.policies;
  const { fingerprint, witnesses, least } = await summary(text);
  return h('div', { class: 'app-stack' }, pin.offered ? await question(store, pin, changed) : null,
    facts([[pin.name || pin.log, `${pin.origin}（${PROOF.since(day(at))}）`], [PROOF.key, h('span', { class: 'app-hash' }, fingerprint)],
      [PROOF.signers, PROOF.ofThem(least, witnesses.length)]]));
}

/** @param {Store} store @param {Pin} pin @param {() => void} changed */
async function question(store, { origin, policies, offered }, changed) {
  const [before, after] = await Promise.all([summary(policies[0].text), summary(/** @type {import('../ledger/pins.js').Known} */ (offered).text)]);
  const isNewKey = before.fingerprint !== after.fingerprint;
  const added = after.witnesses.filter((name) => !before.witnesses.includes(name));
  const removed = before.witnesses.filter((name) => !after.witnesses.includes(name));
  const answer = (/** @type {typeof accept} */ how) => async () => { await how(store, origin); changed(); };
  return notice(isNewKey ? 'error' : 'warn', PROOF.changed, isNewKey ? PROOF.changedKey : PROOF.changedNodes,
    facts([[PROOF.newKey, isNewKey ? h('span', { class: 'app-hash' }, after.fingerprint) : null], [PROOF.added, added.join('、') || PROOF.nobody],
      [PROOF.removed, removed.join('、') || PROOF.nobody], [PROOF.signers, PROOF.ofThem(after.least, after.witnesses.length)]]),
    button(PROOF.decline, answer(decline), { rank: 'second' }), button(PROOF.accept, answer(accept), { rank: 'plain' }));
}
