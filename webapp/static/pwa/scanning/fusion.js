// From reads in single frames to events: what counts at once, what must be seen twice, when a code counts again, where each
// code is meanwhile, and where to look closer in the next frame. Pure: time comes in as an argument.

import { isExchange } from '../exchange/prefix.js';
import { PREFIX } from '../ledger/prefix.js';
import { parse } from './codes.js';
import { boxOf, centreOf, distance, drift, moved } from './places.js';

/** @typedef {import('../types.js').Read} Read */
/** @typedef {import('../types.js').ScanResult} ScanResult */
/** @typedef {import('../types.js').Size} Size */
/** @typedef {import('./looks.js').Look} Look */
/** @typedef {import('./looks.js').Tone} Tone */
/** @typedef {{result: ScanResult, first: number, seen: number, whole: number, hits: number, told: boolean, tone: Tone, times: 1|2}} Track
 * `seen`: last read; `whole`: last read by the look at the whole; `tone`, `times`: the close look that read it last */
/** A symbol that was found and not understood. @typedef {{quad: number[][], seen: number, tries: number}} Glimpse */

/** Out of view this long, a code counts as a new pass (measured: one event per pass of a sticker). */
export const REARM = 1_200;
/** A confirmed code that frames missed stays boxed this long, carried along with the others. */
export const LINGER = 600;
/** Two sights that belong together lie no further apart. */
const TOGETHER = 1_000;
/** A symbol that was not understood is looked at more closely for so long. */
const GLIMPSED = 500;
/** Close looks that one frame may be asked for; more of them take turns. */
const AGAIN = 12;
/** px; a symbol that large is not helped by twice the size. */
const LARGE = 360;
const CLOSELY = /** @type {Tone[]} */ (['sharp', 'even', 'light', 'plain']);

/** Watches one scanning session. Of our labels one sight is enough (prefix and check character reject every misread that was
 * ever measured); any other text must be read the same in two frames.
 */
export class Fusion {
  /** @type {Map<number, Track>} */ #tracks = new Map();
  /** @type {Glimpse[]} */ #glimpses = [];
  #last = 0;
  #turn = 0;
  /** When the last frame was. */ #now = -Infinity;

  /** @param {string[]} prefixes public bases of our labels */
  constructor(prefixes) {
    this.prefixes = prefixes;
  }

