// Eight words that two people read to each other: the same words, the same signatures. Mirrors webapp/kernel/tlog/words.py;
// the list is the Japanese one of BIP-39, written into contract/words.json by `make contract`.

import { utf8 } from '../ledger/bytes.js';

/** @typedef {import('./text.js').Signed} Signed */
/** One cage: its code, what the giver signed and what the receiver signed.
 * @typedef {{code: string, offer: Signed, answer: Signed}} Exchanged */

const COUNT = 8;
const BITS = 11n;

/** @type {string[]|null} */
let list = null;

/** The list in use. @param {string[]} all 2,048 of them */
export const useWords = (all) => { list = all; };

/** @returns {Promise<string[]>} */
async function words() {
  list ??= /** @type {string[]} */ (await (await fetch(new URL('../contract/words.json', import.meta.url))).json());
  return list;
}

/** The words of an exchange, in the order of the cages' codes whatever order they are given in. Any byte that differs on the
 * other phone gives others. @param {Exchanged[]} exchanged @returns {Promise<string[]>} */
export async function wordsOf(exchanged) {
  const inOrder = [...exchanged].sort((one, other) => (one.code < other.code ? -1 : 1));
  const lines = inOrder.flatMap(({ offer, answer }) => [offer.p, offer.s, answer.p, answer.s]);
  return eightWords(`ashiato/handover/v1\n${lines.join('\n')}`);
}

/** Eight words for these letters: the first 88 bits of a SHA-256, 11 bits a word. @param {string} said @returns {Promise<string[]>} */
async function eightWords(said) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(`ashiato/words/v1\n${said}`)));
  const number = digest.slice(0, COUNT * Number(BITS) / 8).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const all = await words();
  return Array.from({ length: COUNT }, (_, place) => all[Number((number >> (BITS * BigInt(COUNT - 1 - place))) & 0x7ffn)]);
}
