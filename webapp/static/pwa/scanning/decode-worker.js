// Reads codes off the main thread: a frame comes in by transfer, is looked at as often as its time allows, and what all looks
// found goes back together.

import { greyOf } from './frames.js';
import { differs, preview } from './grey.js';
import { probeNative } from './native.js';
import { Reading } from './reading.js';
import { openReader } from './zxing.js';

/** @typedef {import('./frames.js').Frame} Frame */
/** `once`: one look. `live`: a frame of many, within `budget` ms. `photo`: every look, however long it takes.
 * `peek`: no look, only whether something moved.
 * @typedef {{id: number, frame: Frame, formats: string[], mode: "once"|"live"|"photo"|"peek", denoise: boolean,
 *   anew: boolean, again: import('./looks.js').Look[], budget?: number}} Question */
/** @typedef {{id: number, reads?: import('./reading.js').Read[], error?: string, ms: number, looks?: number, moved?: boolean}} Reply
 * id 0 = ready; `moved`: of live frames and peeks, whether they show something else than when something moved last */

const worker = /** @type {DedicatedWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const loading = openReader().then((reader) => new Reading(reader));

loading.then(
  async (reading) => {
    worker.postMessage({ id: 0, ms: 0 });
    reading.native = await probeNative((canvas) => oursTakes(reading, canvas));
  },
  (/** @type {unknown} */ error) => worker.postMessage({ id: 0, error: String(error), ms: 0 }),
);

/** @param {Reading} reading @param {OffscreenCanvas} canvas ms */
async function oursTakes(reading, canvas) {
  const began = performance.now();
  reading.once(await greyOf(canvas.transferToImageBitmap()), ['QRCode'], false);
  return performance.now() - began;
}

/** @param {Reading} reading @param {Question} question */
async function read(reading, { frame, formats, mode, denoise, anew, again, budget }) {
  const began = performance.now();
  const own = mode === 'live' && formats.length === 1 && !('data' in frame) && reading.native?.trusted;
  const its = own ? await reading.native?.read(frame) : null;
  const grey = await greyOf(frame);
  if (mode === 'once') return reading.once(grey, formats, denoise);
  if (mode === 'photo') return reading.photo(grey, formats);
  if (anew) reading.restart();
  return { ...reading.live(grey, formats, { again, budget, its, spent: performance.now() - began }), moved: changed(grey) };
}

/** @param {Frame} frame */
const peek = async (frame) => ({ reads: [], looks: 0, moved: changed(await greyOf(frame)) });

/** @type {Float32Array|null} */ let standing = null; // the picture since something moved last

/** Whether something moved, also if it creeps. @param {import('./grey.js').Grey} grey */
function changed(grey) {
  const now = preview(grey);
  if (!differs(standing, now)) return false;
  standing = now;
  return true;
}

/** @param {Question} question @returns {Promise<Reply>} */
async function reply(question) {
  const reading = await loading;
  const began = performance.now();
  try {
    const said = question.mode === 'peek' ? await peek(question.frame) : await read(reading, question);
    return { id: question.id, ...said, ms: performance.now() - began };
  } catch (error) {
    return { id: question.id, error: String(error), ms: performance.now() - began };
  }
}

worker.onmessage = async (/** @type {MessageEvent<Question>} */ { data }) => worker.postMessage(await reply(data));
