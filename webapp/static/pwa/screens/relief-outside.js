// Goods that came without a label of ours: what, which size, how many. They fill the need too.

import { fill, h } from '../components/dom.js';
import { button, linkButton, notice } from '../components/frame.js';
import { choice, textField } from '../components/form.js';
import { icon } from '../components/icon.js';
import { OUTSIDE } from '../messages-relief.js';
import { finish } from './finish.js';
import { fetching, openPlace } from './relief-place.js';
import { figures } from './relief-count.js';

/** @typedef {import('./relief-place.js').Place} Place */
/** @typedef {import('../app.js').App} App */
/** @typedef {import('../app.js').Where} Where */
/** @typedef {import('../app.js').Screen} Screen */

const MOST = 1_000_000;

/** What came. @param {App} app @param {Where} where @returns {Promise<Screen>} */
export async function reliefOutside(app, { parts: [id] }) {
  const place = await openPlace(app, id);
  if (!place) return fetching(app);
  if (place.pack.disasters.length === 0) return nowhere(place);
  const codes = codesOf(place);
  const needed = [...new Set(place.pack.needs.map(({ item }) => item))].filter((code) => codes.includes(code));
  const found = h('div', { class: 'app-stack' });
  const look = (/** @type {string} */ text) => {
    const hits = codes.filter((code) => place.itemOf(code)?.name.includes(text));
    fill(found, text ? (hits.length ? rows(place, hits) : h('p', { class: 'app-note' }, OUTSIDE.none)) : all(place, codes, needed));
  };
  const search = textField({ label: OUTSIDE.search, onInput: look });
  look('');
  return { title: OUTSIDE.title, sub: place.name, back: place.base, body: [h('p', { class: 'app-lead' }, OUTSIDE.lead), search.element, found], foot: [] };
}

/** @param {Place} place @returns {Screen} */
const nowhere = (place) => ({ title: OUTSIDE.title, back: place.base, live: true, body: [notice('warn', OUTSIDE.noDisaster, OUTSIDE.noDisasterHint)], foot: [] });

/** Codes of everything that can be chosen: the base list, and what the town has changed of it. @param {Place} place */
const codesOf = ({ tables, pack }) => [...new Set([...Object.keys(tables.items), ...Object.keys(pack.items)])].filter((code) => pack.items[code] !== null).sort();

/** @param {Place} place @param {string[]} codes @param {string[]} needed */
function all(place, codes, needed) {
  const groups = Object.entries(place.tables.categories).map(([word, title]) => ({ title, hits: codes.filter((code) => place.itemOf(code)?.category === word) }));
  return [needed.length ? h('section', { class: 'app-stack' }, h('h2', {}, OUTSIDE.needed), rows(place, needed)) : null,
    ...groups.filter(({ hits }) => hits.length).map(({ title, hits }) => h('section', { class: 'app-stack' }, h('h2', {}, title), rows(place, hits)))];
}

/** @param {Place} place @param {string[]} codes */
const rows = (place, codes) => h('ul', { class: 'app-lines app-lines--pick' }, codes.map((code) =>
  h('li', {}, h('a', { href: `${place.base}/outside/${code}` }, h('span', { class: 'app-lines__words' }, h('b', {}, place.itemOf(code)?.name ?? code)), icon('next')))));

/** Which size, how many, until when. @param {App} app @param {Where} where @returns {Promise<Screen>} */
export async function reliefOutsideItem(app, { parts: [id, code] }) {
  const place = await openPlace(app, id);
  if (!place) return fetching(app);
  const item = place.itemOf(code);
  if (!item) return nowhere(place);
  const { disasters } = place.pack;
  if (disasters.length === 0) return nowhere(place);
  const variants = Object.entries(item.variants);
  const unit = place.tables.units[item.unit] ?? place.tables.words.unit;
  const variant = variants.length ? choice({ label: OUTSIDE.variant, must: OUTSIDE.variantMust,
    options: [...variants.map(([value, label]) => ({ value, label })), { value: 'any', label: OUTSIDE.any }] }) : null;
  const disaster = disasters.length > 1 ? choice({ label: OUTSIDE.disaster, must: OUTSIDE.disasterMust, options: disasters.map(({ id: value, name }) => ({ value, label: name })) }) : null;
  const quantity = textField({ label: OUTSIDE.quantity(unit), must: OUTSIDE.quantityMust, mode: 'numeric', tidy: figures,
    check: (text) => (/^\d{1,7}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST ? '' : OUTSIDE.quantityWrong) });
  const best = textField({ label: OUTSIDE.date, hint: OUTSIDE.dateHint, mode: 'numeric', tidy: figures, check: (text) => (isDay(text) ? '' : OUTSIDE.dateWrong) });
  const record = async () => {
    const told = [disaster, variant, quantity, best].map((field) => field?.take() ?? (field ? null : ''));
    if (told.includes(null)) return;
    const [job, size, many, last] = /** @type {string[]} */ (told);
    const body = { item: code, variant: size === 'any' ? '' : size, quantity: Number(many), best_before: Number(last || 0) };
    const name = place.itemText(code, body.variant);
    await finish(app, () => place.record({ step: 'outside', code: '', src: 'form', said: 'ok', job: job || disasters[0].id, body }, { name }),
      { words: OUTSIDE.done(`${name} ${many}${unit}`), path: place.base });
  };
  return { title: item.name, sub: OUTSIDE.title, back: `${place.base}/outside`, body: [disaster?.element, variant?.element, quantity.element, best.element],
    foot: [button(OUTSIDE.go, record), linkButton('やめる', place.base, { rank: 'plain' })] };
}

/** A day of the calendar as eight figures. @param {string} text */
function isDay(text) {
  const [, y, m, d] = /^(20\d\d)(\d\d)(\d\d)$/.exec(text) ?? [];
  const day = new Date(Date.UTC(Number(y), Number(m) - 1, Number(d)));
  return Boolean(y) && day.getUTCMonth() === Number(m) - 1 && day.getUTCDate() === Number(d);
}
