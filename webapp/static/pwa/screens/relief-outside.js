// Goods that came without a label of ours: what, which size, how many. They fill the need too.

import { askArticle } from '../components/article.js';
import { fill, h } from '../components/dom.js';
import { button, linkButton, notice } from '../components/frame.js';
import { choice, takeAll, textField } from '../components/form.js';
import { icon } from '../components/icon.js';
import { ARTICLE, OUTSIDE } from '../messages-relief.js';
import { articleIn, enteredAs, keepArticle } from '../supplies/articles.js';
import { dayIn } from '../supplies/days.js';
import { dayInWords } from '../supplies/label.js';
import { dayOf, isOver } from '../supplies/story.js';
import { finish } from './finish.js';
import { fetching, openPlace } from './relief-place.js';
import { figures } from './relief-count.js';

/** @typedef {import('./relief-place.js').Place} Place */
/** @typedef {import('../app.js').App} App */
/** @typedef {import('../app.js').Where} Where */
/** @typedef {import('../app.js').Screen} Screen */

const MOST = 1_000_000;

/** What came. @param {App} app @param {Where} where @returns {Promise<Screen>} */
export async function reliefOutside(app, { parts: [id], query }) {
  const place = await openPlace(app, id);
  if (!place) return fetching(app);
  const codes = codesOf(place);
  const article = articleIn(query.get('jan') ?? '');
  const needed = [...new Set(place.pack.needs.map(({ item }) => item))].filter((code) => codes.includes(code));
  const found = h('div', { class: 'app-stack' });
  const look = (/** @type {string} */ text) => {
    const hits = codes.filter((code) => place.itemOf(code)?.name.includes(text));
    fill(found, text ? (hits.length ? rows(place, hits, article) : h('p', { class: 'app-note' }, OUTSIDE.none)) : all(place, codes, needed, article));
  };
  const search = textField({ label: OUTSIDE.search, onInput: look });
  look('');
  const read = async () => {
    const told = await askArticle(place.prefixes);
    if (told) app.go(await leadsTo(app, place, codes, told), { replace: Boolean(article) });
  };
  return { title: OUTSIDE.title, sub: place.name, back: place.base,
    body: [ofWhichDisaster(place), article ? notice('info', ARTICLE.number(article), ARTICLE.fresh) : h('p', { class: 'app-lead' }, OUTSIDE.lead),
      button(ARTICLE.read, read, { rank: 'second', mark: 'scan' }), search.element, found], foot: [] };
}

/** The form of the item that this barcode was entered as before, or the list to choose from. @param {App} app @param {Place} place
 * @param {string[]} codes @param {string} article */
async function leadsTo(app, place, codes, article) {
  const known = await enteredAs(app.store, place.log, article);
  return pathOf(place, article, known && codes.includes(known.item) ? known.item : '');
}

/** @param {Place} place @param {string} article "": no barcode was read @param {string} [code] of the item */
const pathOf = (place, article, code = '') => `${place.base}/outside${code && `/${code}`}${article && `?jan=${article}`}`;

/** A phone that was begun by a card and has met no server yet knows no disaster: what came is recorded all the same. @param {Place} place */
const ofWhichDisaster = ({ pack }) => (pack.disasters.length ? null : notice('info', OUTSIDE.noDisaster, OUTSIDE.noDisasterHint));

/** Codes of everything that can be chosen: the base list, and what the town has changed of it. @param {Place} place */
const codesOf = ({ tables, pack }) => [...new Set([...Object.keys(tables.items), ...Object.keys(pack.items)])].filter((code) => pack.items[code] !== null).sort();

/** @param {Place} place @param {string[]} codes @param {string[]} needed @param {string} article */
function all(place, codes, needed, article) {
  const groups = Object.entries(place.tables.categories).map(([word, title]) => ({ title, hits: codes.filter((code) => place.itemOf(code)?.category === word) }));
  return [needed.length ? h('section', { class: 'app-stack' }, h('h2', {}, OUTSIDE.needed), rows(place, needed, article)) : null,
    ...groups.filter(({ hits }) => hits.length).map(({ title, hits }) => h('section', { class: 'app-stack' }, h('h2', {}, title), rows(place, hits, article)))];
}

/** @param {Place} place @param {string[]} codes @param {string} article */
const rows = (place, codes, article) => h('ul', { class: 'app-lines app-lines--pick' }, codes.map((code) =>
  h('li', {}, h('a', { href: pathOf(place, article, code) }, h('span', { class: 'app-lines__words' }, h('b', {}, place.itemOf(code)?.name ?? code)), icon('next')))));

