// Reads codes off the main thread. zxing-wasm comes from our own server, never from a CDN, and answers frame by frame.

/** @typedef {VideoFrame|ImageBitmap|ImageData} Frame */
/** @typedef {{id: number, frame: Frame, formats: string[], denoise: boolean}} Question */
/** @typedef {{text: string, format: string, quad: number[][]}} Read corners clockwise from the top left as printed */
/** @typedef {{id: number, reads?: Read[], error?: string, ms: number}} Reply id 0 = ready */
/** @typedef {import('zxing-wasm/reader').ReadResult} Found */

const worker = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const locateFile = (/** @type {string} */ file) => new URL(`../vendor/zxing-wasm/${file}`, import.meta.url).href;
const loading = load();

/** The reader with its wasm compiled. The library is imported by address, so that the type checker reads the package's
 * own declarations. @returns {Promise<typeof import('zxing-wasm/reader')>} */
async function load() {
  const zxing = await import(locateFile('reader/index.js'));
  await zxing.prepareZXingModule({ overrides: { locateFile }, fireImmediately: true });
  return zxing;
}

loading.then(
  () => worker.postMessage({ id: 0, ms: 0 }),
  (/** @type {unknown} */ error) => worker.postMessage({ id: 0, error: String(error), ms: 0 }),
);

/** @type {OffscreenCanvas|undefined} */
let canvas;

/** The pixels of a frame; the frame is given back at once. @param {Frame} frame @returns {ImageData} */
function pixels(frame) {
  if ('data' in frame) return frame;
  const [width, height] = 'displayWidth' in frame ? [frame.displayWidth, frame.displayHeight] : [frame.width, frame.height];
  canvas ??= new OffscreenCanvas(width, height);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d', { willReadFrequently: true }));
  context.drawImage(frame, 0, 0, width, height);
  frame.close();
  return context.getImageData(0, 0, width, height);
}

/** @param {Found} found @returns {Read} */
function read({ text, format, position: { topLeft, topRight, bottomRight, bottomLeft } }) {
  return { text, format, quad: [topLeft, topRight, bottomRight, bottomLeft].map(({ x, y }) => [x, y]) };
}

/** @param {Question} question @returns {Promise<Reply>} */
async function reply({ id, frame, formats, denoise }) {
  const { readBarcodes } = await loading;
  const began = performance.now();
  try {
    // All other options stay at their defaults: measured, "fast" settings lose 20 % of the codes and downscaling helps
    const known = /** @type {import('zxing-wasm/reader').ReaderOptions['formats']} */ (formats);
    const found = await readBarcodes(pixels(frame), { formats: known, tryDenoise: denoise, maxNumberOfSymbols: 255 });
    return { id, reads: found.map(read), ms: performance.now() - began };
  } catch (error) {
    return { id, error: String(error), ms: performance.now() - began };
  }
}

worker.onmessage = async (/** @type {MessageEvent<Question>} */ { data }) => worker.postMessage(await reply(data));
