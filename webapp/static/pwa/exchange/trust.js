// Whose signature it is, as far as this phone knows the keys: from the job pack, or from a day pass. A key that has not come
// yet is no reason to refuse a cage; a signature that does not fit is.

import { verify } from '../intake/keys.js';

/** @typedef {import('../types.js').Pack} Pack */
/** known: signed by the enrolled phone of that person · unknown: signed by a phone whose key this one has not · unsigned ·
 * forged: not signed by the key that this phone knows · late: the key's time is over
 * @typedef {"known"|"unknown"|"unsigned"|"forged"|"late"} Trust */

/** The worst first. @type {Trust[]} */
const ORDER = ['forged', 'late', 'unsigned', 'unknown', 'known'];

/** @param {Pack} pack @param {import('./text.js').Signed} signed @param {{dev: string, actor: string, at: number}} said what `p` says
 * @returns {Promise<Trust>} */
export async function trustIn(pack, { p, s }, { dev, actor, at }) {
  const keys = (pack.phones ?? []).filter((phone) => phone.dev === dev);
  if (keys.length === 0) return s ? 'unknown' : 'unsigned';
  const own = keys.filter((phone) => phone.p === actor);
  const good = await Promise.all(own.map(({ key }) => verify(key, p, s)));
  const signer = own.find((_, place) => good[place]);
  if (!signer) return 'forged';
  return signer.until !== null && at > signer.until ? 'late' : 'known';
}

/** What to say of several. @param {Trust[]} all @returns {Trust} */
export const least = (all) => ORDER.find((trust) => all.includes(trust)) ?? 'unsigned';