/** Which size, how many, until when. @param {App} app @param {Where} where @returns {Promise<Screen>} */
export async function reliefOutsideItem(app, where) {
  const { parts: [id, code], query } = where;
  const place = await openPlace(app, id);
  if (!place) return fetching(app);
  const item = place.itemOf(code);
  if (!item) return reliefOutside(app, where);
  const article = articleIn(query.get('jan') ?? '');
  const known = await sizeOf(app, place, article, code);
  const unit = unitOf(place, item);
  const fields = fieldsOf(place, item, unit, known?.variant);
  const [disaster, variant, ...rest] = fields.map((field) => field?.element);
  const record = async () => {
    const told = takeAll(fields.map((field) => field ?? NO_CHOICE));
    if (!told) return;
    const [job, size, many, last] = told;
    const body = { item: code, variant: size === 'any' ? '' : size, quantity: Number(many), best_before: last ? dayIn(last, dayOf(Date.now())) : 0 };
    const name = place.itemText(code, body.variant);
    const keepBoth = async () => {
      await place.record({ step: 'outside', code: '', src: 'form', said: 'ok', job: job || undefined, body }, { name });
      if (article) await keepArticle(app.store, place.log, article, body).catch((problem) => console.warn(problem)); // what came is on disk
    };
    await finish(app, keepBoth, { words: OUTSIDE.done(`${name} ${many}${unit}${isOver(body.best_before, Date.now()) ? `（${OUTSIDE.pastShort}）` : ''}`), path: place.base });
  };
  return { title: item.name, sub: OUTSIDE.title, back: pathOf(place, known ? '' : article),
    body: [ofWhichDisaster(place), article ? ofArticle(place, article, known && place.itemText(code, known.variant)) : null, disaster,
      ...(known?.variant ? [...rest, variant] : [variant, ...rest])], // a size that is chosen already does not stand in the way
    foot: [button(OUTSIDE.go, record), linkButton('やめる', place.base, { rank: 'plain' })] };
}

/** @param {Place} place @param {import('../supplies/fold.js').OwnItem} item */
const unitOf = ({ tables }, { unit }) => tables.units[unit] ?? tables.words.unit;

/** What this barcode was entered as, if it was this item. @param {App} app @param {Place} place @param {string} article @param {string} code */
async function sizeOf(app, place, article, code) {
  const known = article ? await enteredAs(app.store, place.log, article) : null;
  return known?.item === code ? known : null;
}

/** Disaster, size, quantity, date; null where there is nothing to choose. @param {Place} place @param {import('../supplies/fold.js').OwnItem} item
 * @param {string} unit @param {string} [size] chosen ahead */
function fieldsOf({ pack: { disasters } }, item, unit, size) {
  const variants = (item.sizes ?? Object.keys(item.variants)).map((value) => ({ value, label: item.variants[value] ?? value }));
  return [
    disasters.length > 1 ? choice({ label: OUTSIDE.disaster, must: OUTSIDE.disasterMust, options: disasters.map(({ id: value, name }) => ({ value, label: name })) }) : null,
    variants.length ? choice({ label: OUTSIDE.variant, must: OUTSIDE.variantMust, value: size,
      options: [...variants, { value: 'any', label: OUTSIDE.any }] }) : null,
    textField({ label: OUTSIDE.quantity(unit), must: OUTSIDE.quantityMust, mode: 'numeric', tidy: figures,
      check: (text) => (/^\d{1,7}$/.test(text) && Number(text) >= 1 && Number(text) <= MOST ? '' : OUTSIDE.quantityWrong) }),
    textField({ label: OUTSIDE.date, hint: OUTSIDE.dateHint, check: (text) => (dayIn(text, dayOf(Date.now())) ? '' : OUTSIDE.dateWrong), echo: dayHeard }),
  ];
}

/** @param {Place} place @param {string} article @param {string|null} known the item as it was entered before */
const ofArticle = (place, article, known) => notice('info', ARTICLE.number(article), known ? ARTICLE.known(known) : ARTICLE.learns,
  known ? linkButton(ARTICLE.change, pathOf(place, article), { rank: 'plain' }) : null);

/** The day as it is understood, with its year; and at once whether it is past. @param {string} text */
function dayHeard(text) {
  const day = dayIn(text, dayOf(Date.now()));
  if (!day) return '';
  return h('span', {}, dayInWords(day), isOver(day, Date.now()) ? h('span', { class: 'app-late' }, icon('alert', 's'), OUTSIDE.past) : null);
}

/** In the place of a field where there is nothing to choose. */
const NO_CHOICE = { element: h('div'), take: () => '' };