  /** Take the reads of one frame. `results`: everything to draw; `fresh`: what to act on, once per pass.
   * @param {Read[]} reads @param {number} now ms, monotonic @returns {{results: ScanResult[], fresh: ScanResult[]}} */
  see(reads, now) {
    this.#now = now;
    const before = new Map([...this.#tracks].map(([id, { result }]) => [id, result.quad]));
    const seen = new Set();
    for (const read of reads.filter(({ partial }) => !partial)) seen.add(this.#sight(read, now, seen));
    this.#carry(before, seen);
    this.#glimpse(reads.filter(({ partial }) => partial), now);
    const tracks = [...this.#tracks.values()];
    const fresh = this.#fresh(tracks.filter(({ seen: at }) => at === now));
    this.#forget(now);
    const drawn = tracks.filter((track) => track.seen === now || (track.result.confirmed && now - track.seen <= LINGER));
    return { results: drawn.map(({ result }) => result), fresh };
  }

  /** Where the next frame should look closely: codes that its look at the whole missed a moment ago, and symbols that were
   * found and not understood. @param {Size} size @param {number} now @returns {Look[]} */
  again(size, now) {
    const lost = [...this.#tracks.values()].filter(({ seen, whole }) => whole < seen || (seen < this.#now && now - seen <= LINGER));
    lost.sort((one, other) => Number(one.result.confirmed) - Number(other.result.confirmed)); // what waits for a second sight first
    const looks = lost.map(({ result, tone, times }) => close(result.quad, tone, times, size));
    const glimpsed = this.#glimpses.map((one) => close(one.quad, CLOSELY[one.tries++ % CLOSELY.length] ?? 'plain', 2, size));
    const all = [...looks, ...glimpsed].filter((look) => look !== null);
    if (all.length <= AGAIN) return all;
    this.#turn = (this.#turn + AGAIN) % all.length;
    return [...all, ...all].slice(this.#turn, this.#turn + AGAIN);
  }

  /** Let a code (or all) count again although it is still in view. @param {string} [text] as read, or the ID */
  rearm(text) {
    for (const track of this.#tracks.values()) {
      if (text === undefined || track.result.text === text || track.result.id === text) track.told = false;
    }
  }

  /** @param {Read} read @param {number} now @param {Set<number>} taken tracks that another read of this frame has
   * @returns {number} its track */
  #sight(read, now, taken) {
    const id = this.#known(read, taken) ?? ++this.#last;
    const known = this.#tracks.get(id) ?? this.#track(read, now, id);
    const hits = now - known.seen > TOGETHER && !known.result.confirmed ? 1 : known.hits + 1;
    const confirmed = known.result.confirmed || known.result.kind === 'ours' || hits >= 2;
    const look = { tone: read.tone ?? 'plain', times: read.times ?? 1, ...(read.whole !== false && { whole: now }) };
    const result = { ...known.result, quad: read.quad, confirmed, at: now, age: now - known.first };
    this.#tracks.set(id, { ...known, ...look, seen: now, hits, result });
    return id;
  }

  /** The track of a text: the nearest one, if there are two labels of one code. @param {Read} read @param {Set<number>} taken */
  #known({ text, quad }, taken) {
    const same = [...this.#tracks].filter(([id, { result }]) => result.text === text && !taken.has(id));
    const centre = centreOf(quad);
    same.sort(([, one], [, other]) => distance(centre, centreOf(one.result.quad)) - distance(centre, centreOf(other.result.quad)));
    return same[0]?.[0];
  }

  /** @param {Read} read @param {number} now @param {number} id @returns {Track} */
  #track({ text, format, quad }, now, id) {
    const { kind, id: code } = classify(text, format, this.prefixes);
    const result = { text, format, quad, kind, id: code, confirmed: false, at: now, track: id, age: 0 };
    return { result, first: now, seen: now, whole: -Infinity, hits: 0, told: this.#toldOf(text), tone: 'sharp', times: 2 };
  }

  /** A second label with a text that was told is told already. @param {string} text */
  #toldOf(text) {
    return [...this.#tracks.values()].some(({ result, told }) => told && result.text === text);
  }

  /** @param {Track[]} tracks @returns {ScanResult[]} */
  #fresh(tracks) {
    const fresh = [];
    for (const track of tracks) {
      if (!track.result.confirmed || track.told) continue;
      for (const twin of this.#tracks.values()) if (twin.result.text === track.result.text) twin.told = true;
      fresh.push(track.result);
    }
    return fresh;
  }

  /** Codes that this frame missed move as the others did. @param {Map<number, import('../types.js').Quad>} before @param {Set<number>} seen */
  #carry(before, seen) {
    const pairs = [...seen].flatMap((id) => {
      const [was, is] = [before.get(id), this.#tracks.get(id)?.result.quad];
      return was && is ? [{ was, is }] : [];
    });
    const [x, y] = drift(pairs);
    for (const [id, track] of this.#tracks) {
      if (!seen.has(id)) track.result = { ...track.result, quad: moved(track.result.quad, x, y) };
    }
  }

  /** @param {Read[]} partial @param {number} now */
  #glimpse(partial, now) {
    const tracked = [...this.#tracks.values()].map(({ result }) => result.quad);
    const old = this.#glimpses.filter(({ seen }) => now - seen <= GLIMPSED);
    for (const { quad } of partial) {
      const near = (/** @type {number[][]} */ other) => distance(centreOf(quad), centreOf(other)) < boxOf(quad).width / 2;
      const known = old.find((one) => near(one.quad));
      if (known) Object.assign(known, { quad, seen: now });
      else old.push({ quad, seen: now, tries: 0 });
    }
    this.#glimpses = old.filter((one) => !tracked.some((quad) => distance(centreOf(quad), centreOf(one.quad)) < boxOf(quad).width / 2));
  }

  /** @param {number} now */
  #forget(now) {
    for (const [id, { seen }] of this.#tracks) if (now - seen >= REARM) this.#tracks.delete(id);
  }
}

/** A close look at a symbol and its surroundings, or null if it has left the picture.
 * @param {number[][]} quad @param {Tone} tone @param {1|2} times @param {Size} size @returns {Look|null} */
function close(quad, tone, times, size) {
  const box = boxOf(quad);
  const margin = 0.35 * Math.max(box.width, box.height) + 8;
  const [x, y] = [Math.max(0, Math.floor(box.x - margin)), Math.max(0, Math.floor(box.y - margin))];
  const width = Math.min(size.width, Math.ceil(box.x + box.width + margin)) - x;
  const height = Math.min(size.height, Math.ceil(box.y + box.height + margin)) - y;
  if (width < 16 || height < 16) return null;
  return { tone, times: Math.max(box.width, box.height) > LARGE ? 1 : times, rect: { x, y, width, height } };
}

/** What a text is to us. A bare ID without its address does not count as ours in a camera: a misread may look like one.
 * @param {string} text @param {string} format @param {string[]} prefixes
 * @returns {{kind: ScanResult['kind'], id: string}} */
export function classify(text, format, prefixes) {
  const parsed = parse(text, prefixes);
  if (parsed.kind === 'code' && parsed.labelled) return { kind: 'ours', id: parsed.id };
  if (!format.startsWith('QR')) return { kind: 'serial', id: '' };
  if (text.startsWith(PREFIX)) return { kind: 'proof', id: '' };
  if (isExchange(text)) return { kind: 'exchange', id: '' };
  return { kind: parsed.kind === 'foreign' ? 'foreign' : 'malformed', id: '' };
}
