// A camera over the whole screen that looks for one text and closes when it has it. For pages that read one thing.

import { openCamera } from '../scanning/camera.js';
import { createScanner } from '../scanning/scanner.js';
import { PROOF } from '../messages-proof.js';
import { h } from './dom.js';
import { icon } from './icon.js';

/** Look until a text is wanted, or the person leaves. Throws CameraError.
 * @param {(text: string) => boolean} wanted @param {{aim?: string, not?: string}} [words] what to aim at, and what to say of another text
 * @returns {Promise<string>} "" if the person left */
export async function lookFor(wanted, { aim = PROOF.aim, not = PROOF.notProof } = {}) {
  const camera = await openCamera();
  const video = h('video', { class: 'viewer__video', playsinline: true, 'aria-label': PROOF.camera });
  video.muted = true;
  const said = h('p', { class: 'viewer__said', role: 'status' }, aim);
  const dialog = h('dialog', { class: 'viewer', 'data-whole': true, 'aria-label': PROOF.camera }, video, h('div', { class: 'viewer__frame', 'aria-hidden': 'true' }));
  dialog.append(h('div', { class: 'viewer__panel' }, said, h('div', { class: 'viewer__tools' }, torch(camera),
    h('button', { type: 'button', class: 'button', 'data-kind': 'quiet', onclick: () => dialog.close() }, icon('cross'), h('span', {}, PROOF.close)))));
  let found = '';
  const scanner = createScanner({ video, onCode: ({ text }) => {
    if (!wanted(text)) {
      said.textContent = not;
      return;
    }
    found = text;
    dialog.close();
  } });
  (document.getElementById('app') ?? document.body).append(dialog);
  const closed = new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  dialog.showModal();
  try {
    await camera.start(video);
    scanner.start();
    await closed;
  } finally {
    scanner.stop();
    camera.stop();
    dialog.remove();
  }
  return found;
}

/** @param {import('../scanning/camera.js').Camera} camera */
function torch(camera) {
  const button = h('button', { type: 'button', class: 'button', 'data-kind': 'quiet', 'aria-pressed': 'false', hidden: !camera.capabilities().torch },
    icon('light'), h('span', {}, PROOF.light));
  button.addEventListener('click', async () => {
    const on = button.getAttribute('aria-pressed') !== 'true';
    if (await camera.torch(on)) button.setAttribute('aria-pressed', String(on));
  });
  return button;
}
