// How a picture is looked at, and which looks a frame of the camera can afford. One look finds what another misses, so the
// frames of a live picture take turns: each gets one look at the whole, then as many close looks as its time allows.
// Measured on 536 photos with 1,232 codes: docs/adr/0014. Pure: whoever runs the looks says how long they took.

import { curve, cut, doubled, evened, sharpened, toned } from './grey.js';

/** @typedef {import('./grey.js').Grey} Grey */
/** @typedef {import('./grey.js').Rect} Rect */
/** What is done to the grey values first. @typedef {"plain"|"light"|"dark"|"sharp"|"even"} Tone */
/** `times` 2: at twice the size, for small codes; `whole`: the look that every frame starts with.
 * @typedef {{tone: Tone, times: 1|2, rect: Rect, whole?: boolean}} Look */

/** Milliseconds for all looks of one frame: at 60 a frame the picture still follows the hand. */
export const BUDGET = 55;
const MEGAPIXEL = 1_000_000;
const GUESS = 15; // ms a megapixel, before anything was measured
const OVERLAP = 1.2; // of tiles: a label on a seam lies wholly in one of them
const TILE = 400_000; // px of a tile before it is enlarged

const lighter = curve(0.5); // opens shadows
const darker = curve(2); // brings washed out modules back

/** @type {Record<Tone, (grey: Grey) => Grey>} */
const TONES = {
  plain: (grey) => grey,
  light: (grey) => toned(grey, lighter),
  dark: (grey) => toned(grey, darker),
  sharp: sharpened,
  even: evened,
};
/** The whole is looked at in turn as it is and with another curve: that costs nothing and finds 6 % more codes. */
const WHOLE = /** @type {Tone[]} */ (['plain', 'light', 'plain', 'dark']);

/** The pixels that a look reads. @param {Grey} grey @param {Look} look @returns {Grey} */
export function prepared(grey, { tone, times, rect }) {
  const all = rect.width === grey.width && rect.height === grey.height;
  const seen = TONES[tone](all ? grey : cut(grey, rect));
  return times === 2 ? doubled(seen) : seen;
}

/** Tiles that overlap and together cover the picture, each of about `most` px.
 * @param {{width: number, height: number}} size @param {number} [most] @returns {Rect[]} */
export function tiles({ width, height }, most = TILE) {
  const cells = Math.max(1, Math.ceil((width * height) / most));
  const across = Math.max(1, Math.round(Math.sqrt((cells * width) / height)));
  const down = Math.max(1, Math.ceil(cells / across));
  return spans(width, across).flatMap(([x, wide]) => spans(height, down).map(([y, high]) => ({ x, y, width: wide, height: high })));
}

/** @param {number} length @param {number} parts @returns {[number, number][]} start and length of each */
function spans(length, parts) {
  const long = parts === 1 ? length : Math.min(length, Math.floor((length / parts) * OVERLAP));
  return Array.from({ length: parts }, (_, n) => [parts === 1 ? 0 : Math.floor((n * (length - long)) / (parts - 1)), long]);
}

/** @param {{width: number, height: number}} size @returns {Rect} */
const whole = ({ width, height }) => ({ x: 0, y: 0, width, height });

/** Every look at a photo that stands still and has time. Twice the size only where pixels are few: beyond, it costs much and
 * finds 1 %. @param {{width: number, height: number}} size @returns {Look[]} */
export function photoLooks(size) {
  const tones = /** @type {Tone[]} */ (['plain', 'light', 'dark', 'even', 'sharp']);
  const looks = tones.map((tone) => /** @type {Look} */ ({ tone, times: 1, rect: whole(size) }));
  if (Math.max(size.width, size.height) > ENLARGE_UP_TO) return looks;
  const close = /** @type {Tone[]} */ (['plain', 'sharp', 'even']).flatMap((tone) => [whole(size), ...tiles(size)].map((rect) => ({ tone, times: 2, rect })));
  return [...looks, .../** @type {Look[]} */ (close)];
}
const ENLARGE_UP_TO = 2_100;

/** Whose turn it is, frame by frame. */
export class Rota {
  #frames = 0;
  #turn = 0;
  #owed = false;
  #spent = 0;
  /** @type {Map<string, number>} ms a megapixel, by kind of look */ #pace = new Map();

  /** Another scene: begin with the whole. What looks cost stays known. */
  restart() {
    this.#frames = 0;
    this.#turn = 0;
    this.#owed = false;
  }

  /** The looks of one frame, to be run as they come; `took` must be told after each. `again`: where codes were a moment ago
   * that the look at the whole did not read. @param {{width: number, height: number}} size @param {Look[]} again
   * @param {{budget: number, spent: number, insist?: boolean}} time ms; what the frame has cost already; whether a phone that is
   * too slow for both gives up every other look at the whole for a close one @returns {Generator<Look, void>} */
  *frame(size, again, { budget, spent, insist = true }) {
    this.#spent = spent;
    const first = this.#first(size);
    const owed = this.#owed; // a slow phone had no time for a close look: this frame begins with it
    if (!owed) yield first;
    for (const look of again) if (this.#fits(look, budget)) yield look;
    const close = yield* this.#close(size, budget, owed);
    if (owed && this.#fits(first, budget)) yield first;
    this.#owed = insist && !owed && close === 0;
  }

  /** @param {{width: number, height: number}} size @returns {Look} */
  #first(size) {
    const tone = /** @type {Tone} */ (WHOLE[this.#frames % WHOLE.length]);
    this.#frames += 1;
    return { tone, times: 1, rect: whole(size), whole: true };
  }

  /** @param {Look} look @param {number} ms */
  took(look, ms) {
    this.#spent += ms;
    const now = (ms * MEGAPIXEL) / pixels(look);
    this.#pace.set(kind(look), 0.7 * this.#paceOf(look) + 0.3 * now);
  }

  /** @param {{width: number, height: number}} size @param {number} budget @param {boolean} owed @returns {Generator<Look, number>} */
  *#close(size, budget, owed) {
    const looks = closeLooks(size);
    for (let done = 0; done < looks.length; done += 1) {
      const look = /** @type {Look} */ (looks[this.#turn % looks.length]);
      if (!this.#fits(look, budget) && !(owed && done === 0)) return done;
      this.#turn += 1;
      yield look;
    }
    return looks.length;
  }

  /** @param {Look} look @param {number} budget */
  #fits = (look, budget) => this.#spent + (pixels(look) / MEGAPIXEL) * this.#paceOf(look) <= budget;

  /** @param {Look} look */
  #paceOf = (look) => this.#pace.get(kind(look)) ?? GUESS;
}

/** @param {Look} look */
const kind = ({ tone, times }) => `${tone} ${times}`;
/** @param {Look} look of what is read, after enlarging */
const pixels = ({ rect, times }) => rect.width * rect.height * times * times;

/** One round of close looks, the most useful first. @param {{width: number, height: number}} size @returns {Look[]} */
function closeLooks(size) {
  const parts = tiles(size);
  return /** @type {Tone[]} */ (['sharp', 'even']).flatMap((tone) => parts.map((rect) => /** @type {Look} */ ({ tone, times: 2, rect })));
}
