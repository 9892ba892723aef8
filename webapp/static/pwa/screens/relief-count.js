// Counting a box: as listed with one tap, or line by line. Whatever is there is right.

import { fill, h } from '../components/dom.js';
import { button, notice, sheet } from '../components/frame.js';
import { takeAll, textField } from '../components/form.js';
import { COUNT_BOX } from '../messages-relief.js';
import { finish } from './finish.js';
import { boxPanel, fate, isPast, wordsOf } from './relief-box.js';
import { fetching, openPlace } from './relief-place.js';

const MOST = 1_000_000;
const LINES = /** @type {const} */ (['good', 'damaged', 'expired']);

/** Full-width figures and marks between thousands are how people write numbers. @param {string} text */
export const figures = (text) => text.normalize('NFKC').replace(/[,、\s]/g, '');

/** @param {import('../app.js').App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function reliefCount(app, { parts: [id, code], query }) {
  const place = await openPlace(app, id);
  if (!place) return fetching(app);
  const line = place.view.lines.get(place.view.standsFor(code)) ?? null;
  const box = line?.box ?? place.boxOf(code);
  const back = query.get('from') === 'scan' ? `${place.base}/scan` : place.base;
  const name = place.nameOf(box);
  const keepCount = (/** @type {Record<string, unknown>} */ body) =>
    finish(app, () => place.record({ step: 'counted', code, src: 'form', said: 'ok', body }, { name }), { words: COUNT_BOX.done(name), path: back });
  const sum = h('p', { class: 'app-match__name', role: 'status' });
  const fields = LINES.map((each) => textField({ label: COUNT_BOX[each], hint: each === 'good' ? COUNT_BOX.hint : undefined, mode: 'numeric', tidy: figures,
    must: each === 'good' ? COUNT_BOX.nothing : undefined, check: (text) => (/^\d{1,7}$/.test(text) && Number(text) <= MOST ? '' : COUNT_BOX.whole), onInput: () => tally() }));
  const tally = () => {
    const told = fields.map(({ input }) => figures(input.value));
    const rest = box.quantity - told.reduce((all, each) => all + Number(each || 0), 0);
    const sense = box.quantity > 0 && told.some(Boolean) && Number.isFinite(rest);
    fill(sum, !sense ? '' : rest > 0 ? COUNT_BOX.missing(rest, box.unit) : rest < 0 ? COUNT_BOX.over(-rest, box.unit) : COUNT_BOX.even);
  };
  const record = async () => {
    const told = takeAll(fields);
    if (!told) return;
    const [good, damaged, expired] = told.map((text) => Number(text || 0));
    if (!await isMeant(box, good + damaged + expired)) return;
    await keepCount({ good, damaged, expired, missing: Math.max(0, box.quantity - good - damaged - expired) });
  };
  return { title: COUNT_BOX.title, sub: place.name, back,
    body: [
      boxPanel(wordsOf(place, box)),
      line?.state === 'counted' ? notice('info', fate(line), COUNT_BOX.before) : null,
      isPast(box) ? notice('warn', COUNT_BOX.past, COUNT_BOX.pastHint) : null,
      box.quantity ? null : notice('info', COUNT_BOX.unknown),
      button(COUNT_BOX.listed, () => keepCount({ as_listed: true }), { mark: 'check', big: true }),
      h('section', { class: 'app-stack' }, h('h2', {}, COUNT_BOX.or), ...fields.map(({ element }) => element), sum),
    ],
    foot: [button(COUNT_BOX.go, record, { rank: 'second' })] };
}

/** More than the label says can be true, and is mostly a slip of the hand: asked once, never refused. @param {import('../supplies/fold.js').Box} box
 * @param {number} told @returns {Promise<boolean>} */
async function isMeant({ quantity, unit }, told) {
  if (!quantity || told <= quantity) return true;
  const answer = await sheet(COUNT_BOX.sureTitle, (close) => ({
    body: [notice('warn', COUNT_BOX.sure(quantity, told, unit))],
    foot: [button(COUNT_BOX.sureGo(told, unit), () => close(true), { mark: 'check' }), button(COUNT_BOX.sureBack, () => close(false), { rank: 'second' })] }));
  return answer === true;
}
