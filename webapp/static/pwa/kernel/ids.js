// Ids are made where the act happens: UUIDv7 (RFC 9562), sortable by time of making.

/** `count` random bytes as lower-case hex. @param {number} count */
export const randomHex = (count) => hex(crypto.getRandomValues(new Uint8Array(count)));

/** @param {ArrayBuffer|Uint8Array<ArrayBuffer>} bytes */
export function hex(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The bytes of a hex text. Throws RangeError if it is none. @param {string} text */
export function unhex(text) {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new RangeError('not lower-case hex');
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** A fresh UUIDv7. @param {number} [now] ms since the epoch */
export function newId(now = Date.now()) {
  const random = randomHex(10);
  const variant = '89ab'[Number.parseInt(random[3] ?? '0', 16) & 3];
  const time = now.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-${variant}${random.slice(4, 7)}-${random.slice(7, 19)}`;
}

/** SHA-256 of bytes, lower-case hex. @param {ArrayBuffer|Uint8Array<ArrayBuffer>} bytes */
export const sha256 = async (bytes) => hex(await crypto.subtle.digest('SHA-256', bytes));
