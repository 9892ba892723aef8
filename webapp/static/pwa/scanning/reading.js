// One picture, all its looks, one list of reads. Runs in the worker; needs nothing of a browser but a clock.

import { BUDGET, photoLooks, prepared, Rota } from './looks.js';
import { centreOf, covers } from './places.js';

/** @typedef {import('./grey.js').Grey} Grey */
/** @typedef {import('./looks.js').Look} Look */
/** @typedef {import('./native.js').Native} Native */
/** @typedef {import('./zxing.js').Reader} Reader */
/** Corners clockwise from the top left as printed; `partial`: found and not understood, without text.
 * @typedef {{text: string, format: string, quad: number[][], tone: string, times: number, whole: boolean, partial: boolean}} Read */
/** What the phone's own reader said about the same frame. @typedef {{text: string, format: string, quad: number[][]}[]} Its */

const QR = ['QRCode'];
const COMPARE_EACH = 8; // frames; as often the phone's own reader is held against ours

/** Reads pictures for one page; remembers what looks cost, and whose turn it is. */
export class Reading {
  #reader;
  #frames = 0;
  /** @type {Map<string, Rota>} one for each set of formats: their looks cost differently */ #rotas = new Map();
  /** @type {Native|null} */ native = null;

  /** @param {Reader} reader */
  constructor(reader) {
    this.#reader = reader;
  }

  /** One look. @param {Grey} grey @param {string[]} formats @param {boolean} denoise @returns {{reads: Read[], looks: number}} */
  once(grey, formats, denoise) {
    return { reads: this.#run(grey, { tone: 'plain', times: 1, rect: whole(grey) }, formats, { denoise }), looks: 1 };
  }

  /** Every look, however long it takes. @param {Grey} grey @param {string[]} formats @returns {{reads: Read[], looks: number}} */
  photo(grey, formats) {
    const looks = photoLooks(grey);
    const reads = looks.flatMap((look, n) => this.#run(grey, look, formats, { denoise: n === 0 }));
    return { reads: merged(reads), looks: looks.length };
  }

  /** Another scene: its first frame is looked at as a whole. */
  restart() {
    for (const rota of this.#rotas.values()) rota.restart();
  }

  /** A frame of many: `again` and the looks whose turn it is, within `budget` ms of which `spent` are gone.
   * @param {Grey} grey @param {string[]} formats @param {{again?: Look[], budget?: number, spent?: number, its?: Its|null}} [asked]
   * @returns {{reads: Read[], looks: number}} */
  live(grey, formats, { again = [], budget = BUDGET, spent = 0, its = null } = {}) {
    const rota = this.#rotas.get(formats.join()) ?? new Rota();
    this.#rotas.set(formats.join(), rota);
    const reads = (its ?? []).map((read) => /** @type {Read} */ ({ ...read, tone: 'plain', times: 1, whole: true, partial: false }));
    this.#frames += 1;
    let looks = 0;
    for (const look of rota.frame(grey, again, { budget, spent, insist: formats.length === 1 })) {
      const began = performance.now();
      reads.push(...(look.whole ? this.#first(grey, look, formats, its) : this.#run(grey, look, closely(formats), { close: true })));
      rota.took(look, performance.now() - began);
      looks += 1;
    }
    return { reads: merged(reads), looks };
  }

  /** The look at the whole, unless the phone's own reader did that. @param {Grey} grey @param {Look} look @param {string[]} formats
   * @param {Its|null} its @returns {Read[]} */
  #first(grey, look, formats, its) {
    if (its && this.#frames % COMPARE_EACH > 0) return [];
    const found = this.#run(grey, look, formats, { partial: true });
    if (its) this.native?.compare(its, found.filter(({ partial }) => !partial));
    return found;
  }

  /** @param {Grey} grey @param {Look} look @param {string[]} formats @param {{partial?: boolean, denoise?: boolean, close?: boolean}} [options]
   * @returns {Read[]} */
  #run(grey, look, formats, options) {
    const { tone, times, rect, whole: all = false } = look;
    return this.#reader.read(prepared(grey, look), formats, options).map(({ text, format, error, position }) => {
      const { topLeft, topRight, bottomRight, bottomLeft } = position;
      const quad = [topLeft, topRight, bottomRight, bottomLeft].map(({ x, y }) => [x / times + rect.x, y / times + rect.y]);
      return { text: error ? '' : text, format, quad, tone, times, whole: all, partial: Boolean(error) };
    });
  }
}

/** @param {Grey} grey */
const whole = ({ width, height }) => ({ x: 0, y: 0, width, height });

/** Close looks are for small labels of ours: makers' bars cost five times as much and are held before the lens.
 * @param {string[]} formats */
const closely = (formats) => (formats.includes('QRCode') ? QR : formats);

/** The reads of several looks, each code at its place once; what one look understood is not partial any more.
 * @param {Read[]} reads @returns {Read[]} */
function merged(reads) {
  /** @type {Read[]} */
  const kept = [];
  for (const read of [...reads].sort((one, other) => Number(one.partial) - Number(other.partial))) {
    const known = kept.some((one) => (one.text === read.text || read.partial) && covers(centreOf(read.quad), one.quad));
    if (!known) kept.push(read);
  }
  return kept;
}
