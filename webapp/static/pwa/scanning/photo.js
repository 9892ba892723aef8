// Photos: drawn anew before anything else happens to them. That shrinks them and leaves place, time and camera behind.

import { sha256 } from '../kernel/ids.js';
import { WORLD, ask } from '../intake/http.js';
import { QR, sharedDecoder } from './decoder.js';
import { classify } from './fusion.js';

/** @typedef {import('../types.js').Photo} Photo */
/** @typedef {import('../types.js').ScanResult} ScanResult */
/** @typedef {import('../types.js').Read} Read */

const SIDE = 1600; // readable serial numbers at 300 to 500 kB
const READ_SIDE = 4096;
const QUALITY = 0.85;
const MOST_BYTES = 40 * 1024 * 1024;

/** A file that cannot become evidence, as a stable code. */
export class PhotoError extends Error {
  /** @param {"photo.not_an_image"|"photo.too_large"} code @param {unknown} [cause] */
  constructor(code, cause) {
    super(code, { cause });
    this.name = 'PhotoError';
    this.code = code;
  }
}

/** A fresh JPEG of at most 1600 px, upright, without metadata, and its hash. Throws PhotoError.
 * @param {Blob} file @returns {Promise<Photo>} */
export async function shrinkPhoto(file) {
  const picture = await open(file);
  const { canvas, width, height } = draw(picture, SIDE);
  picture.close();
  const blob = await encode(canvas);
  return { blob, sha256: await sha256(await blob.arrayBuffer()), width, height };
}

/** The codes on a photo, read on the phone with every look there is; where that finds none of ours and the network is there,
 * by the server. Throws PhotoError. @param {Blob} file
 * @param {{prefixes?: string[], formats?: string[], here?: boolean}} [options] `here`: the photo stays on this device
 * @returns {Promise<ScanResult[]>} empty if nothing is readable */
export async function decodePhoto(file, { prefixes = [location.origin], formats = QR, here = false } = {}) {
  const picture = await open(file);
  const { canvas, context, width, height } = draw(picture, READ_SIDE);
  picture.close();
  const reads = await sharedDecoder().decode(context.getImageData(0, 0, width, height), { formats, mode: 'photo' });
  const found = results(reads, prefixes);
  if (here || found.some(({ kind }) => kind !== 'malformed')) return found;
  return results(await askServer(await encode(canvas)), prefixes);
}

/** @param {Read[]} reads @param {string[]} prefixes @returns {ScanResult[]} */
function results(reads, prefixes) {
  const at = performance.now();
  return reads.map((read) => ({ ...read, ...classify(read.text, read.format, prefixes), confirmed: true, at }));
}

/** @param {Blob} blob @returns {Promise<Read[]>} */
async function askServer(blob) {
  const answer = await ask(WORLD, '/api/decode', { method: 'POST', headers: { 'Content-Type': blob.type }, body: blob }, 30_000);
  const codes = answer.kind === 'ok' && Array.isArray(answer.body?.codes) ? answer.body.codes : [];
  /** @type {import('../types.js').Quad} */
  const nowhere = [[0, 0], [0, 0], [0, 0], [0, 0]];
  return codes.map((/** @type {{text: string}} */ { text }) => ({ text: String(text), format: 'QRCode', quad: nowhere }));
}

/** @param {Blob} file @returns {Promise<ImageBitmap>} */
async function open(file) {
  if (file.size > MOST_BYTES) throw new PhotoError('photo.too_large');
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch (error) {
    throw new PhotoError('photo.not_an_image', error);
  }
}

/** @param {ImageBitmap} picture @param {number} side */
function draw(picture, side) {
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const [width, height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { alpha: false }));
  context.drawImage(picture, 0, 0, width, height);
  return { canvas, context, width, height };
}

/** @param {HTMLCanvasElement} canvas @returns {Promise<Blob>} */
function encode(canvas) {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new PhotoError('photo.too_large'))), 'image/jpeg', QUALITY);
  });
}
