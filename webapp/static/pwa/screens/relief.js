// A shelter: what waits to be counted, what is still to come, what was received; and the camera within reach of the thumb.

import { h } from '../components/dom.js';
import { day, moment } from '../components/format.js';
import { linkButton, menuRow, notice } from '../components/frame.js';
import { icon } from '../components/icon.js';
import { needBar } from '../components/needbar.js';
import { COUNT_BOX, OUTSIDE, RECEIVE, RELIEF } from '../messages-relief.js';
import { OUTBOX } from '../messages.js';
import { cardOf } from '../supplies/card.js';
import { isOver } from '../supplies/story.js';
import { reliefTables } from '../supplies/tables.js';
import { fate, isPast } from './relief-box.js';
import { fetching, openPlace } from './relief-place.js';
import { strayLine } from './relief-stray.js';

/** @typedef {import('./relief-place.js').Place} Place */
/** @typedef {import('../supplies/fold.js').Line} Line */
/** @typedef {import('../types.js').Kept} Kept */

const SHOWN = 30;

/** @param {import('../app.js').App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function relief(app, { parts: [id] }) {
  const place = await openPlace(app, id);
  if (!place) return fetching(app);
  const [stray, here, due, done, away] = [place.lines('stray'), place.lines('here'), inTurn(place.lines('expected')), place.lines('counted'), place.lines('away')];
  const { disasters } = place.pack;
  return { title: place.name, sub: disasters.map(({ name, drill }) => (drill ? `${RELIEF.drill}：${name}` : name)).join('、') || RELIEF.heading,
    back: '/app/', live: true,
    body: [
      ...await cardNotice(app),
      place.fetched ? null : notice('info', RELIEF.notFetched, RELIEF.notFetchedHint),
      strays(app, place, stray),
      section(RELIEF.waiting(here.length), here, (line) => toCount(place, line)),
      h('section', { class: 'app-stack' }, h('h2', {}, RELIEF.expected(due.length)),
        due.length ? list(due, (line) => dueLine(place, line)) : h('p', { class: 'app-note' }, RELIEF.nothingDue)),
      needs(place),
      section(RELIEF.counted(done.length), done, (line) => toCount(place, line)),
      section(RELIEF.outsides(place.view.outside.length), [...place.view.outside].reverse(), (each) => outsideLine(place, each)),
      section(RELIEF.away(away.length), away, (line) => h('li', {}, h('div', {}, words(place, line, place.shelterName(line.story.forwarded_to))))),
      h('nav', { class: 'app-menu', 'aria-label': RELIEF.heading },
        menuRow(`${place.base}/outside`, 'plus', RELIEF.outside, RELIEF.outsideHint),
        menuRow('/app/correct', 'undo', RELIEF.correct, '')),
      place.fetched ? h('p', { class: 'app-note' }, RELIEF.asOf(moment(place.pack.server_at))) : null,
    ],
    foot: [linkButton(RELIEF.take, `${place.base}/scan`, { mark: 'scan' })] };
}

/** First of all: boxes that stand here and are meant for others. @param {import('../app.js').App} app @param {Place} place @param {Line[]} lines */
function strays(app, place, lines) {
  if (lines.length === 0) return null;
  return h('section', { class: 'app-stack' }, h('h2', {}, RELIEF.stray(lines.length)), h('p', { class: 'app-note' }, RECEIVE.elsewhereHint),
    h('ul', { class: 'app-lines' }, lines.map((line) => strayLine(app, place, line, place.base))));
}

/** What is due first comes first. @param {Line[]} lines */
const inTurn = (lines) => lines.sort((one, other) => (one.box.eta ?? Infinity) - (other.box.eta ?? Infinity) || one.box.match.localeCompare(other.box.match) || one.box.k - other.box.k);

/** How this phone stands with its shelter's card. @param {import('../app.js').App} app */
async function cardNotice(app) {
  const card = await cardOf(app.store);
  if (!card || card.state === 'active') return [];
  const { card: said } = await reliefTables();
  return [card.state === 'refused' ? notice('error', card.text) : notice('info', said.ready.replace('{shelter}', card.name), said.waiting)];
}

