// How far a need is covered: arrived, on the way, promised, open. Patterns and words, never colour alone.

import { RELIEF } from '../messages-relief.js';
import { h, s } from './dom.js';

const PARTS = /** @type {const} */ (['arrived', 'on_the_way', 'promised']);

/** @param {import('../supplies/fold.js').Need} need */
export function needBar(need) {
  const whole = Math.max(need.required, need.arrived + need.on_the_way + need.promised + need.open, 1);
  let from = 0;
  const rects = PARTS.map((part) => {
    const [x, width] = [(100 * from) / whole, (100 * need[part]) / whole];
    from += need[part];
    return s('rect', { class: `app-needbar__${part}`, x: `${x.toFixed(2)}%`, width: `${width.toFixed(2)}%`, height: '100%' });
  });
  return h('article', { class: 'app-panel app-need' }, h('p', { class: 'app-need__head' }, h('b', {}, need.text), h('strong', {}, RELIEF.open(need.open, need.unit))),
    s('svg', { class: 'app-needbar', 'aria-hidden': 'true' }, rects), h('p', { class: 'app-note' }, RELIEF.need(need)));
}
