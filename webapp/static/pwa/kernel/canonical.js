// One way to write a value down, so that both ends hash the same bytes (RFC 8785, kept to whole numbers).

import { hex, randomHex, unhex } from './ids.js';

/** @typedef {import('../types.js').Opening} Opening */

/** Canonical JSON: keys sorted, no spaces. Text, whole numbers, lists and objects only; throws TypeError on anything else,
 * because a fraction or a null would not come out the same everywhere.
 * @param {unknown} value @returns {string} */
export function canonical(value) {
  if (typeof value === 'string' || (typeof value === 'number' && Number.isSafeInteger(value))) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') return `{${members(value).join(',')}}`;
  throw new TypeError(`canonical JSON cannot hold ${String(value)}`);
}

/** @param {object} value */
function members(value) {
  const named = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return named.map(([key, item]) => `${JSON.stringify(ascii(key))}:${canonical(item)}`);
}

/** @param {string} key names in ASCII, so that every language sorts them alike */
function ascii(key) {
  if (!/^[\x20-\x7e]*$/.test(key)) throw new TypeError(`canonical JSON cannot name ${key}`);
  return key;
}

/** HMAC-SHA256 over the canonical bytes, keyed with the salt: the log holds this, the vault holds what opens it.
 * @param {Opening} opening @returns {Promise<string>} 64 hex characters */
export async function commitment({ salt, data }) {
  const key = await crypto.subtle.importKey('raw', unhex(salt), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return hex(await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(canonical(data))));
}

/** Close data behind a fresh random salt of 32 bytes. Null stays null with an empty commitment.
 * @param {Record<string, unknown>|null|undefined} data @returns {Promise<{open: Opening|null, commit: string}>} */
export async function seal(data) {
  if (!data || Object.keys(data).length === 0) return { open: null, commit: '' };
  const open = { salt: randomHex(32), data };
  return { open, commit: await commitment(open) };
}
