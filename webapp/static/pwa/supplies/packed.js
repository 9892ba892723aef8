// Small signed papers (labels, cards): fields packed one after the other, each in the one way in which it can be.
// webapp/supplies/packed.py writes and reads the same bytes; docs/parcel-label.md is the format.

import { verifyBytes } from '../intake/keys.js';
import { hex } from '../kernel/ids.js';
import * as base45 from '../ledger/base45.js';
import { concat, encode64, text as textOf } from '../ledger/bytes.js';

/** @typedef {import('../ledger/bytes.js').Bytes} Bytes */
/** other: not one of ours · newer: ours, of a later version than this program's · broken: cut, misread or made up
 * @typedef {"other"|"newer"|"broken"} Fault */
/** What a QR carries; nothing is verified. @typedef {{payload: Bytes, signature: Bytes}} Sealed */

const SIGNATURE = 64;
const LIMIT = 2 ** 52;
const LAST_DAY = 99_991_231;
export const MOST_NAME = 60;
// eslint-disable-next-line no-control-regex -- just these are what no name of ours has
const UNSEEN = /[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/;

/** The text does not hold what it should. */
export class PackedError extends Error {
  /** @param {string} message for engineers @param {Fault} [fault] */
  constructor(message, fault = 'broken') {
    super(message);
    this.name = 'PackedError';
    this.fault = fault;
  }
}

/** Payload and signature of a text with this prefix, which ends in a version and a colon. Throws PackedError.
 * @param {string} prefix @param {string} text @param {number} most characters @returns {Sealed} */
export function opened(prefix, text, most) {
  const family = prefix.replace(/\d+:$/, '');
  if (!text.startsWith(prefix)) {
    const newer = text.startsWith(family) && /^\d+:/.test(text.slice(family.length));
    throw new PackedError('this is none of ours', newer ? 'newer' : 'other');
  }
  if (text.length > most) throw new PackedError('longer than any of ours');
  const raw = bytesOf(text.slice(prefix.length));
  return { payload: raw.slice(0, -SIGNATURE), signature: raw.slice(-SIGNATURE) };
}

/** @param {string} letters */
function bytesOf(letters) {
  try {
    return base45.decode(letters);
  } catch {
    throw new PackedError('the letters are not base45');
  }
}

/** Whether this key (65 bytes of a point, base64) signed this payload for this purpose. Never rejects.
 * @param {string} key @param {string} purpose @param {Sealed} sealed @returns {Promise<boolean>} */
export const isSignedBy = (key, purpose, { payload, signature }) => verifyBytes(key, concat(asciiOf(purpose), payload), encode64(signature));

/** @param {string} letters */
const asciiOf = (letters) => Array.from(letters, (letter) => letter.charCodeAt(0));

/** A key in base64 from its x and y. @param {Bytes} point */
export const keyOf = (point) => encode64(concat([4], point));

/** What labels call a key: 16 hex digits of SHA-256 over its point. @param {Bytes} point x and y @returns {Promise<string>} */
export const keyId = async (point) => hex(await crypto.subtle.digest('SHA-256', concat([4], point))).slice(0, 16);

/** Whether this is a day as yyyymmdd, as far as label and phone look. @param {number} day */
export function isDay(day) {
  const [month, date] = [Math.floor(day / 100) % 100, day % 100];
  return day >= 20_000_101 && day <= LAST_DAY && month >= 1 && month <= 12 && date >= 1 && date <= 31;
}

/** A payload, piece by piece. Throws PackedError where it ends too early or is written as nobody writes it. */
export class Reader {
  #raw;
  #at = 0;

  /** @param {Bytes} raw */
  constructor(raw) {
    this.#raw = raw;
  }

  /** @param {number} count @returns {Bytes} */
  take(count) {
    const part = this.#raw.slice(this.#at, this.#at + count);
    if (part.length !== count) throw new PackedError('it ends too early');
    this.#at += count;
    return part;
  }

  /** A figure below 2^52 in its shortest form. */
  varint() {
    let [found, weight, byte] = [0, 1, 0x80];
    for (; byte >= 0x80; weight *= 128) {
      if (weight > 2 ** 49) throw new PackedError('a figure is too large');
      [byte] = this.take(1);
      found += (byte % 128) * weight;
    }
    if (found >= LIMIT || (byte === 0 && weight > 128)) throw new PackedError('a figure that nobody writes so');
    return found;
  }

  /** A text of at most so many bytes. @param {number} most */
  short(most) {
    const [length] = this.take(1);
    if (length > most) throw new PackedError('a word is too long');
    const word = decoded(this.take(length));
    if (UNSEEN.test(word)) throw new PackedError('a word has characters that nobody sees');
    return word;
  }

  uuid() {
    return hex(this.take(16).buffer).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }

  /** Nothing may be left. */
  end() {
    if (this.#at !== this.#raw.length) throw new PackedError('there is more than there should be');
  }
}

/** @param {Bytes} raw */
function decoded(raw) {
  try {
    return textOf(raw);
  } catch {
    throw new PackedError('a word is not UTF-8');
  }
}
