// A QR for the other phone's camera: as large as the screen allows, white all round, awake; parts one after the other if need be.

import { symbolOf } from '../exchange/symbol.js';
import { split } from '../exchange/text.js';
import { WORDS } from '../messages-handover.js';
import { fill, h } from './dom.js';

const EACH = 900; // ms a part is shown: two frames of a slow phone's camera and some

/** @param {string} text @param {string} label for those who cannot see it
 * @returns {Promise<{element: HTMLElement, leave: () => void}>} */
export async function showing(text, label) {
  const parts = await split(text);
  const pictures = await Promise.all(parts.map((part) => symbolOf(part, label)));
  const picture = h('div', { class: 'app-symbol__frame' }, pictures[0]);
  const which = h('p', { class: 'app-symbol__part' });
  const show = (/** @type {number} */ n) => {
    fill(picture, pictures[n]);
    which.textContent = WORDS.part(n + 1, parts.length);
  };
  const awake = stayAwake();
  if (parts.length === 1) return { element: h('div', { class: 'app-symbol' }, picture), leave: awake };
  let at = 0;
  show(at);
  const timer = setInterval(() => { at = (at + 1) % parts.length; show(at); }, EACH);
  return { element: h('div', { class: 'app-symbol' }, picture, which), leave: () => { clearInterval(timer); awake(); } };
}

/** The screen does not go dark while somebody reads it; where a phone has no such thing, nothing happens.
 * @returns {() => void} ends it */
function stayAwake() {
  const lock = navigator.wakeLock?.request('screen').catch(() => null);
  return () => { void lock?.then((held) => held?.release()).catch(() => undefined); };
}
