// How far: a ring with the figure in it, as components/ring.css draws it. The figure says it too: the ring is never alone.

import { s } from './dom.js';

/**
 * A progress ring. `done` of `total`; full = green with a tick. `text` stands in the middle instead of the fraction;
 * `stopped`: something about it is open, so it is never green.
 * @param {{done: number, total: number, label?: string, text?: string, stopped?: boolean}} share
 */
export function ring({ done, total, label, text, stopped = false }) {
  const full = total > 0 && done >= total;
  const state = stopped ? 'stopped' : full ? 'done' : total === 0 ? 'none' : 'open';
  const percent = total > 0 ? Math.min(100, (100 * done) / total) : 0;
  return s('svg', { class: 'ring', 'data-state': state, viewBox: '0 0 64 64', role: 'img', 'aria-label': label ?? `${total}のうち${done}` },
    s('circle', { class: 'ring__rest', cx: 32, cy: 32, r: 28 }),
    percent > 0 ? s('circle', { class: 'ring__done', cx: 32, cy: 32, r: 28, pathLength: 100, 'stroke-dasharray': `${percent.toFixed(2)} 100`,
      transform: 'rotate(-90 32 32)' }) : null,
    ...middle(done, total, full && !stopped, text));
}

/** @param {number} done @param {number} total @param {boolean} full @param {string|undefined} text */
function middle(done, total, full, text) {
  if (text !== undefined) return [s('text', { class: 'ring__number', x: 32, y: 37.5 }, text)];
  if (full) return [s('path', { class: 'ring__check', d: 'M21 33l8 8 14-17' })];
  if (`${done}/${total}`.length <= 4) return [s('text', { class: 'ring__number', x: 32, y: 37.5 }, `${done}/${total}`)];
  return [s('text', { class: 'ring__number', x: 32, y: 31 }, done), s('text', { class: 'ring__of', x: 32, y: 46 }, `/${total}`)];
}
