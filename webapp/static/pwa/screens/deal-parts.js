// What both screens of a finished hand-over show: the eight words, what was refused, whose signature it is.

import { h } from '../components/dom.js';
import { button, linkButton, notice } from '../components/frame.js';
import { refusals, spoken } from '../exchange/deal.js';
import { TRUST, WORDS } from '../messages-handover.js';
import { tell } from '../feedback.js';
import { finish } from './finish.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('./work.js').Work} Work */
/** @typedef {import('../exchange/deal.js').Deal} Deal */

/** Words to compare, and both answers to it. @param {App} app @param {Deal} deal
 * @param {{name: string, back: string, again: string}} place
 * @returns {Promise<Pick<import('../app.js').Screen, "foot"> & {words: HTMLElement}>} */
export async function comparing(app, deal, { name, back, again }) {
  const warning = h('div', { role: 'alert' });
  const words = h('section', { class: 'app-stack', 'aria-labelledby': 'words' }, h('h2', { id: 'words' }, WORDS.title), h('p', { class: 'app-note' }, WORDS.how),
    h('ol', { class: 'app-words', role: 'list', 'aria-label': WORDS.list }, (await spoken(deal)).map((word) => h('li', { class: 'app-words__word' }, word))), warning);
  const differ = () => {
    tell('attention');
    warning.replaceChildren(notice('error', WORDS.differTitle, h('p', {}, WORDS.differHint), linkButton(WORDS.reread, again, { rank: 'second' })));
    warning.scrollIntoView({ block: 'center' });
  };
  const same = () => finish(app, () => Promise.resolve(), { words: WORDS.kept(name), path: back });
  return { words, foot: [button(WORDS.same, same, { mark: 'check' }), button(WORDS.differ, differ, { rank: 'second', mark: 'cross' })] };
}

/** @param {import('../exchange/trust.js').Trust} trust */
export function trustBox(trust) {
  const { kind, words, hint } = TRUST[trust];
  return notice(kind, words, hint || null);
}

/** Cages that were refused, with the reason; nothing where all were taken. @param {Work} work @param {Deal} deal */
export function outcomeRows(work, deal) {
  return refusals(deal).map(({ scan }) => {
    const why = work.view.tables.decline_reasons[String(scan.body.reason)] ?? '';
    const mine = scan.actor === work.actor;
    return notice('warn', mine ? WORDS.refusedByMe(work.nameOf(scan.code), why) : WORDS.refusedSome(work.nameOf(scan.code), why), WORDS.stays);
  });
}
