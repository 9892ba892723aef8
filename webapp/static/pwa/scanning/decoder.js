// The door to the worker that reads codes: frames go in by transfer, reads come out in order of asking.

/** @typedef {import('../types.js').Read} Read */
/** @typedef {VideoFrame|ImageBitmap|ImageData} Frame */
/** What the worker answers; id 0 = ready. @typedef {{id: number, reads?: Read[], error?: string, ms: number}} Reply */
/** @typedef {{resolve: (reads: Read[]) => void, reject: (error: Error) => void}} Waiting */

export const QR = ['QRCode'];
/** Makers' serial numbers and products; five times slower than QR alone, so only where a serial is asked for. */
export const SERIALS = ['QRCode', 'Code128', 'Code39', 'EAN13', 'EAN8'];

/** Reads codes in one worker of its own. A crashed worker fails what waited and is replaced at the next frame. */
export class Decoder {
  /** @type {Map<number, Waiting>} */ #waiting = new Map();
  /** @type {Worker|null} */ #worker = null;
  /** @type {(() => void)|null} */ #onReady = null;
  #last = 0;
  /** Milliseconds the worker took for its last frame. */ ms = 0;

  constructor() {
    /** Resolves when the first frame can be read without delay; never rejects (`decode` tells what is wrong). */
    this.ready = new Promise((resolve) => (this.#onReady = () => resolve(undefined)));
    this.#start();
  }

  /** Read one frame. Takes the frame over (transfer): the caller must not close it. Rejects if the worker fails.
   * @param {Frame} frame @param {{formats?: string[], denoise?: boolean}} [options] @returns {Promise<Read[]>} */
  decode(frame, { formats = QR, denoise = false } = {}) {
    const id = ++this.#last;
    const worker = this.#worker ?? this.#start();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.postMessage({ id, frame, formats, denoise }, 'data' in frame ? [frame.data.buffer] : [frame]);
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
  #take({ id, reads, error, ms }) {
    if (id === 0) return error ? this.#fail(error) : this.#onReady?.();
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.ms = ms;
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
 * @param {Frame} frame @param {{formats?: string[], denoise?: boolean}} [options] @returns {Promise<Read[]>} */
export const decode = (frame, options) => sharedDecoder().decode(frame, options);

/** The one decoder of the page: its 950 kB of wasm are compiled once. */
export function sharedDecoder() {
  shared ??= new Decoder();
  return shared;
}
