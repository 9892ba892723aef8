// Icons of the sprite (static/icons.svg), by what they mean here.

import { s } from './dom.js';

const SPRITE = new URL('../icons.svg', import.meta.url).href;

/** Our word → the sprite's id, where they differ. @type {Record<string, string>} */
const IDS = { next: 'chevron-right', light: 'torch', type: 'keyboard', open: 'unlock', outbox: 'send', gear: 'settings', question: 'help',
  close: 'cross', register: 'label', arrive: 'truck', count: 'list', extract: 'drive', destroy: 'shred', handover: 'hand-over', load: 'cage' };

/** A decorative icon (hidden from screen readers: the words beside it speak). @param {string} name @param {"s"|"l"} [size] */
export function icon(name, size) {
  return s('svg', { class: 'icon', 'data-size': size, 'aria-hidden': 'true', focusable: 'false' },
    s('use', { href: `${SPRITE}#${IDS[name] ?? name}` }));
}
