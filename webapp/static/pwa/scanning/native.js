// The decoder that some phones bring along. It may be absent, be there and fail, or be worse than ours: it is used only after
// it has read a drawn QR, in time and quicker than ours, and only as long as it misses nothing that ours reads.

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{rawValue: string, format: string, cornerPoints: Point[]}} Detected */
/** @typedef {{detect: (source: CanvasImageSource) => Promise<Detected[]>}} Detector */
/** @typedef {{new (options: {formats: string[]}): Detector, getSupportedFormats: () => Promise<string[]>}} DetectorType */
/** @typedef {{text: string, format: string, quad: number[][]}} Read */

const PATIENCE = 300; // ms; slower than that, it is no help between two frames
const MISSES = 3;
const NAME = 'qr_code';

// 「ASHIATO」 as a QR of version 1-M, drawn once by an encoder and checked with a decoder in tests/js/native.test.js
export const PROBE = 'ASHIATO';
export const PROBE_ROWS = [
  '#######.##..#.#######',
  '#.....#.###...#.....#',
  '#.###.#..###..#.###.#',
  '#.###.#.###.#.#.###.#',
  '#.###.#..#.#..#.###.#',
  '#.....#....##.#.....#',
  '#######.#.#.#.#######',
  '........#..##........',
  '#.##.###...##.#..#.##',
  '##.#...##.#####..##.#',
  '###.###.####.....###.',
  '#..#...#####..###....',
  '#.#...##.##.#..#.####',
  '........#.##..#...###',
  '#######.##.##..#..###',
  '#.....#.#.#....######',
  '#.###.#..##.#####.#.#',
  '#.###.#.####..#.##.#.',
  '#.###.#.#.#.#.##.#...',
  '#.....#......#....#..',
  '#######.#....#...#.#.',
];

/** The phone's own reader if it proved itself, or null. `ours`: how long ours takes for the same picture, ms.
 * @param {(canvas: OffscreenCanvas) => Promise<number>} ours
 * @param {{BarcodeDetector?: DetectorType}} [scope] @returns {Promise<Native|null>} */
export async function probeNative(ours, scope = /** @type {{BarcodeDetector?: DetectorType}} */ (globalThis)) {
  const { BarcodeDetector } = scope;
  if (!BarcodeDetector || typeof OffscreenCanvas === 'undefined') return null;
  try {
    if (!(await BarcodeDetector.getSupportedFormats()).includes(NAME)) return null;
    const detector = new BarcodeDetector({ formats: [NAME] });
    const canvas = drawProbe();
    await timed(detector, canvas); // the first one loads what the phone needs
    const [text, ms] = await timed(detector, canvas);
    return text === PROBE && ms <= Math.min(PATIENCE, await ours(canvas)) ? new Native(detector) : null;
  } catch {
    return null; // "Barcode detection service unavailable": there in name only
  }
}

/** @param {Detector} detector @param {OffscreenCanvas} canvas @returns {Promise<[string, number]>} */
async function timed(detector, canvas) {
  const began = performance.now();
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('native.late')), 10 * PATIENCE));
  const found = /** @type {Detected[]} */ (await Promise.race([detector.detect(canvas), late]));
  return [found[0]?.rawValue ?? '', performance.now() - began];
}

/** The probe in the middle of a picture as large as a camera's. */
function drawProbe() {
  const [canvas, module] = [new OffscreenCanvas(1280, 720), 12];
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.fillStyle = '#fff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = '#000';
  PROBE_ROWS.forEach((row, y) => [...row].forEach((dark, x) => {
    if (dark === '#') context.fillRect(400 + x * module, 200 + y * module, module, module);
  }));
  return canvas;
}

/** The phone's own reader, watched. */
export class Native {
  #detector;
  #misses = 0;

  /** @param {Detector} detector */
  constructor(detector) {
    this.#detector = detector;
  }

  /** Whether it may go on: false after it failed, or missed three times what ours read. */
  get trusted() {
    return this.#misses < MISSES;
  }

  /** The QR codes in a picture; none if it fails. @param {CanvasImageSource} source @returns {Promise<Read[]>} */
  async read(source) {
    try {
      const found = await this.#detector.detect(source);
      return found.map(({ rawValue, cornerPoints }) => ({ text: rawValue, format: 'QRCode', quad: cornerPoints.map(({ x, y }) => [x, y]) }));
    } catch {
      this.#misses = MISSES;
      return [];
    }
  }

  /** Hold its reads against those of ours in the same picture. @param {Read[]} its @param {Read[]} ours */
  compare(its, ours) {
    const texts = new Set(its.map(({ text }) => text));
    if (ours.some(({ text }) => !texts.has(text))) this.#misses += 1;
  }
}
