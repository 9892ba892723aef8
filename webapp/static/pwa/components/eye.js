// The camera on screen. One stream for a whole sitting: moving between scanning screens keeps it, so that phones which ask
// for permission at every start ask once; fifteen seconds after the last scanning screen it goes dark.

import { choose, settings } from '../app.js';
import { SCANNER } from '../messages.js';
import { openCamera } from '../scanning/camera.js';
import { createScanner } from '../scanning/scanner.js';
import { fill, h } from './dom.js';
import { button } from './frame.js';
import { drawBoxes, pointIn } from './overlay.js';

/** @typedef {import('../types.js').ScanResult} ScanResult */
/** @typedef {{prefixes: string[], serials?: boolean, goods?: boolean, marks: Map<string, import('./overlay.js').Mark>, hud: Node[],
 *   words?: {stuck: string, otherwise: string}, only?: () => Set<string>|null, onCode: (result: ScanResult) => void}} EyePlan
 *   `serials`, `goods`: makers' barcodes too; `words`: the ways on where there is no typing or photo beside it; `only`: box these alone, and
 *   darken the rest */

const LINGER = 15_000;
const KEEP_BOXES = 260;
const HINT_AFTER = 4_000;
const RING = 700;

/** The one camera of this page, shared by its scanning screens. */
const shared = {
  /** @type {Awaited<ReturnType<typeof openCamera>>|null} */
  camera: null,
  /** @type {HTMLVideoElement|null} */
  video: null,
  lit: false,
  zoom: 1,
  /** @type {{id: string, label: string}[]} */
  lenses: [],
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  dark: undefined,
};

/** What the phone's camera offers beside a picture; much of it is missing on many. */
const hardware = {
  canLight: () => Boolean(shared.camera?.capabilities().torch),
  lit: () => shared.lit,
  light: async (/** @type {boolean} */ on) => { if (await shared.camera?.torch(on)) shared.lit = on; },
  zooms: () => zoomSteps(shared.camera?.capabilities()),
  zoomed: () => hardware.zooms().find((step) => step >= shared.zoom) ?? 1,
  zoom: async (/** @type {number} */ times) => { if (await shared.camera?.zoom(times)) shared.zoom = times; },
  /** How many lenses there are to choose from. */
  lenses: () => shared.lenses.length,
};

/** @param {EyePlan} plan */
export function createEye(plan) {
  const canvas = h('canvas', { class: 'app-eye__boxes', 'aria-hidden': 'true', onclick: (/** @type {MouseEvent} */ event) => sharpen(element, event) });
  const state = h('div', { class: 'app-eye__state', role: 'status' }, SCANNER.starting);
  const element = h('div', { class: 'app-eye', 'data-state': 'starting' }, canvas,
    h('p', { class: 'app-eye__hint', role: 'status' }, (plan.words ?? SCANNER).stuck), h('div', { class: 'app-eye__hud' }, plan.hud), state);
  /** @type {Set<() => void>} */
  const watchers = new Set();
  /** @type {ReturnType<typeof createScanner>|null} */
  let scanner = null;
  let gone = false;
  let serials = plan.serials ?? false;
  const changed = () => watchers.forEach((fn) => fn());

  let unhear = () => {};
  /** @param {string} why */
  const dark = (why) => {
    element.dataset.state = 'off';
    changed();
    fill(state, ...noPicture(why, plan.words ?? SCANNER, start));
  };
  /** @param {"live"|"restarting"|"lost"} camera */
  const hear = (camera) => {
    if (camera === 'lost') {
      close();
      return dark(SCANNER.lost);
    }
    element.dataset.state = camera === 'live' ? 'on' : 'starting';
    fill(state, camera === 'live' ? null : SCANNER.starting);
  };
  const start = async () => {
    element.dataset.state = 'starting';
    fill(state, SCANNER.starting);
    try {
      scanner?.stop();
      const video = await lookThrough();
      if (gone) return release();
      element.prepend(video);
      await video.play().catch(() => undefined);
      scanner = createScanner({ video, prefixes: plan.prefixes, onFrame: painter(canvas, plan), onCode: plan.onCode,
        onQuiet: (ms) => { if (ms > HINT_AFTER) element.dataset.quiet = ''; } });
      scanner[plan.goods ? 'suppliesMode' : 'serialMode'](plan.goods || serials);
      scanner.start();
      unhear = shared.camera?.onState(hear) ?? unhear;
      hear('live');
    } catch (error) {
      if (gone) return;
      console.warn(error);
      dark(whyDark(error));
    }
    changed();
  };
  queueMicrotask(start);

  return {
    element,
    onChange: (/** @type {() => void} */ fn) => { watchers.add(fn); },
    /** Whether there is no picture, and nothing can be read by camera. */
    dark: () => element.dataset.state === 'off',
    /** A lower picture while there is something to decide below. */
    small: (/** @type {boolean} */ on) => { element.toggleAttribute('data-small', on); },
    /** Keeps the picture and reads nothing while a question is on the screen. */
    pause: (/** @type {boolean} */ on) => { if (on) scanner?.pause(); else scanner?.resume(); },
    serialMode: (/** @type {boolean} */ on) => { serials = on; scanner?.serialMode(on); },
    ...hardware,
    /** The next lens, remembered for this phone. */
    turn: () => { turn(); return start(); },
    /** The present picture as a file, or null when there is none. */
    snap: () => (shared.video && element.contains(shared.video) ? snapshot(shared.video) : Promise.resolve(null)),
    leave: () => { gone = true; unhear(); scanner?.stop(); release(); },
  };
}

