// What two phones show each other as QR at a hand-over. docs/handover.md is the format; webapp/custody/exchange.py does the
// same, and both pass tests/vectors/exchange.json. Nothing here verifies a signature.

import * as base45 from '../ledger/base45.js';
import { concat, text as textOf, utf8 } from '../ledger/bytes.js';
import { inflate } from '../ledger/inflate.js';
import { hex } from '../kernel/ids.js';
import { PLACE, isExchange } from './prefix.js';

/** One act as a phone signed it: the exact words, and the signature in base64 or "". @typedef {{p: string, s: string}} Signed */
/** offer 引渡 · answer 受取・受取拒否 · phone: a substitute's phone and its key · pass: a signed day pass
 * @typedef {"offer"|"answer"|"phone"|"pass"} Kind */

/** @type {Record<Kind, string>} */
const HEADS = { offer: 'ASHIATO-H1', answer: 'ASHIATO-A1', phone: 'ASHIATO-K1', pass: 'ASHIATO-P1' };
const KINDS = new Map(/** @type {[Kind, string][]} */ (Object.entries(HEADS)).map(([kind, head]) => [head, kind]));
const MOST_BYTES = 65_535;
const MOST_SIGNED = 24;
const MOST_PARTS = 40;
/** What one QR holds that a phone still reads from another phone's screen (version 27, level L). */
const MOST_IN_ONE = 2_132;
const PART = 1_000;

/** The QR does not hold what it should. */
export class ExchangeError extends Error {
  /** @param {string} message for engineers */
  constructor(message) {
    super(message);
    this.name = 'ExchangeError';
  }
}

/** What a text (or a part of one) is, or null if it is none of ours. @param {string} text @returns {Kind|null} */
export const kindOf = (text) => (isExchange(text) ? KINDS.get(text.slice(0, HEADS.offer.length)) ?? null : null);

/** The text of the QR, for alphanumeric mode. @param {Kind} kind @param {Signed[]} signed @returns {Promise<string>} */
export async function encode(kind, signed) {
  const lines = signed.flatMap(({ p, s }) => [p, s]).join('\n');
  const packed = new Blob([utf8(lines)]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return `${HEADS[kind]}:${base45.encode(new Uint8Array(await new Response(packed).arrayBuffer()))}`;
}

/** What a whole text holds. Rejects with ExchangeError. @param {string} text @returns {Promise<{kind: Kind, signed: Signed[]}>} */
export async function decode(text) {
  const kind = kindOf(text);
  const at = text.indexOf(':');
  if (!kind || HEADS[kind] !== text.slice(0, at)) throw new ExchangeError('this is no exchange');
  const lines = await unpacked(text.slice(at + 1));
  if (lines.length % 2 || lines.length > 2 * MOST_SIGNED) throw new ExchangeError('words and signatures come in pairs');
  return { kind, signed: lines.flatMap((p, place) => (place % 2 ? [] : [{ p, s: lines[place + 1] }])) };
}

/** @param {string} letters */
async function unpacked(letters) {
  try {
    return textOf(await inflate(base45.decode(letters), new Uint8Array(), MOST_BYTES)).split('\n');
  } catch (problem) {
    if (/** @type {Error} */ (problem).name === 'NoteError') throw new ExchangeError(/** @type {Error} */ (problem).message);
    throw problem;
  }
}

/** The text in as few QR as can be read from a screen; each says which it is, of how many, and of what.
 * @param {string} text @returns {Promise<string[]>} */
export async function split(text) {
  if (text.length <= MOST_IN_ONE) return [text];
  const at = text.indexOf(':');
  const [head, letters] = [text.slice(0, at), text.slice(at + 1)];
  const slices = Array.from({ length: Math.ceil(letters.length / PART) }, (_, n) => letters.slice(n * PART, (n + 1) * PART));
  const mark = await markOf(text);
  return slices.map((slice, n) => `${head}/${n + 1}/${slices.length}/${mark}:${slice}`);
}

/** Gathers the parts of one text as a camera sees them, in any order. Parts of another text begin anew. */
export class Gathering {
  /** @type {Map<number, string>} */ #parts = new Map();
  #frame = '';
  #total = 1;

  /** Parts seen, and how many there are. */
  get progress() {
    return { seen: this.#parts.size, of: this.#total };
  }

  /** @param {string} text @returns {Promise<string>} the whole text once it is there, else "" */
  async take(text) {
    const found = PLACE.exec(text);
    if (!found) return text;
    const [start, head, number, total, mark] = found;
    if (Number(total) > MOST_PARTS || Number(number) > Number(total)) throw new ExchangeError('a part says which it is');
    const frame = `${head}/${total}/${mark}`;
    if (frame !== this.#frame) [this.#frame, this.#total, this.#parts] = [frame, Number(total), new Map()];
    this.#parts.set(Number(number), text.slice(start.length));
    if (this.#parts.size < this.#total) return '';
    const letters = [...this.#parts].sort(([one], [other]) => one - other).map(([, slice]) => slice);
    const whole = `${head}:${letters.join('')}`;
    if ((await markOf(whole)) === mark) return whole;
    this.#parts.clear();
    throw new ExchangeError('these parts do not make one text');
  }
}

/** @param {string} text */
const markOf = async (text) => hex(await crypto.subtle.digest('SHA-256', concat(utf8(text)))).slice(0, 8).toUpperCase();
