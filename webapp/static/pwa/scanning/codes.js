// IDs on labels: 80 random bits and a check character. Mirrors webapp/kernel/scanning/codes.py name by name;
// both pass tests/vectors/codes.json. Pure: no DOM, no storage, no clock.

/** @typedef {{kind: 'code', id: string, labelled: boolean}} Code labelled = read with its address, not typed bare */
/** @typedef {{kind: 'foreign', host: string}} Foreign */
/** @typedef {{kind: 'malformed', reason: string}} Malformed reason = a code of the sentences table */

export const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'; // Crockford: no I, L, O, U
export const BODY = 16;
export const LENGTH = BODY + 1;
export const MAX_TEXT = 512;
const PATHS = ['/Q/', '/T/'];

const ID = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`);
const LETTERS = new RegExp(`^[${ALPHABET}]*$`);
const ALPHANUMERIC = /^[0-9A-Z $%*+\-./:]+$/;
const WEB = /^HTTPS?:\/\/([^/?#\\]*)/;
// What hands and Japanese keyboards put between the groups: spaces, and everything that looks like a hyphen.
const DROPPED = /[ \t\r\n\u00a0\u3000\u200b\ufeff\-\u2010-\u2015\u2212\u30fc\uff70\u2500\ufe63]/g;
const AROUND = /^[ \t\r\n\u00a0\u3000\u200b\ufeff]+|[ \t\r\n\u00a0\u3000\u200b\ufeff]+$/g;

/** A fresh ID. `random` fills the bytes it is given, as crypto.getRandomValues does.
 * @param {(bytes: Uint8Array) => Uint8Array} [random] @returns {string} */
export function newId(random = (bytes) => crypto.getRandomValues(/** @type {Uint8Array<ArrayBuffer>} */ (bytes))) {
  const body = [...random(new Uint8Array(BODY))].map((byte) => ALPHABET[byte & 31]).join('');
  return body + checkChar(body);
}

/** The character that belongs after these 16: Σ αⁱ⁺¹·dᵢ over GF(32). Throws RangeError if they are not 16 of the alphabet.
 * @param {string} body @returns {string} */
export function checkChar(body) {
  if (body.length !== BODY || !LETTERS.test(body)) throw new RangeError('an ID has 16 characters before its check');
  let [total, weight] = [0, 1];
  for (const char of body) {
    weight = double(weight);
    total ^= times(ALPHABET.indexOf(char), weight);
  }
  return ALPHABET.charAt(total);
}

/** Whether this is an ID as stored: upper case, no separators, right check character.
 * @param {string} id */
export const isValid = (id) => ID.test(id) && checkChar(id.slice(0, BODY)) === id.charAt(BODY);

/** The ID that a person meant: any case, any spaces and hyphens, full-width, O for 0, I or L for 1.
 * @param {string} text @returns {string | null} */
export function normalise(text) {
  const id = typed(text);
  return isValid(id) ? id : null;
}

/** The ID as people read it: HWVE-N9XS-YWCX-7K2MP.
 * @param {string} id */
export const show = (id) => [id.slice(0, 4), id.slice(4, 8), id.slice(8, 12), id.slice(12, 17)].join('-');

/** Say what a scanned, pasted or typed text is. Total: whatever the text, there is an answer. A camera takes a code
 * only if it is `labelled`: a misread that happens to look like a bare ID must not count.
 * @param {string} text @param {string[]} prefixes @returns {Code | Foreign | Malformed} */
export function parse(text, prefixes) {
  if ([...text].length > MAX_TEXT) return { kind: 'malformed', reason: 'scanning.not_a_code' };
  const address = upper(text.replace(AROUND, ''));
  const ours = prefixes.map(upper);
  for (const start of ours.flatMap((prefix) => PATHS.map((path) => prefix + path))) {
    if (address.startsWith(start)) return read(address.slice(start.length).split(/[/?#]/)[0] ?? '', true);
  }
  const web = WEB.exec(address);
  if (web === null) return read(text, false);
  const [site, host = ''] = web;
  if (ours.includes(site)) return { kind: 'malformed', reason: 'scanning.not_a_code' };
  return { kind: 'foreign', host: lower(host.slice(host.lastIndexOf('@') + 1)) };
}

/** The address on the label, in the letters of QR's alphanumeric mode. Throws RangeError if it has others.
 * @param {string} base @param {string} id */
export function qrText(base, id) {
  const text = `${upper(base.replace(/\/+$/, ''))}/Q/${id}`;
  if (!ALPHANUMERIC.test(text)) throw new RangeError(`not expressible in QR alphanumeric mode: ${text}`);
  return text;
}

/** @param {string} text @param {boolean} labelled @returns {Code | Malformed} */
function read(text, labelled) {
  const id = typed(text);
  return isValid(id) ? { kind: 'code', id, labelled } : { kind: 'malformed', reason: whyNot(id) };
}

/** @param {string} id */
function whyNot(id) {
  if (!LETTERS.test(id)) return 'scanning.code_letter';
  return id.length === LENGTH ? 'scanning.code_check' : 'scanning.code_length';
}

/** Fold what keyboards and hands vary; anything else stays and makes the ID invalid.
 * @param {string} text */
const typed = (text) => upper(halfWidth(text.replace(DROPPED, ''))).replace(DROPPED, '').replace(/O/g, '0').replace(/[IL]/g, '1');

/** @param {string} text */
const halfWidth = (text) => text.replace(/[\uff01-\uff5e]/g, (char) => String.fromCharCode(char.charCodeAt(0) - 0xfee0));

/** ASCII letters only: toUpperCase() would turn ı into I and ß into SS.
 * @param {string} text */
const upper = (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());

/** @param {string} text */
const lower = (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** @param {number} value */
const double = (value) => (value << 1) ^ (value & 16 ? 0b100101 : 0);

/** @param {number} left @param {number} right */
function times(left, right) {
  let product = 0;
  for (; right; left = double(left), right >>= 1) product ^= right & 1 ? left : 0;
  return product;
}
