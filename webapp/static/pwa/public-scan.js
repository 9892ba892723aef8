// Residents' pages: read a sticker with the camera, or on a photo, and open its page. No account, nothing is stored.
// Where the phone cannot, the page stays what it is without scripts: a field to type the ID.

import { CameraError, openCamera } from './scanning/camera.js';
import { createScanner } from './scanning/scanner.js';
import { decodePhoto } from './scanning/photo.js';

/** @typedef {import('./types.js').ScanResult} ScanResult */
/** @typedef {import('./scanning/camera.js').Camera} Camera */

const root = /** @type {HTMLElement} */ (document.getElementById('find'));
/** @template {Element} T @param {string} selector @returns {T} */
const part = (selector) => /** @type {T} */ (root.querySelector(selector));

const words = root.dataset;
const prefixes = words['prefixes']?.split(' ') ?? [location.origin];
const said = /** @type {HTMLElement} */ (part('.find__said'));
const photo = /** @type {HTMLInputElement} */ (part('#find-photo'));
const button = /** @type {HTMLButtonElement} */ (part('#find-scan'));
const viewer = /** @type {HTMLDialogElement} */ (part('.viewer'));
const video = /** @type {HTMLVideoElement} */ (part('.viewer__video'));
const hint = /** @type {HTMLElement} */ (part('.viewer__said'));
const torch = /** @type {HTMLButtonElement} */ (part('.viewer__torch'));
const close = /** @type {HTMLButtonElement} */ (part('.viewer__close'));

/** Say something below the buttons. @param {string} [text] @param {"ok"|"warn"} [kind] */
function say(text = '', kind = 'warn') {
  said.textContent = text;
  said.dataset['kind'] = kind;
  said.hidden = text === '';
}

/** The page of this thing; only ever one of this site. @param {string} id */
function open(id) {
  navigator.vibrate?.(60);
  location.assign(`/t/${encodeURIComponent(id)}`);
}

/** Ours opens, another's is named and never opened. @param {ScanResult[]} results @returns {boolean} whether it opened */
function take(results) {
  const ours = results.find(({ kind }) => kind === 'ours');
  if (ours) open(ours.id);
  return ours !== undefined;
}

async function readPhoto() {
  const file = photo.files?.[0];
  if (!file) return;
  say(words['reading'], 'ok');
  try {
    const results = await decodePhoto(file, { prefixes });
    if (take(results)) say(words['found'], 'ok');
    else say(results.some(({ kind }) => kind === 'foreign') ? words['foreign'] : words['unreadable']);
  } catch {
    say(words['unreadable']);
  }
  photo.value = ''; // the same photo may be chosen again
}

async function readCamera() {
  say();
  try {
    const camera = await openCamera();
    viewer.showModal();
    await look(camera);
  } catch (error) {
    viewer.close();
    say(error instanceof CameraError && error.code === 'camera.none' ? words['none'] : words['denied']);
  }
}

/** Scan until something of ours is seen or the person leaves. @param {Camera} camera */
async function look(camera) {
  const calm = hint.textContent;
  const scanner = createScanner({
    video,
    prefixes,
    onCode: (result) => {
      viewer.toggleAttribute('data-found', result.kind === 'ours');
      hint.textContent = (result.kind === 'ours' ? words['found'] : words['foreign']) ?? calm;
      if (take([result])) viewer.close();
    },
  });
  const stop = () => {
    scanner.stop();
    camera.stop();
    hint.textContent = calm;
    viewer.removeAttribute('data-found');
  };
  viewer.addEventListener('close', stop, { once: true });
  await camera.start(video);
  offerTorch(camera);
  scanner.start();
}

/** @param {Camera} camera */
function offerTorch(camera) {
  torch.hidden = !camera.capabilities().torch;
  torch.onclick = async () => {
    const on = torch.getAttribute('aria-pressed') !== 'true';
    if (await camera.torch(on)) torch.setAttribute('aria-pressed', String(on));
  };
}

function offer() {
  part('.find__scan').toggleAttribute('hidden', false);
  button.hidden = !navigator.mediaDevices?.getUserMedia; // only on HTTPS or localhost
  button.addEventListener('click', readCamera);
  photo.addEventListener('change', readPhoto);
  close.addEventListener('click', () => viewer.close());
}

offer();