/** @template Row @param {string} title @param {Row[]} rows @param {(row: Row) => Element} draw */
function section(title, rows, draw) {
  return rows.length ? h('section', { class: 'app-stack' }, h('h2', {}, title), list(rows, draw)) : null;
}

/** @template Row @param {Row[]} rows @param {(row: Row) => Element} draw */
function list(rows, draw) {
  const more = rows.length - SHOWN;
  return h('div', { class: 'app-stack' }, h('ul', { class: 'app-lines app-lines--pick' }, rows.slice(0, SHOWN).map(draw)),
    more > 0 ? h('p', { class: 'app-note' }, RELIEF.more(more)) : null);
}

/** @param {Place} place @param {Line} line @param {string} [more] */
function words(place, { box, row }, more = '') {
  const what = box.quantity ? `${box.quantity.toLocaleString('ja-JP')}${box.unit}` : '';
  const part = box.n > 1 ? `${box.k}/${box.n}` : '';
  return h('span', { class: 'app-lines__words' }, h('b', {}, [place.nameOf(box), what].filter(Boolean).join('　')),
    h('small', {}, [part, more].filter(Boolean).join('　')), isPast(box) ? h('small', { class: 'app-late' }, icon('alert', 's'), COUNT_BOX.past) : null, stand(row));
}

/** @param {Place} place @param {Line} line */
const toCount = (place, line) => h('li', {}, h('a', { href: `${place.base}/count/${line.box.code}` }, words(place, line, fate(line)), icon('next')));

/** @param {Place} place @param {Line} line */
const dueLine = (place, line) => h('li', {}, h('div', {}, words(place, line, line.box.state === 'requested' ? RELIEF.notSent : line.box.eta ? RELIEF.due(day(line.box.eta)) : '')));

/** @param {Place} place @param {import('../supplies/fold.js').Outside} each */
function outsideLine(place, { row, at, item, variant, quantity }) {
  const unit = place.tables.units[place.itemOf(item)?.unit ?? ''] ?? '';
  return h('li', {}, h('div', {}, h('span', { class: 'app-lines__words' }, h('b', {}, `${place.itemText(item, variant)}　${quantity.toLocaleString('ja-JP')}${unit}`),
    h('small', {}, moment(at)), wasPast(row) ? h('small', { class: 'app-late' }, icon('alert', 's'), OUTSIDE.pastShort) : null, stand(row))));
}

/** Its date was past when it came. @param {Kept} row */
function wasPast({ p }) {
  const { body, at, off } = /** @type {import('../types.js').Scan} */ (JSON.parse(p));
  return isOver(Number(body.best_before ?? 0), at + (off ?? 0));
}

/** @type {Record<string, {mark: string, look: string}>} */
const LOOKS = { pending: { mark: 'clock', look: 'app-lines__state' }, ok: { mark: 'check-circle', look: 'app-lines__state' },
  waiting: { mark: 'clock', look: 'app-lines__state' }, attention: { mark: 'alert', look: 'app-late' }, refused: { mark: 'stop', look: 'app-late' } };

/** Where this phone's record of it stands: on the disk, with the server, and what the server found. @param {Kept|null} row */
function stand(row) {
  if (!row) return null;
  const verdict = row.receipt?.verdict ?? 'ok';
  const said = { pending: OUTBOX.saved, sent: OUTBOX.mark[verdict], refused: OUTBOX.refused, stuck: OUTBOX.stuck }[row.state];
  const { mark, look } = LOOKS[row.state === 'sent' ? verdict : row.state] ?? LOOKS.refused;
  return h('small', { class: look }, icon(mark, 's'), [said, foundIn(row)].filter(Boolean).join('：'));
}

/** @param {Kept} row */
const foundIn = ({ receipt }) => receipt?.text || (receipt?.findings ?? []).map(({ text }) => text).join(' ');

/** @param {Place} place */
function needs({ pack }) {
  const open = pack.needs.filter(({ arrived, required }) => arrived < required);
  return open.length ? h('section', { class: 'app-stack' }, h('h2', {}, RELIEF.needs(moment(pack.server_at))), h('ul', { class: 'app-cards' }, open.slice(0, SHOWN).map((need) => h('li', {}, needBar(need))))) : null;
}
