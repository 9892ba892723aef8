// Signed notes, their keys, and timestamped cosignatures (C2SP signed-note v1, tlog-cosignature v1).

import { NoteError, concat, decode64, encode64, equal, text, utf8 } from './bytes.js';
import { verify } from './ed25519.js';
import { sha256 } from './merkle.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */
/** One line under a note: who says to have signed. @typedef {{name: string, keyId: Bytes, blob: Bytes}} Signature */
/** A text and the lines under it; nothing is verified. @typedef {{text: string, signatures: Signature[]}} Note */
/** A public key with its name and type. @typedef {{name: string, kind: number, public: Bytes, keyId: Bytes, vkey: string}} VerifyKey */

/** Key types: a log's own signature, and a timestamped cosignature of somebody else. Both are Ed25519. */
export const SIGNATURE = 0x01;
export const COSIGNATURE = 0x04;
const MOST_SIGNATURES = 100;
const MOST_BYTES = 1_000_000;
const DASH = '— ';

/** Split a signed note into its text and its signature lines. Throws NoteError. @param {Uint8Array} raw @returns {Note} */
export function parse(raw) {
  const [above, below] = halves(raw);
  const lines = below.split('\n').slice(0, -1);
  if (lines.length === 0 || lines.length > MOST_SIGNATURES) throw new NoteError('a note has between 1 and 100 signatures');
  return { text: above, signatures: lines.map(signatureOf) };
}

/** @param {Uint8Array} raw @returns {[string, string]} */
function halves(raw) {
  if (raw.length > MOST_BYTES) throw new NoteError('the note is too long');
  const whole = text(raw);
  if ([...whole].some((letter) => letter < ' ' && letter !== '\n')) throw new NoteError('the note holds a control character');
  const gap = whole.lastIndexOf('\n\n');
  if (gap < 0 || !whole.endsWith('\n') || gap + 2 === whole.length) throw new NoteError('no signatures under the note');
  return [whole.slice(0, gap + 1), whole.slice(gap + 2)];
}

/** @param {string} line @returns {Signature} */
function signatureOf(line) {
  if (!line.startsWith(DASH)) throw new NoteError('a signature line begins with an em dash');
  const said = line.slice(DASH.length);
  const space = said.indexOf(' ');
  const name = space < 0 ? said : said.slice(0, space);
  const raw = decode64(space < 0 ? '' : said.slice(space + 1));
  if (!isName(name) || raw.length < 5) throw new NoteError('a signature line is — name signature');
  return { name, keyId: raw.slice(0, 4), blob: raw.slice(4) };
}

/** The bytes of the signed note. @param {Note} note */
export const render = ({ text: above, signatures }) =>
  utf8(`${above}\n${signatures.map(({ name, keyId, blob }) => `${DASH}${name} ${encode64(concat(keyId, blob))}\n`).join('')}`);

/** Whether a key may be called so: not empty, no space of any script, no plus, nothing unprintable. @param {string} name */
export const isName = (name) => name !== '' && !/[+\p{Cc}\p{Cs}\p{Zs}\p{Zl}\p{Zp}]/u.test(name);

/** The first four bytes of SHA-256(name ‖ LF ‖ type ‖ key). @param {string} name @param {Uint8Array} typed type and key */
async function keyIdOf(name, typed) {
  return (await sha256(concat(utf8(`${name}\n`), typed))).slice(0, 4);
}

/** The key in name+id+key. Throws NoteError. @param {string} vkey @returns {Promise<VerifyKey>} */
export async function parseKey(vkey) {
  const [name, id, ...rest] = vkey.split('+');
  if (rest.length === 0 || !isName(name)) throw new NoteError('a verifier key is name+id+key');
  const raw = decode64(rest.join('+'));
  if (raw.length !== 33 || (raw[0] !== SIGNATURE && raw[0] !== COSIGNATURE)) throw new NoteError('a verifier key of a type that is not used here');
  const keyId = await keyIdOf(name, raw);
  if (hex(keyId) !== id) throw new NoteError("the verifier key's id does not belong to it");
  return { name, kind: raw[0], public: raw.slice(1), keyId, vkey };
}

/** Whether the line claims to be by this key. @param {VerifyKey} key @param {Signature} signature */
export const made = (key, signature) => key.name === signature.name && equal(key.keyId, signature.keyId);

/** The known keys that signed, each with its time in seconds (0n where its type has none). Unknown keys are ignored; throws
 * NoteError (code "signature") if a signature that claims to be by a known key is not.
 * @param {Note} note @param {VerifyKey[]} keys @returns {Promise<Map<VerifyKey, bigint>>} */
export async function verified(note, keys) {
  /** @type {Map<VerifyKey, bigint>} */
  const found = new Map();
  for (const signature of note.signatures) {
    const key = keys.findLast((each) => made(each, signature));
    if (key && !found.has(key)) found.set(key, await timeOf(key, note.text, signature.blob));
  }
  return found;
}

/** When this key signed the text. Throws NoteError. @param {VerifyKey} key @param {string} signed @param {Bytes} blob */
async function timeOf(key, signed, blob) {
  let [at, message, raw] = [0n, signed, blob];
  if (key.kind === COSIGNATURE) {
    if (blob.length !== 72) throw new NoteError(`${key.name}: a cosignature has 72 bytes`, 'signature');
    at = new DataView(blob.buffer, blob.byteOffset).getBigUint64(0);
    if (at === 0n || at >= 1n << 63n) throw new NoteError(`${key.name}: a cosignature without a time`, 'signature');
    [message, raw] = [`cosignature/v1\ntime ${at}\n${signed}`, blob.slice(8)];
  }
  if (!await verify(key.public, utf8(message), raw)) throw new NoteError(`${key.name}: the signature is not of this text`, 'signature');
  return at;
}

/** @param {Uint8Array} raw */
export const hex = (raw) => Array.from(raw, (byte) => byte.toString(16).padStart(2, '0')).join('');
