// 訂正: a mistake is undone by a record of its own; the mistaken one stays.

import { h } from '../components/dom.js';
import { moment } from '../components/format.js';
import { button, linkButton } from '../components/frame.js';
import { choice, facts, textField } from '../components/form.js';
import { icon } from '../components/icon.js';
import { keep, kept as keptScans } from '../intake/outbox.js';
import { tablesInUse } from '../custody/rules.js';
import { CORRECT } from '../messages.js';
import { UNDO_BOX } from '../messages-relief.js';
import { finish } from './finish.js';
import { about, rowTitle } from './outbox.js';
import { isRelief, placesOf } from './relief-words.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../types.js').Kept} Kept */
/** @typedef {import('./relief-words.js').Places} Places */

const SHOWN = 50;
/** In the order in which people make these mistakes; the names are the contract's. */
const REASONS = ['wrong_sticker', 'wrong_cage', 'wrong_count', 'wrong_step', 'not_listed', 'other'];

/** @param {App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function correct(app, { query }) {
  const all = await keptScans(app.store, query.get('job') ? { job: query.get('job') ?? '' } : {});
  const wanted = query.get('scan');
  const row = wanted ? all.find((each) => each.id === wanted) : null;
  if (!row) return list(await placesOf(app, all), all, query.get('job'));
  return isRelief(row) ? undoBox(app, row, await placesOf(app, [row])) : form(app, row);
}

/** Ids already undone on this phone. @param {Kept[]} all @returns {Set<string>} */
function undone(all) {
  return new Set(all.filter((row) => row.step === 'void').map((row) => String(/** @type {{body: {target?: string}}} */ (JSON.parse(row.p)).body.target)));
}

/** @param {Places} places @param {Kept[]} all @param {string|null} job @returns {import('../app.js').Screen} */
function list(places, all, job) {
  const gone = undone(all);
  const rows = all.filter((row) => row.step !== 'void' && row.mine !== false && row.state !== 'refused').reverse().slice(0, SHOWN);
  const link = (/** @type {Kept} */ row) => `/app/correct?scan=${row.id}${job ? `&job=${encodeURIComponent(job)}` : ''}`;
  return { title: CORRECT.title, back: job ? `/app/job/${encodeURIComponent(job)}` : '/app/',
    body: [h('p', { class: 'app-lead' }, rows.length ? CORRECT.hint : CORRECT.none),
      h('ul', { class: 'app-lines app-lines--pick' }, rows.map((row) => h('li', { 'data-kind': gone.has(row.id) ? 'gone' : null },
        gone.has(row.id) ? h('div', {}, words(row, places), h('small', {}, CORRECT.voided)) : h('a', { href: link(row) }, words(row, places), icon('next')))))],
    foot: [] };
}

/** @param {Kept} row @param {Places} places */
function words(row, places) {
  const { what, more } = about(row, places);
  const cage = row.summary.cage && row.summary.cage !== row.summary.name ? `　${row.summary.cage}` : '';
  return h('span', { class: 'app-lines__words' }, h('b', {}, `${rowTitle(row)}　${what}`), more ? h('small', {}, more) : null,
    h('small', {}, `${moment(row.kept_at)}${cage}`));
}

/** @param {App} app @param {Kept} row @returns {import('../app.js').Screen} */
function form(app, row) {
  const reason = choice({ label: CORRECT.reason, must: CORRECT.reasonMust,
    options: REASONS.map((value) => ({ value, label: tablesInUse().void_reasons[value] ?? value })) });
  const note = textField({ label: CORRECT.note, hint: CORRECT.noteHint });
  const back = row.job ? `/app/job/${encodeURIComponent(row.job)}` : '/app/';
  const record = async () => {
    const why = reason.take();
    if (why === null) return;
    const text = note.take() ?? '';
    await finish(app, () => keep(app.store, { log: row.log, job: row.job, actor: row.actor, step: 'void', code: row.code, parent: row.parent,
      src: 'form', said: 'ok', body: { target: row.id, reason: why } },
    { open: text ? { note: text } : undefined, summary: { step: 'void', code: row.code, name: row.summary.name, cage: row.summary.cage } }),
    { words: CORRECT.done, path: back });
  };
  const cage = row.summary.cage ?? '';
  return { title: CORRECT.title, sub: CORRECT.which, back: '/app/correct',
    body: [facts([['作業', rowTitle(row)], ['もの', row.summary.name || row.code], ['かご車', cage], ['時刻', moment(row.kept_at)]]),
      reason.element, note.element],
    foot: [button(CORRECT.go, record, { mark: 'undo' }), linkButton('やめる', '/app/correct', { rank: 'plain' })] };
}

/** A box scanned by mistake: one tap, nothing to explain. @param {App} app @param {Kept} row @param {Places} places @returns {import('../app.js').Screen} */
function undoBox(app, row, places) {
  const { what, more } = about(row, places);
  const { place, job } = /** @type {import('../types.js').Scan} */ (JSON.parse(row.p));
  const path = `/app/relief/${encodeURIComponent(place)}`;
  const name = row.summary.name || row.code;
  const record = () => finish(app, () => keep(app.store, { kind: 'supplies.scan', log: row.log, job, place, actor: row.actor, step: 'void', code: row.code,
    src: 'form', said: 'ok', body: { target: row.id } }, { summary: { step: 'void', code: row.code, name, cage: row.summary.cage } }), { words: CORRECT.done, path });
  return { title: CORRECT.title, sub: CORRECT.which, back: '/app/correct',
    body: [facts([['作業', rowTitle(row)], ['もの', [what, more].filter(Boolean).join('　')], ['場所', row.summary.cage ?? ''], ['時刻', moment(row.kept_at)]]), h('p', { class: 'app-lead' }, UNDO_BOX.hint)],
    foot: [button(UNDO_BOX.go, record, { mark: 'undo' }), linkButton('やめる', '/app/correct', { rank: 'plain' })] };
}
