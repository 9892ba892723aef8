// The camera on another phone's screen: gathers the parts of what is shown, opens it, and says what is wrong with it.

import { desk } from '../components/desk.js';
import { h } from '../components/dom.js';
import { DealError, opened } from '../exchange/deal.js';
import { isPass } from '../exchange/pass.js';
import { ExchangeError, Gathering, decode } from '../exchange/text.js';
import { least, trustIn } from '../exchange/trust.js';
import { WORDS, WRONG } from '../messages-handover.js';
import { stranger } from './sweep.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../app.js').Screen} Screen */
/** @typedef {import('../exchange/deal.js').Act} Act */
/** @typedef {import('../exchange/trust.js').Trust} Trust */
/** @typedef {import('../components/desk.js').Outcome} Outcome */

/** @typedef {object} ShownPlan
 * @property {string} title
 * @property {string} hud
 * @property {string} back
 * @property {string[]} prefixes
 * @property {import('../exchange/text.js').Kind} kind what is looked for
 * @property {(acts: Act[], passes: Act[]) => Promise<void>} onWhole acts on it and leaves the screen; may throw DealError.
 *   `passes`: day passes that came beside a hand-over */

/** @param {App} app @param {ShownPlan} plan @returns {Screen} */
export function shownDesk(app, plan) {
  const gathering = new Gathering();
  let over = false;
  const table = desk(app, { prefixes: plan.prefixes, hud: plan.hud, shown: true, onRead: async ({ kind, ...read }) => {
    if (kind !== 'exchange') return stranger({ kind, ...read });
    if (over) return null;
    try {
      const text = await gathering.take(read.text);
      if (!text) return partly(gathering);
      await whole(text, plan);
      over = true;
      return null;
    } catch (problem) {
      return wrong(problem);
    }
  } });
  return { title: plan.title, back: plan.back, shape: 'scan',
    body: [table.element, table.said, h('div', { class: 'app-scan__panel' }, table.tools)], foot: [], leave: table.leave };
}

const NOT = /** @type {const} */ ({ offer: 'not_a_hand_over', answer: 'not_an_answer', phone: 'not_a_phone', pass: 'not_a_pass' });

/** @param {string} text @param {ShownPlan} plan */
async function whole(text, plan) {
  const { kind, signed } = await decode(text);
  if (kind !== plan.kind) throw new DealError(NOT[plan.kind]);
  const acts = opened(signed);
  if (kind === 'pass') return plan.onWhole(acts, []);
  await plan.onWhole(acts.filter(({ scan }) => !isPass(scan)), acts.filter(({ scan }) => isPass(scan)));
}

/** @param {Gathering} gathering @returns {Outcome} */
function partly({ progress: { seen, of } }) {
  return { verdict: 'read', words: WORDS.parts(seen, of), detail: WORDS.partsHint };
}

/** @param {unknown} problem @returns {Outcome} */
function wrong(problem) {
  const code = problem instanceof DealError ? problem.code : problem instanceof ExchangeError ? 'unreadable' : '';
  if (!code) throw problem;
  return { verdict: code === 'unreadable' ? 'unknown' : 'attention', words: WRONG[code].words, detail: WRONG[code].hint };
}

/** What is known of the signatures of these acts, the worst of them. @param {import('./work.js').Work} work @param {Act[]} acts
 * @returns {Promise<Trust>} */
export const trustOf = async (work, acts) =>
  least(await Promise.all(acts.map(({ p, s, scan }) => trustIn(work.pack, { p, s }, scan))));

/** A signature that is not the one's whose it should be ends a hand-over. Throws DealError. @param {Trust} trust */
export function demand(trust) {
  if (trust === 'forged' || trust === 'late') throw new DealError(trust);
}
