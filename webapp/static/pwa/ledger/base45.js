// Base45 (RFC 9285): bytes in the letters of a QR code's alphanumeric mode.

import { NoteError } from './bytes.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
const VALUES = new Map([...ALPHABET].map((letter, place) => [letter, place]));

/** Three letters for two bytes, two for a last single one. @param {Uint8Array} raw @returns {string} */
export function encode(raw) {
  let text = '';
  for (let at = 0; at < raw.length; at += 2) {
    const last = at + 1 === raw.length;
    let number = last ? raw[at] : raw[at] * 256 + raw[at + 1];
    for (let left = last ? 2 : 3; left > 0; left -= 1) {
      text += ALPHABET[number % 45];
      number = Math.floor(number / 45);
    }
  }
  return text;
}

/** The bytes in this text. Throws NoteError for other letters, one too many, or a group beyond its bytes.
 * @param {string} text @returns {import('./bytes.js').Bytes} */
export function decode(text) {
  if (text.length % 3 === 1) throw new NoteError('base45 has no single last letter');
  const out = [];
  for (let at = 0; at < text.length; at += 3) {
    const group = text.slice(at, at + 3);
    const number = [...group].reduceRight((sum, letter) => sum * 45 + value(letter), 0);
    if (number >= 1 << (8 * (group.length - 1))) throw new NoteError('a base45 group is too large');
    if (group.length === 3) out.push(number >> 8);
    out.push(number & 0xff);
  }
  return Uint8Array.from(out);
}

/** @param {string} letter */
function value(letter) {
  const found = VALUES.get(letter);
  if (found === undefined) throw new NoteError('this letter is not in base45');
  return found;
}
