// The door to the worker that reads codes: frames go in by transfer, reads come out in order of asking.

/** @typedef {import('../types.js').Read} Read */
/** @typedef {VideoFrame|ImageBitmap|ImageData} Frame */
/** @typedef {import('./looks.js').Look} Look */
/** What the worker answers; id 0 = ready. @typedef {{id: number, reads?: Read[], error?: string, ms: number, looks?: number, moved?: boolean}} Reply */
/** @typedef {{resolve: (reads: Read[]) => void, reject: (error: Error) => void}} Waiting */
/** `once`: one look (`denoise`: one that forgives broken corners). `live`: a frame of many, as many looks as fit into `budget`
 * ms, `again` first (`anew`: the first frame of another scene). `photo`: every look, untimed. `peek`: none, only `moved`.
 * @typedef {{formats?: string[], mode?: "once"|"live"|"photo"|"peek", denoise?: boolean, anew?: boolean, again?: Look[],
 *   budget?: number}} Wish */

export const QR = ['QRCode'];
/** Makers' serial numbers and products; five times slower than QR alone, so only where a serial is asked for. */
export const SERIALS = ['QRCode', 'Code128', 'Code39', 'EAN13', 'EAN8'];
/** Goods in shops and hospitals: JAN and GS1 DataMatrix (`gs1.js` reads their texts). */
export const SUPPLIES = ['QRCode', 'EAN13', 'EAN8', 'DataMatrix'];

/** A worker that has not answered by then hangs, ms; a photo of 40 Mpx with every look takes a slow phone half a minute. */
const PATIENCE = { once: 20_000, live: 20_000, peek: 20_000, photo: 90_000 };

/** Reads codes in one worker of its own. A worker that crashed or hangs fails what waited and is replaced at the next frame. */
export class Decoder {
  /** @type {Map<number, Waiting>} */ #waiting = new Map();
  /** @type {Worker|null} */ #worker = null;
  /** @type {(() => void)|null} */ #onReady = null;
  #patience;
  #last = 0;
  /** Milliseconds the worker took for its last frame. */ ms = 0;
  /** How often it looked at that frame. */ looks = 0;
  /** Whether that frame showed something new; of what is no camera's, true. */ moved = true;

  /** @param {typeof PATIENCE} [patience] ms for each kind of question */
  constructor(patience = PATIENCE) {
    this.#patience = patience;
    /** Resolves when the first frame can be read without delay; never rejects (`decode` tells what is wrong). */
    this.ready = new Promise((resolve) => (this.#onReady = () => resolve(undefined)));
    this.#start();
  }

  /** Read one picture. Takes the frame over (transfer): the caller must not close it. Rejects if the worker fails or hangs.
   * @param {Frame} frame @param {Wish} [wish] @returns {Promise<Read[]>} */
  decode(frame, { formats = QR, mode = 'once', denoise = false, anew = false, again = [], budget } = {}) {
    const id = ++this.#last;
    const worker = this.#worker ?? this.#start();
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.#fail('decoder.hangs'), this.#patience[mode]);
      const done = () => clearTimeout(late);
      this.#waiting.set(id, {
        resolve: (reads) => { done(); resolve(reads); },
        reject: (error) => { done(); reject(error); },
      });
      worker.postMessage({ id, frame, formats, mode, denoise, anew, again, budget }, 'data' in frame ? [frame.data.buffer] : [frame]);
    });
  }

  close() {
    this.#worker?.terminate();
    this.#fail('decoder.closed');
  }

  #start() {
    const worker = new Worker(new URL('./decode-worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => this.#take(data);
    worker.onerror = (event) => this.#fail(event.message ?? 'decoder.failed');
    this.#worker = worker;
    return worker;
  }

  /** @param {Reply} reply */
  #take({ id, reads, error, ms, looks = 1, moved = true }) {
    if (id === 0) return error ? this.#fail(error) : this.#onReady?.();
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.ms = ms;
    this.looks = looks;
    this.moved = moved;
    if (reads) waiting?.resolve(reads);
    else waiting?.reject(new Error(error));
  }

  /** @param {string} why */
  #fail(why) {
    this.#worker?.terminate();
    this.#worker = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new Error(why));
  }
}

/** A decoder of one's own. */
export const createDecoder = () => new Decoder();

/** @type {Decoder|null} */
let shared = null;

/** Read one picture with the decoder that the whole page shares.
 * @param {Frame} frame @param {Wish} [wish] @returns {Promise<Read[]>} */
export const decode = (frame, wish) => sharedDecoder().decode(frame, wish);

/** The one decoder of the page: its 950 kB of wasm are compiled once. */
export function sharedDecoder() {
  shared ??= new Decoder();
  return shared;
}