/** What stands in the place of the picture. @param {string} why @param {{otherwise: string}} words @param {() => Promise<void>} again */
const noPicture = (why, { otherwise }, again) => [h('p', { class: 'app-eye__problem' }, why), h('p', {}, otherwise),
  button(SCANNER.again, again, { rank: 'second' })];

/** The shared video element, running. */
async function lookThrough() {
  clearTimeout(shared.dark);
  shared.video ??= h('video', { class: 'app-eye__video', playsinline: true, muted: true, autoplay: true, 'aria-label': SCANNER.picture });
  shared.video.muted = true;
  if (!shared.camera) {
    const camera = await openCamera({ deviceId: settings().camera });
    await camera.start(shared.video);
    shared.camera = camera;
    shared.lenses = await camera.devices().catch(() => []);
  }
  return shared.video;
}

/** Closes this lens and chooses the next. */
function turn() {
  const at = shared.lenses.findIndex(({ id }) => id === shared.camera?.deviceId);
  choose({ camera: shared.lenses[(at + 1) % shared.lenses.length]?.id ?? '' });
  close();
}

/** A tap on the picture: sharp there, where the phone can. @param {HTMLElement} element @param {MouseEvent} event */
async function sharpen(element, event) {
  const { camera, video } = shared;
  if (!camera?.capabilities().focus || !video) return;
  const size = { width: video.videoWidth, height: video.videoHeight };
  const [x, y] = pointIn(element, size, event.offsetX, event.offsetY);
  const ring = h('i', { class: 'app-eye__ring', 'aria-hidden': 'true' });
  ring.style.setProperty('left', `${event.offsetX}px`);
  ring.style.setProperty('top', `${event.offsetY}px`);
  element.append(ring);
  setTimeout(() => ring.remove(), RING);
  await camera.focus(x, y);
}

function release() {
  clearTimeout(shared.dark);
  shared.dark = setTimeout(close, LINGER);
}

/** The camera goes dark; the next start asks for it anew. */
function close() {
  shared.camera?.stop();
  shared.video?.remove();
  Object.assign(shared, { camera: null, lit: false, zoom: 1 });
}

/** Draws boxes and takes them away when nothing was seen for a moment.
 * @param {HTMLCanvasElement} canvas @param {EyePlan} plan */
function painter(canvas, { marks, only }) {
  /** @type {{at: number, results: ScanResult[]}} */
  let last = { at: 0, results: [] };
  return (/** @type {ScanResult[]} */ results, /** @type {import('../types.js').Size} */ size) => {
    const now = performance.now();
    if (results.length > 0) canvas.parentElement?.removeAttribute('data-quiet');
    if (results.length > 0 || now - last.at > KEEP_BOXES) last = { at: now, results };
    drawBoxes(canvas, last.results, size, marks, only?.() ?? null);
  };
}

/** @param {{zoom?: {min: number, max: number}|null}|undefined} capabilities @returns {number[]} */
function zoomSteps(capabilities) {
  const range = capabilities?.zoom;
  return range ? [1, 2, 3].filter((times) => times >= range.min && times <= range.max) : [];
}

/** @param {unknown} problem */
function whyDark(problem) {
  const code = /** @type {{code?: string}} */ (problem)?.code;
  if (code === 'camera.denied') return SCANNER.denied;
  return code === 'camera.busy' ? SCANNER.busy : SCANNER.none;
}

/** @param {HTMLVideoElement} video @returns {Promise<File|null>} */
function snapshot(video) {
  const canvas = h('canvas', { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext('2d')?.drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob ? new File([blob], 'view.jpg', { type: 'image/jpeg' }) : null), 'image/jpeg', 0.92));
}
