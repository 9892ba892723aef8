// Hand-over, the giver's second part: the QR for the other phone, then its answer, then the eight words.

import { h } from '../components/dom.js';
import { shortHash } from '../components/format.js';
import { button, linkButton, notice, sheet } from '../components/frame.js';
import { facts } from '../components/form.js';
import { showing } from '../components/symbol.js';
import { dealOf, fitting, hold, isDone, withdraw } from '../exchange/deal.js';
import { honour, vouchers } from '../exchange/pass.js';
import { encode } from '../exchange/text.js';
import { JOB } from '../messages.js';
import { GIVE, TAKE, WORDS } from '../messages-handover.js';
import { finish } from './finish.js';
import { absent } from './home.js';
import { comparing, outcomeRows, trustBox } from './deal-parts.js';
import { demand, shownDesk, trustOf } from './shown.js';
import { openWork } from './work.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../app.js').Screen} Screen */
/** @typedef {import('./work.js').Work} Work */
/** @typedef {import('../exchange/deal.js').Deal} Deal */

/** @param {App} app @param {import('../app.js').Where} where @returns {Promise<Screen>} */
export async function give(app, { parts: [id, nonce] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(id)}`;
  const deal = await dealOf(work, nonce);
  if (deal.offers.length === 0) return { title: GIVE.title, back, body: [notice('info', GIVE.nothing)], foot: [linkButton(JOB.toJob, back)] };
  return isDone(deal) ? ended(app, work, deal, back) : shown(app, work, deal, back);
}

/** @param {App} app @param {Work} work @param {Deal} deal @param {string} back @returns {Promise<Screen>} */
async function shown(app, work, deal, back) {
  const { offers, nonce } = deal;
  const symbol = await showing(await encode('offer', [...vouchers(work), ...offers]), GIVE.symbol);
  const stop = () => cancel(app, work, deal, back);
  return { title: GIVE.title, sub: GIVE.to(work.person(String(offers[0].scan.body.to))), back: `${back}/handover`,
    body: [symbol.element, h('p', { class: 'app-lead' }, GIVE.how),
      facts(offers.map(({ scan: { code, body } }) => [TAKE.cage(work.nameOf(code), Number(body.count)),
        h('span', {}, JOB.seal(String(body.seal || '—')), h('br', {}), h('span', { class: 'app-hash' }, shortHash(String(body.manifest_hash))))])),
      button(GIVE.cancel, stop, { rank: 'plain', mark: 'cross' })],
    foot: [linkButton(GIVE.read, `${back}/give/${nonce}/read`, { mark: 'scan' })], leave: symbol.leave };
}

/** @param {App} app @param {Work} work @param {Deal} deal @param {string} back */
async function cancel(app, work, deal, back) {
  const sure = await sheet(GIVE.cancelSure, (close) => ({ body: [h('p', {}, GIVE.cancelHint)],
    foot: [button(GIVE.cancelGo, () => close(true), { mark: 'cross' })] }));
  if (sure) await finish(app, () => withdraw(work, deal), { words: GIVE.cancelled, path: back });
}

/** @param {App} app @param {Work} work @param {Deal} deal @param {string} back @returns {Promise<Screen>} */
async function ended(app, work, deal, back) {
  const answers = [...deal.answers.values()];
  const name = work.person(answers[0].scan.actor) || work.person(String(deal.offers[0].scan.body.to));
  const { words, foot } = await comparing(app, deal, { name, back, again: `${back}/give/${deal.nonce}/read` });
  return { title: GIVE.ended, sub: GIVE.to(name), back, body: [words, ...outcomeRows(work, deal), trustBox(await trustOf(work, answers))], foot };
}

/** The giver's camera on the other phone's answer. @param {App} app @param {import('../app.js').Where} where @returns {Promise<Screen>} */
export async function readAnswer(app, { parts: [id, nonce] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(id)}/give/${nonce}`;
  return shownDesk(app, { title: GIVE.reading, hud: GIVE.hudRead, back, prefixes: work.prefixes, kind: 'answer', onWhole: async (acts, passes) => {
    await honour(work, passes);
    const deal = await dealOf(work, nonce);
    await fitting(deal, acts);
    demand(await trustOf(work, acts));
    await finish(app, () => hold(work, nonce, acts), { words: WORDS.kept(work.person(acts[0].scan.actor)), path: back });
  } });
}
