// Hand-over, the receiver's part: read the giver's QR, compare it with the cage and with this phone's own copy, take or refuse
// each cage, and show the signed answer.

import { h, fill } from '../components/dom.js';
import { shortHash } from '../components/format.js';
import { button, linkButton, notice, sheet } from '../components/frame.js';
import { choice, facts } from '../components/form.js';
import { showing } from '../components/symbol.js';
import { DealError, dealOf, differences, isDone, offered, opened, reply } from '../exchange/deal.js';
import { honour, vouchers } from '../exchange/pass.js';
import { encode } from '../exchange/text.js';
import { jobs as jobsOf } from '../intake/packs.js';
import { JOB } from '../messages.js';
import { DECLINE_ORDER, GIVE, TAKE, WORDS } from '../messages-handover.js';
import { tell } from '../feedback.js';
import { comparing, outcomeRows, trustBox } from './deal-parts.js';
import { finish } from './finish.js';
import { absent } from './home.js';
import { demand, shownDesk, trustOf } from './shown.js';
import { openWork } from './work.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../app.js').Screen} Screen */
/** @typedef {import('./work.js').Work} Work */
/** @typedef {import('../exchange/deal.js').Act} Act */
/** @typedef {import('../exchange/text.js').Signed} Signed */

/** Where an offer that was read waits for an answer, so that a killed app comes back to it. */
const TAKING = 'taking';
const CHECK = '/app/take/check';

/** Whether an offer was read and not answered. @param {App} app */
export const isTaking = async (app) => Boolean(await app.store.meta(TAKING));

/** The camera on the giver's screen. @param {App} app @returns {Promise<Screen>} */
export async function take(app) {
  const jobs = await jobsOf(app.store);
  const prefixes = [location.origin.toUpperCase()];
  return shownDesk(app, { title: TAKE.title, hud: TAKE.hud, back: jobs.length === 1 ? `/app/job/${encodeURIComponent(jobs[0].id)}` : '/app/', prefixes,
    kind: 'offer', onWhole: (acts, passes) => consider(app, acts, passes) });
}

/** Keep what was read until it is answered, and on to the questions. Throws DealError. @param {App} app @param {Signed[]} signed
 * @param {Act[]} passes day passes of the giver */
async function consider(app, signed, passes) {
  const { job, giver, acts } = offered(signed);
  const work = await openWork(app, job);
  if (!work) throw new DealError('no_job');
  if (giver === work.actor) throw new DealError('own');
  await honour(work, passes);
  demand(await trustOf(work, acts));
  await app.store.setMeta(TAKING, signed.map(({ p, s }) => ({ p, s })));
  tell('read');
  app.go(CHECK, { replace: true });
}

