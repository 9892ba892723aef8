// From whatever the page hands over to grey pixels, as cheaply as this browser can. Runs in the worker.

import { fromRgba } from './grey.js';

/** @typedef {import('./grey.js').Grey} Grey */
/** @typedef {VideoFrame|ImageBitmap|ImageData} Frame */

const WITH_LUMA = new Set(['I420', 'I420A', 'I422', 'I444', 'NV12']); // their first plane is brightness, a byte a pixel

/** The brightness of a frame. The frame is given back at once. @param {Frame} frame @returns {Promise<Grey>} */
export async function greyOf(frame) {
  if ('data' in frame) return fromRgba(frame);
  try {
    return ('codedWidth' in frame && (await luma(frame))) || drawn(frame);
  } finally {
    frame.close();
  }
}

let planes = new Uint8Array(0);

/** A camera's frame has brightness apart: no drawing, no colours. Null if this one has not, or is turned.
 * @param {VideoFrame} frame @returns {Promise<Grey|null>} */
async function luma(frame) {
  const { width, height } = frame.visibleRect ?? { width: 0, height: 0 };
  const upright = frame.displayWidth === width && frame.displayHeight === height && !(/** @type {{rotation?: number}} */ (frame).rotation);
  if (!upright || !WITH_LUMA.has(frame.format ?? '')) return null;
  const bytes = frame.allocationSize();
  if (planes.length < bytes) planes = new Uint8Array(bytes);
  const plane = await frame.copyTo(planes).then(([first]) => first, () => null); // frames of some phones cannot be copied
  if (!plane) return null;
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const from = plane.offset + y * plane.stride;
    data.set(planes.subarray(from, from + width), y * width);
  }
  return { data, width, height };
}

/** @type {OffscreenCanvas|undefined} */
let canvas;

/** @param {VideoFrame|ImageBitmap} frame @returns {Grey} */
function drawn(frame) {
  const [width, height] = 'displayWidth' in frame ? [frame.displayWidth, frame.displayHeight] : [frame.width, frame.height];
  canvas ??= new OffscreenCanvas(width, height);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
  context.drawImage(frame, 0, 0, width, height);
  return fromRgba(context.getImageData(0, 0, width, height));
}
