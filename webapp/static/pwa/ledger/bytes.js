// Bytes and their letters, as strictly as the server reads them: what nobody would write so is refused.

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** The bytes are not what they are said to be. `code` is stable; the message is for engineers. */
export class NoteError extends Error {
  /** @param {string} message @param {string} [code] */
  constructor(message, code = 'malformed') {
    super(message);
    this.name = 'NoteError';
    this.code = code;
  }
}

const LARGEST = 1n << 63n;

/** @param {...(Uint8Array|number[])} parts @returns {Bytes} */
export function concat(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** @param {Uint8Array} one @param {Uint8Array} other */
export const equal = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);

/** @param {string} letters @returns {Bytes} */
export const utf8 = (letters) => new TextEncoder().encode(letters);

/** The text in these bytes, to the letter. Throws NoteError. @param {Uint8Array} raw @returns {string} */
export function text(raw) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    throw new NoteError('this is not UTF-8');
  }
}

/** Standard base64 with padding. @param {Uint8Array} raw */
export const encode64 = (raw) => btoa(Array.from(raw, (byte) => String.fromCharCode(byte)).join(''));

/** The bytes, if this is just the way in which one writes them. Throws NoteError. @param {string} letters @returns {Bytes} */
export function decode64(letters) {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(letters) || letters.length % 4 !== 0) throw new NoteError('this is not base64');
  const raw = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
  if (encode64(raw) !== letters) throw new NoteError('base64 that nobody writes so');
  return raw;
}

/** A size or index as notes write it: plain digits, no leading zero, below 2^63. Throws NoteError. @param {string} letters */
export function sizeOf(letters) {
  if (!/^(0|[1-9][0-9]{0,18})$/.test(letters)) throw new NoteError('a size is written in plain digits');
  const size = BigInt(letters);
  if (size >= LARGEST) throw new NoteError('a tree is smaller than that');
  return size;
}

/** @param {bigint} number @returns {Bytes} eight bytes, the largest first */
export function uint64(number) {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, number);
  return out;
}

/** What stands before and behind the first `gap` of these bytes; null without one.
 * @param {Uint8Array} raw @param {number[]} gap @returns {[Uint8Array, Uint8Array]|null} */
export function partition(raw, gap) {
  for (let at = 0; at + gap.length <= raw.length; at += 1) {
    if (gap.every((byte, place) => raw[at + place] === byte)) return [raw.subarray(0, at), raw.subarray(at + gap.length)];
  }
  return null;
}
