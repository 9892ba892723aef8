// Hand-over, the giver's first part: who takes, which cages. Then the other phone reads it (give.js); only where that is not
// possible it is recorded on this phone alone, and flagged.

import { rolesOf } from '../app.js';
import { h } from '../components/dom.js';
import { shortHash } from '../components/format.js';
import { button, linkButton, notice, sheet } from '../components/frame.js';
import { facts, personChoice } from '../components/form.js';
import { offer, openDeals } from '../exchange/deal.js';
import { HANDOVER, JOB, ROLES } from '../messages.js';
import { GIVE, PASS } from '../messages-handover.js';
import { finish } from './finish.js';
import { absent } from './home.js';
import { isTheirTurn, taskOf } from './tasks.js';
import { openWork } from './work.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../app.js').Screen} Screen */
/** @typedef {import('../types.js').Cage} Cage */
/** @typedef {import('./work.js').Work} Work */

const RECEIVERS = ['itad_receiver', 'itad_checker', 'itad_manager'];

/** @param {App} app @param {import('../app.js').Where} where @returns {Promise<Screen>} */
export async function handover(app, { parts: [id, only] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(id)}`;
  const waiting = await waitingRows(work);
  const { cages } = taskOf(work.view, 'handover', work.actor, rolesOf(app));
  if (cages.length === 0) return nothing(back, waiting, isTheirTurn(work.view, 'handover', rolesOf(app)));
  const toDriver = cages.some((cage) => cage.state === 'locked');
  const offered = cages.filter((cage) => (cage.state === 'locked') === toDriver);
  const picks = offered.map((cage) => cageTick(cage, !only || only === cage.code));
  const to = personChoice(work.pack, { label: HANDOVER.receiver, must: HANDOVER.receiverMust, roles: toDriver ? ['driver'] : RECEIVERS,
    except: work.actor, words: (role) => ROLES[role] ?? role });
  const go = button('', () => give(), { mark: 'handover' });
  const words = /** @type {HTMLElement} */ (go.querySelector('span'));
  const chosen = () => picks.filter((pick) => pick.input.checked).map((pick) => pick.cage);
  const draw = () => { words.textContent = GIVE.go(chosen().length); };
  picks.forEach((pick) => pick.input.addEventListener('change', draw));
  draw();
  /** What was chosen, or null after saying what is missing. */
  const plan = () => {
    const taker = to.some ? to.take() : '';
    const list = chosen();
    if (taker !== null && list.length === 0) app.complain(HANDOVER.cagesMust, '');
    return taker === null || list.length === 0 ? null : { taker, list };
  };
  const give = async () => {
    const made = plan();
    if (made) await start(app, work, made.list, made.taker, back);
  };
  const alone = async () => {
    const made = plan();
    if (made) await onePhone(app, work, made.list, made.taker, back);
  };
  return { title: HANDOVER.title, sub: toDriver ? HANDOVER.toDriver : HANDOVER.toItad, back,
    body: [...waiting, facts([[HANDOVER.giver, nameAndPlace(app)]]), to.element,
      h('fieldset', { class: 'field' }, h('legend', { class: 'field__label' }, HANDOVER.cages),
        h('div', { class: 'choices', 'data-kind': 'tiles' }, picks.map((pick) => pick.element))),
      toDriver ? linkButton(PASS.giveRow, `${back}/pass`, { rank: 'plain', mark: 'person' }) : null,
      button(GIVE.onePhone, alone, { rank: 'plain', mark: 'phone' })],
    foot: [go] };
}

/** Who gives; a substitute belongs to no organisation that this phone knows. @param {App} app */
function nameAndPlace(app) {
  const { name = '', organisation } = app.me?.person ?? {};
  return organisation?.name ? `${name}（${organisation.name}）` : name;
}

/** @param {string} back @param {HTMLElement[]} waiting @param {boolean} theirs @returns {Screen} */
const nothing = (back, waiting, theirs) => ({ title: HANDOVER.title, back, body: [...waiting, waiting.length ? null : notice('info', theirs ? JOB.theirs : HANDOVER.none)],
  foot: [linkButton(JOB.toJob, back, { rank: waiting.length ? 'second' : 'main' })] });

/** Hand-overs that were shown and not answered: the app was closed, or the other one is still looking. @param {Work} work */
async function waitingRows(work) {
  return (await openDeals(work)).map(({ nonce, offers }) => notice('warn', GIVE.waiting,
    h('p', {}, `${GIVE.to(work.person(String(offers[0].scan.body.to)))}　${offers.map(({ scan }) => work.nameOf(scan.code)).join('、')}`),
    linkButton(GIVE.waitingGo, `/app/job/${encodeURIComponent(work.id)}/give/${nonce}`, { mark: 'handover' })));
}

/** The offers are signed and on disk before anything is shown. @param {App} app @param {Work} work @param {Cage[]} cages
 * @param {string} to @param {string} back */
async function start(app, work, cages, to, back) {
  try {
    app.go(`${back}/give/${await offer(work, cages, to)}`, { replace: true });
  } catch (problem) {
    console.error(problem);
    app.complain(HANDOVER.failed, /** @type {{code?: string}} */ (problem)?.code ?? '');
  }
}

/** A dead phone on the other side: the giver's signature alone, and a question on the list. @param {App} app @param {Work} work
 * @param {Cage[]} cages @param {string} to @param {string} back */
async function onePhone(app, work, cages, to, back) {
  const sure = await sheet(GIVE.onePhone, (close) => ({ body: [notice('warn', GIVE.onePhoneHint)],
    foot: [button(GIVE.onePhoneGo(cages.length), () => close(true), { mark: 'check' })] }));
  if (!sure) return;
  const judged = work.decide('handed_over', cages[0].code);
  await finish(app, () => offer(work, cages, to), { words: HANDOVER.done(work.person(to)), judged, work, path: back });
}

/** A cage with a tick, its seal and the mark of its list. @param {Cage} cage @param {boolean} on */
function cageTick(cage, on) {
  const input = h('input', { type: 'checkbox', class: 'choice__box', checked: on });
  const element = h('label', { class: 'choice' }, input, h('span', { class: 'app-choice__words' },
    h('b', {}, `${cage.name || cage.code}　${HANDOVER.count(cage.manifest.length)}`), h('small', {}, JOB.seal(cage.seal || '—')),
    h('span', { class: 'app-hash' }, shortHash(cage.manifest_hash))));
  return { cage, input, element };
}
