// The second half of a double tap: the first has changed the screen, and under the finger lies another button by now.
// For a third of a second after each change an invisible pane takes what comes.

import { h } from './dom.js';

const LASTS = 350; // ms; the second tap of a double tap comes within 300

/** @type {HTMLElement|null} */
let pane = null;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let timer;

/** Lets no tap through for a moment. */
export function shield() {
  pane ??= h('div', { class: 'app-shield', 'aria-hidden': 'true' });
  document.body.append(pane);
  clearTimeout(timer);
  timer = setTimeout(() => pane?.remove(), LASTS);
}
