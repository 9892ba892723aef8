// Hand-over: who gives, who takes, which cages; the short mark of each list lets two people compare aloud.

import { rolesOf } from '../app.js';
import { h } from '../components/dom.js';
import { shortHash } from '../components/format.js';
import { button, linkButton, notice } from '../components/frame.js';
import { facts, personChoice } from '../components/form.js';
import { HANDOVER, JOB, ROLES } from '../messages.js';
import { finish } from './finish.js';
import { absent } from './home.js';
import { taskOf } from './tasks.js';
import { openWork } from './work.js';

/** @typedef {import('../types.js').Cage} Cage */
/** @typedef {import('./work.js').Work} Work */

const RECEIVERS = ['itad_receiver', 'itad_checker', 'itad_manager'];

/** @param {import('../app.js').App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function handover(app, { parts: [id, only] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(id)}`;
  const { cages } = taskOf(work.view, 'handover', work.actor, rolesOf(app));
  if (cages.length === 0) return { title: HANDOVER.title, back, body: [notice('info', HANDOVER.none)], foot: [linkButton(JOB.toJob, back)] };
  const toDriver = cages.some((cage) => cage.state === 'locked');
  const offered = cages.filter((cage) => (cage.state === 'locked') === toDriver);
  const picks = offered.map((cage) => cageTick(cage, !only || only === cage.code));
  const to = personChoice(work.pack, { label: HANDOVER.receiver, must: HANDOVER.receiverMust, roles: toDriver ? ['driver'] : RECEIVERS,
    except: work.actor, words: (role) => ROLES[role] ?? role });
  const go = button('', () => record(), { mark: 'truck' });
  const words = /** @type {HTMLElement} */ (go.querySelector('span'));
  const chosen = () => picks.filter((pick) => pick.input.checked).map((pick) => pick.cage);
  const draw = () => { words.textContent = HANDOVER.go(chosen().length); };
  picks.forEach((pick) => pick.input.addEventListener('change', draw));
  draw();
  const record = async () => {
    const taker = to.some ? to.take() : '';
    if (taker === null) return;
    const list = chosen();
    if (list.length === 0) return app.complain(HANDOVER.cagesMust, '');
    const judged = work.decide('handed_over', list[0].code);
    await finish(app, () => keepAll(work, list, taker), { words: HANDOVER.done(work.person(taker)), judged, work, path: back });
  };
  return { title: HANDOVER.title, sub: toDriver ? HANDOVER.toDriver : HANDOVER.toItad, back,
    body: [facts([[HANDOVER.giver, `${app.me?.person.name ?? ''}（${app.me?.person.organisation.name ?? ''}）`]]), to.element,
      h('fieldset', { class: 'field' }, h('legend', { class: 'field__label' }, HANDOVER.cages),
        h('div', { class: 'choices', 'data-kind': 'tiles' }, picks.map((pick) => pick.element))),
      notice('info', HANDOVER.same)],
    foot: [go] };
}

/** @param {Work} work @param {Cage[]} cages @param {string} to */
async function keepAll(work, cages, to) {
  for (const cage of cages) {
    const judged = work.decide('handed_over', cage.code);
    await work.record({ step: 'handed_over', code: cage.code, src: 'form', said: judged.said,
      body: { to, manifest_hash: cage.manifest_hash, seal: cage.seal } });
  }
}

/** A cage with a tick, its seal and the mark of its list. @param {Cage} cage @param {boolean} on */
function cageTick(cage, on) {
  const input = h('input', { type: 'checkbox', class: 'choice__box', checked: on });
  const element = h('label', { class: 'choice' }, input, h('span', { class: 'app-choice__words' },
    h('b', {}, `${cage.name || cage.code}　${HANDOVER.count(cage.manifest.length)}`), h('small', {}, JOB.seal(cage.seal || '—')),
    h('span', { class: 'app-hash' }, shortHash(cage.manifest_hash))));
  return { cage, input, element };
}
