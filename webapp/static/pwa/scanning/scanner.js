// The scanning loop: a frame of the camera goes to the worker, what it reads becomes outlines and events. One frame is
// under way at a time: a slow phone drops frames, it does not fall behind.

import { QR, SERIALS, sharedDecoder, SUPPLIES } from './decoder.js';
import { Fusion } from './fusion.js';
import { Pace } from './pace.js';

/** @typedef {import('../types.js').ScanResult} ScanResult */
/** @typedef {import('../types.js').Size} Size */
/** @typedef {import('./decoder.js').Decoder} Decoder */

/** @typedef {object} ScannerOptions
 * @property {HTMLVideoElement} video playing the camera's stream
 * @property {(result: ScanResult) => void} onCode once per code and pass; act on it
 * @property {(results: ScanResult[], size: Size) => void} [onFrame] everything in view, to be outlined; also when empty
 * @property {(code: "decoder.failed") => void} [onError]
 * @property {(ms: number) => void} [onQuiet] nothing was read for so long (from 2 s on, each second): offer torch, typing, photo
 * @property {string[]} [prefixes] public bases of our labels; this site unless told
 * @property {number} [budget] ms that the worker may spend on one frame; 55 unless told
 * @property {Decoder} [decoder] */

const QUIET = 2_000;
const FAILURES = 5;

/** Scans from `start()` to `stop()`. */
export class Scanner {
  #options;
  #decoder;
  #fusion;
  #pace = new Pace();
  #running = false;
  #paused = false;
  #formats = QR;
  #frames = 0;
  #failures = 0;
  #anew = true;
  #lastRead = 0;
  #lastQuiet = 0;
  #latency = 0;
  /** @type {string} */ #code = '';

  /** @param {ScannerOptions} options */
  constructor(options) {
    this.#options = options;
    this.#decoder = options.decoder ?? sharedDecoder();
    this.#fusion = new Fusion(options.prefixes ?? [location.origin]);
  }

  start() {
    if (this.#running) return;
    this.#running = this.#anew = true;
    this.#begin();
    this.#next();
  }

  stop() {
    this.#running = false;
  }

  /** Keep the picture, read nothing (a question is on the screen). */
  pause() {
    this.#paused = true;
  }

  resume() {
    this.#paused = false;
    this.#anew = true;
    this.#begin();
  }

  #begin() {
    this.#lastRead = this.#lastQuiet = performance.now();
    this.#pace.wake(this.#lastRead);
  }

  /** Read makers' barcodes too, while a serial is asked for. @param {boolean} on */
  serialMode(on) {
    this.#formats = on ? SERIALS : QR;
    this.#pace.wake(performance.now());
  }

  /** Read JAN and GS1 DataMatrix too, while goods are counted. @param {boolean} on */
  suppliesMode(on) {
    this.#formats = on ? SUPPLIES : QR;
    this.#pace.wake(performance.now());
  }

  /** Let a code that is still in view count again. @param {string} [text] */
  rearm(text) {
    this.#fusion.rearm(text);
    this.#pace.wake(performance.now());
  }

  /** Frames read (few while nothing moves: `still`), time and looks of the worker for the last one, and from the frame to its results, ms. */
  stats() {
    return { frames: this.#frames, workerMs: this.#decoder.ms, looks: this.#decoder.looks, latencyMs: this.#latency, last: this.#code,
      still: this.#pace.still(performance.now()) };
  }

  #next() {
    if (!this.#running) return;
    const { video } = this.#options;
    const step = () => void this.#step();
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(step);
    else requestAnimationFrame(step);
  }

  async #step() {
    if (this.#running && !this.#paused && this.#options.video.readyState >= 2) await this.#take();
    this.#next();
  }

  async #take() {
    const { onError } = this.#options;
    const began = performance.now();
    const turn = this.#pace.turn(began);
    if (turn === 'rest') return;
    try {
      if (turn === 'look') await this.#look(began);
      else await this.#decoder.decode(await grab(this.#options.video), { mode: 'peek' });
      this.#failures = 0;
      this.#pace.saw(this.#decoder.moved, performance.now());
    } catch {
      this.#failures += 1; // the first frames of a stream, or a worker that died and will be replaced
      if (this.#failures === FAILURES) onError?.('decoder.failed');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** @param {number} began */
  async #look(began) {
    const { video, budget } = this.#options;
    const size = { width: video.videoWidth, height: video.videoHeight };
    const again = this.#fusion.again(size, began);
    const reads = await this.#decoder.decode(await grab(video), { formats: this.#formats, mode: 'live', anew: this.#anew, again, budget });
    this.#anew = false;
    this.#frames += 1;
    this.#latency = performance.now() - began;
    if (this.#running && !this.#paused) this.#tell(reads, size);
  }

  /** @param {import('../types.js').Read[]} reads @param {Size} size */
  #tell(reads, size) {
    const now = performance.now();
    const { results, fresh } = this.#fusion.see(reads, now);
    for (const result of fresh) {
      this.#code = result.text;
      this.#options.onCode(result);
    }
    this.#options.onFrame?.(results, size);
    this.#hush(results.length > 0, now);
  }

  /** @param {boolean} read @param {number} now */
  #hush(read, now) {
    if (read) this.#lastRead = this.#lastQuiet = now;
    if (now - this.#lastRead < QUIET || now - this.#lastQuiet < 1_000) return;
    this.#lastQuiet = now;
    this.#options.onQuiet?.(now - this.#lastRead);
  }
}

/** @param {ScannerOptions} options */
export const createScanner = (options) => new Scanner(options);

let frames = typeof VideoFrame !== 'undefined'; // whether this browser's VideoFrame is the picture that the video shows

/** The picture as it is now, in the cheapest form this browser can hand to a worker.
 * @param {HTMLVideoElement} video @returns {Promise<VideoFrame|ImageBitmap|ImageData>} */
async function grab(video) {
  if (typeof OffscreenCanvas === 'undefined') return onMainThread(video);
  return (frames && asFrame(video)) || createImageBitmap(video);
}

/** Costs nothing, but some browsers refuse it and some forget how the phone is turned: then bitmaps from now on.
 * @param {HTMLVideoElement} video @returns {VideoFrame|null} */
function asFrame(video) {
  try {
    const frame = new VideoFrame(video);
    if (frame.displayWidth === video.videoWidth) return frame;
    frame.close();
  } catch {
    // as if it did not exist
  }
  frames = false;
  return null;
}

/** @type {HTMLCanvasElement|null} */
let canvas = null;

/** @param {HTMLVideoElement} video @returns {ImageData} */
function onMainThread(video) {
  const [width, height] = [video.videoWidth, video.videoHeight];
  canvas ??= document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
  context.drawImage(video, 0, 0);
  return context.getImageData(0, 0, width, height);
}
