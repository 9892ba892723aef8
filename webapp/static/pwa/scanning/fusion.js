// From reads in single frames to events: what counts at once, what must be seen twice, and when a code counts again.
// Pure: time comes in as an argument.

import { PREFIX } from '../ledger/prefix.js';
import { parse } from './codes.js';

/** @typedef {import('../types.js').Read} Read */
/** @typedef {import('../types.js').ScanResult} ScanResult */
/** @typedef {{result: ScanResult, first: number, seen: number, hits: number, told: boolean}} Track */

/** Out of view this long, a code counts as a new pass (measured: one event per pass of a sticker). */
export const REARM = 1_200;
/** A confirmed code that one frame missed stays drawn this long, so that outlines do not flicker. */
export const LINGER = 300;
/** Two sights that belong together lie no further apart. */
const TOGETHER = 1_000;

/** Watches one scanning session. Of our labels one sight is enough (prefix and check character reject every misread that was
 * ever measured); any other text must be read the same in two frames.
 */
export class Fusion {
  /** @type {Map<string, Track>} */ #tracks = new Map();

  /** @param {string[]} prefixes public bases of our labels */
  constructor(prefixes) {
    this.prefixes = prefixes;
  }

  /** Take the reads of one frame. `results`: everything to draw; `fresh`: what to act on, once per pass.
   * @param {Read[]} reads @param {number} now ms, monotonic @returns {{results: ScanResult[], fresh: ScanResult[]}} */
  see(reads, now) {
    const seen = new Map(reads.map((read) => [read.text, this.#sight(read, now)]));
    const fresh = [...seen.values()].filter((track) => track.result.confirmed && !track.told);
    for (const track of fresh) track.told = true;
    this.#forget(now);
    const lingering = [...this.#tracks.values()].filter(({ result, seen: last }) => result.confirmed && now - last <= LINGER);
    const drawn = new Set([...seen.values(), ...lingering]);
    return { results: [...drawn].map(({ result }) => result), fresh: fresh.map(({ result }) => result) };
  }

  /** Let a code (or all) count again although it is still in view. @param {string} [text] as read, or the ID */
  rearm(text) {
    for (const [key, track] of this.#tracks) {
      if (text === undefined || key === text || track.result.id === text) track.told = false;
    }
  }

  /** @param {Read} read @param {number} now @returns {Track} */
  #sight(read, now) {
    const known = this.#tracks.get(read.text) ?? { result: this.#result(read, now), first: now, seen: now, hits: 0, told: false };
    const hits = now - known.seen > TOGETHER && !known.result.confirmed ? 1 : known.hits + 1;
    const confirmed = known.result.confirmed || known.result.kind === 'ours' || hits >= 2;
    const track = { ...known, seen: now, hits, result: { ...known.result, quad: read.quad, confirmed, at: now } };
    this.#tracks.set(read.text, track);
    return track;
  }

  /** @param {Read} read @param {number} now @returns {ScanResult} */
  #result({ text, format, quad }, now) {
    const { kind, id } = classify(text, format, this.prefixes);
    return { text, format, quad, kind, id, confirmed: false, at: now };
  }

  /** @param {number} now */
  #forget(now) {
    for (const [text, { seen }] of this.#tracks) if (now - seen >= REARM) this.#tracks.delete(text);
  }
}

/** What a text is to us. A bare ID without its address does not count as ours in a camera: a misread may look like one.
 * @param {string} text @param {string} format @param {string[]} prefixes
 * @returns {{kind: ScanResult['kind'], id: string}} */
export function classify(text, format, prefixes) {
  const parsed = parse(text, prefixes);
  if (parsed.kind === 'code' && parsed.labelled) return { kind: 'ours', id: parsed.id };
  if (!format.startsWith('QR')) return { kind: 'serial', id: '' };
  if (text.startsWith(PREFIX)) return { kind: 'proof', id: '' };
  return { kind: parsed.kind === 'foreign' ? 'foreign' : 'malformed', id: '' };
}
