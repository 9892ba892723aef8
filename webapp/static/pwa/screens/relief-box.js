// A box in words: what is in it, how good its label is, and what became of it.

import { h } from '../components/dom.js';
import { moment } from '../components/format.js';
import { icon } from '../components/icon.js';
import { contentsInWords, dayInWords } from '../supplies/label.js';
import { isOver } from '../supplies/story.js';
import { COUNT_BOX, RELIEF } from '../messages-relief.js';

/** @typedef {import('./relief-place.js').Place} Place */
/** @typedef {import('../supplies/fold.js').Box} Box */
/** @typedef {import('../supplies/label.js').Checked} Checked */
/** @typedef {{title: string, quantity: string, lines: string[], drill: boolean}} Words */

/** @param {Place} place @param {Box} box @param {Checked|null} [checked] its large QR, if it was read @returns {Words} */
export function wordsOf(place, box, checked = null) {
  const { tables } = place;
  if (checked) {
    const words = contentsInWords(checked.contents, tables);
    return { title: words.title, quantity: words.quantity, drill: Boolean(words.drill),
      lines: [words.part, words.bestBefore, words.allergens?.text ?? '', words.marks.map(({ text }) => text).join('・')].filter(Boolean) };
  }
  if (!box.text) return { title: place.nameOf(box), quantity: '', lines: [], drill: false };
  const { words } = tables;
  const part = box.n === 1 ? words.only : words.part.replace('{k}', String(box.k)).replace('{n}', String(box.n));
  const date = box.best_before ? `${tables.items[box.item]?.date_word ?? words.date_word} ${dayInWords(box.best_before)}` : '';
  return { title: box.text, quantity: `${box.quantity.toLocaleString('ja-JP')}${box.unit}`, lines: [part, date, allergens(place, box)].filter(Boolean),
    drill: place.pack.disasters.some(({ id, drill }) => drill && id === box.disaster) };
}

/** @param {Place} place @param {Box} box */
function allergens({ tables }, { edible, allergens: told }) {
  if (!edible) return '';
  if (told === null) return tables.words.undeclared;
  const names = tables.allergens.filter(({ code }) => told.includes(code)).map(({ name }) => name);
  return names.length ? tables.words.contains.replace('{names}', names.join('・')) : tables.words.free;
}

/** What a box looks like on a screen. @param {Words} words @param {...import('../components/dom.js').Child} more */
export function boxPanel({ title, quantity, lines, drill }, ...more) {
  return h('div', { class: 'app-match app-box' }, drill ? h('span', { class: 'tag', 'data-kind': 'warn' }, RELIEF.drill) : null,
    h('p', { class: 'app-match__name' }, title), quantity ? h('p', { class: 'app-box__quantity' }, quantity) : null,
    lines.map((line) => h('p', { class: 'app-box__line' }, line)), ...more);
}

/** How good the label's signature is; nothing where only the small code was read. @param {Place} place @param {Checked|null} checked */
export function signature({ tables: { words } }, checked) {
  if (!checked) return null;
  const [mark, kind, text] = checked.verified === true ? ['shield', 'ok', words.verified] : ['help', 'wait', words.unknown_key];
  return h('p', { class: 'app-box__seal', 'data-kind': kind }, icon(mark, 's'), text);
}

/** The part of a label that a scan keeps, for a phone whose pack does not know the box. @param {Place} place @param {Checked} checked @returns {Partial<Box>} */
export function boxIn(place, checked) {
  const { contents: c } = checked;
  const { title } = contentsInWords(c, place.tables);
  const eaten = c.allergens === null ? null : place.tables.allergens.filter((_, bit) => Math.floor(Number(c.allergens) / 2 ** bit) % 2 === 1).map(({ code }) => code);
  return { k: c.k, n: c.n, item: c.item, variant: c.variant, text: title, unit: place.tables.units[c.unit] ?? '', quantity: c.quantity, best_before: c.best_before,
    allergens: eaten, edible: place.tables.items[c.item]?.edible ?? false, shelter: c.shelter };
}

/** Past its date today. @param {Box} box */
export const isPast = (box) => isOver(box.best_before, Date.now());

/** What became of it, and where this phone's record of it stands. @param {import('../supplies/fold.js').Line} line */
export function fate({ story, seen, state }) {
  if (state === 'counted') return `${COUNT_BOX.result(story)}　${story.counted_when ? moment(story.counted_when) : ''}`;
  return seen ? moment(seen) : '';
}