/** What is offered, beside what this phone knows. @param {App} app @returns {Promise<Screen>} */
export async function check(app) {
  const signed = /** @type {Signed[]|undefined} */ (await app.store.meta(TAKING));
  if (!signed) return { title: TAKE.check, back: '/app/', body: [notice('info', TAKE.nothing)], foot: [linkButton(TAKE.go, '/app/take', { mark: 'scan' })] };
  const { acts, job, giver, to, nonce } = offered(opened(signed));
  const work = await openWork(app, job);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(job)}`;
  /** @type {Map<string, string>} */
  const reasons = new Map();
  const go = button('', () => answer(), { mark: 'check' });
  const words = /** @type {HTMLElement} */ (go.querySelector('span'));
  const draw = () => {
    const no = reasons.size;
    words.textContent = no ? TAKE.answer(acts.length - no, no) : TAKE.accept(acts.length);
    if (no === acts.length) go.dataset.kind = 'second';
    else delete go.dataset.kind;
  };
  draw();
  const answer = () => finish(app, async () => {
    await reply(work, acts, reasons);
    await app.store.setMeta(TAKING, null);
  }, { words: WORDS.kept(work.person(giver)), path: `${back}/took/${nonce}` });
  const later = async () => {
    await app.store.setMeta(TAKING, null);
    app.go(back, { replace: true });
  };
  return { title: TAKE.check, sub: TAKE.fromWhom(work.person(giver)), back,
    body: [to === work.actor ? null : notice('warn', TAKE.notYou(work.person(to)), h('p', {}, TAKE.notYouHint)), trustBox(await trustOf(work, acts)),
      ...acts.map((act) => offerCard(work, act, reasons, draw)), h('p', { class: 'app-lead' }, TAKE.look),
      button(TAKE.later, later, { rank: 'plain', mark: 'cross' })],
    foot: [go] };
}

/** One cage: what, how many, which seal and mark, what differs from this phone's copy; and the way to refuse it.
 * @param {Work} work @param {Act} act @param {Map<string, string>} reasons @param {() => void} changed */
function offerCard(work, { scan }, reasons, changed) {
  const { code, body } = scan;
  const cage = work.view.cages.get(code);
  const odd = new Map(differences(scan, cage).map((each) => [each.what, each.ours]));
  const row = (/** @type {"seal"|"count"|"manifest"} */ what, /** @type {string} */ theirs, /** @type {(value: string) => string} */ show) =>
    /** @type {[string, Node]} */ ([TAKE[what], odd.has(what) ? versus(show(theirs), show(odd.get(what) ?? '')) : h('b', { class: 'app-offer__value' }, show(theirs) || '—')]);
  const said = h('div', { role: 'status' });
  const act = h('div', {});
  const redraw = () => {
    const why = work.view.tables.decline_reasons[reasons.get(code) ?? ''];
    fill(said, why ? notice('warn', TAKE.refused(why)) : null);
    fill(act, why ? button(TAKE.takeBack, () => { reasons.delete(code); redraw(); changed(); }, { rank: 'plain', mark: 'undo' })
      : button(TAKE.refuseCage, refuse, { rank: 'plain', mark: 'stop' }));
  };
  const refuse = async () => {
    const why = await askWhy(work);
    if (why) reasons.set(code, why);
    redraw();
    changed();
  };
  redraw();
  return h('section', { class: 'app-offer', 'data-odd': odd.size > 0 },
    h('h2', { class: 'app-offer__name' }, TAKE.cage(work.nameOf(code), Number(body.count) || 0)),
    odd.size ? notice('error', TAKE.differs) : notice(cage?.manifest_hash ? 'ok' : 'warn', cage?.manifest_hash ? TAKE.same : TAKE.noCopy),
    facts([row('seal', String(body.seal ?? ''), (value) => value), row('count', String(body.count ?? ''), (value) => value && `${value}台`),
      row('manifest', String(body.manifest_hash ?? ''), (value) => value && shortHash(value))]), said, act);
}

/** Two values that should be one. @param {string} theirs @param {string} ours */
const versus = (theirs, ours) => h('span', { class: 'app-offer__versus' },
  h('span', {}, h('small', {}, TAKE.theirs), h('b', {}, theirs || '—')), h('span', {}, h('small', {}, TAKE.ours), h('b', {}, ours || '—')));

/** @param {Work} work @returns {Promise<string>} "" if the person thought better of it */
async function askWhy(work) {
  const reasons = work.view.tables.decline_reasons;
  const field = choice({ label: TAKE.reason, must: TAKE.reasonMust, options: DECLINE_ORDER.map((value) => ({ value, label: reasons[value] ?? value })) });
  const why = await sheet(TAKE.refuseCage, (close) => ({ body: [field.element],
    foot: [button(TAKE.reasonGo, () => { const picked = field.take(); if (picked) close(picked); }, { mark: 'stop' })] }));
  return typeof why === 'string' ? why : '';
}

/** The signed answer for the giver's camera. @param {App} app @param {import('../app.js').Where} where @returns {Promise<Screen>} */
export async function took(app, { parts: [id, nonce] }) {
  const found = await answered(app, id, nonce);
  if ('title' in found) return found;
  const { deal, back, name, work } = found;
  const answers = deal.offers.map(({ scan }) => /** @type {Act} */ (deal.answers.get(scan.id)));
  const symbol = await showing(await encode('answer', [...vouchers(work), ...answers]), WORDS.symbol);
  return { title: WORDS.show, sub: TAKE.fromWhom(name), back,
    body: [symbol.element, h('p', { class: 'app-lead' }, WORDS.showHow), ...outcomeRows(work, deal)],
    foot: [linkButton(WORDS.toWords, `${back}/took/${nonce}/words`, { mark: 'sound' })], leave: symbol.leave };
}

/** The eight words on the receiver's screen. @param {App} app @param {import('../app.js').Where} where @returns {Promise<Screen>} */
export async function tookWords(app, { parts: [id, nonce] }) {
  const found = await answered(app, id, nonce);
  if ('title' in found) return found;
  const { deal, back, name, work } = found;
  const again = `${back}/took/${nonce}`;
  const { words, foot } = await comparing(app, deal, { name, back, again });
  return { title: TAKE.ended, sub: TAKE.fromWhom(name), back: again, body: [words, ...outcomeRows(work, deal)], foot };
}

/** A hand-over that this phone's owner has answered; else the screen that says so. @param {App} app @param {string} id
 * @param {string} nonce @returns {Promise<Screen|{work: Work, deal: import('../exchange/deal.js').Deal, back: string, name: string}>} */
async function answered(app, id, nonce) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(id)}`;
  const deal = await dealOf(work, nonce);
  if (!isDone(deal)) return { title: TAKE.title, back, body: [notice('info', GIVE.nothing)], foot: [linkButton(JOB.toJob, back)] };
  return { work, deal, back, name: work.person(deal.offers[0].scan.actor) };
}
