// "What is this?": any sticker, in any job of this phone; shows the thing and what can be done with it. Records nothing.

import { rolesOf } from '../app.js';
import { desk } from '../components/desk.js';
import { fill, h } from '../components/dom.js';
import { linkButton, notice } from '../components/frame.js';
import { facts } from '../components/form.js';
import { jobs as jobsOf } from '../intake/packs.js';
import { CAGE_STATES, LOOK, TASKS } from '../messages.js';
import { show } from '../scanning/codes.js';
import { actions } from './cage.js';
import { stranger } from './sweep.js';
import { held, nameOf, tasksOf } from './tasks.js';
import { bring } from './verify.js';
import { openWork } from './work.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('./work.js').Work} Work */

/** @param {App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function look(app, { query }) {
  const works = await allWorks(app);
  const panel = h('div', { class: 'app-sweep', role: 'status' }, h('p', { class: 'app-lead' }, LOOK.hint));
  const foot = h('div', { class: 'app-sweep__next' });
  const prefixes = [...new Set([location.origin.toUpperCase(), ...works.flatMap((work) => work.prefixes)])];
  /** @param {string} code */
  const found = (code) => {
    const work = works.find((each) => each.view.devices.has(code) || each.view.cages.has(code));
    if (!work) return strange(app, panel, foot, code);
    const cage = work.view.cages.get(code);
    if (cage) return cageFound(app, work, cage, panel, foot);
    return deviceFound(app, work, code, panel, foot);
  };
  const table = desk(app, { prefixes, hud: LOOK.hud, typeWords: LOOK.typed, onRead: async (read) => {
    if (read.kind === 'proof') return toVerify(app, read.text);
    if (read.kind === 'exchange') return toTake(app);
    if (read.kind !== 'ours') return stranger(read);
    const name = found(read.id);
    table.eye.small(true);
    return { verdict: name ? 'read' : 'unknown', words: name || LOOK.unknown, detail: name ? LOOK.found : show(read.id) };
  } });
  const asked = query.get('code');
  if (asked) queueMicrotask(() => table.take({ kind: 'ours', id: asked, text: asked, src: 'typed' }));
  return { title: LOOK.title, back: '/app/', shape: 'scan',
    body: [table.element, table.said, h('div', { class: 'app-scan__panel' }, panel, table.tools)],
    foot: [foot], leave: table.leave };
}

/** A proof on paper has a screen of its own. @param {App} app @param {string} text */
function toVerify(app, text) {
  bring(text);
  app.go('/app/verify');
  return null;
}

/** What another phone shows at a hand-over has a screen of its own too; the picture goes on there. @param {App} app */
function toTake(app) {
  app.go('/app/take', { replace: true });
  return null;
}

/** @param {App} app @returns {Promise<Work[]>} */
async function allWorks(app) {
  const works = await Promise.all((await jobsOf(app.store)).map((job) => openWork(app, job.id)));
  return works.filter((work) => work !== null);
}

/** @param {App} app @param {Work} work @param {string} code @param {Element} panel @param {Element} foot @returns {string} */
function deviceFound(app, work, code, panel, foot) {
  const device = /** @type {import('../types.js').Device} */ (work.view.devices.get(code));
  const step = device.done.at(-1) ?? device.step;
  const cage = work.cageName(device.cage);
  const tasks = tasksOf(work.view, rolesOf(app), work.actor).filter((task) => task.devices.includes(device));
  fill(panel, h('div', { class: 'app-match', 'data-ready': true }, h('p', { class: 'app-match__name' }, nameOf(device)),
    facts([[LOOK.now, work.view.tables.steps[step]?.title ?? step], [LOOK.where, cage], ['型名', device.model], ['案件', work.pack.job.title]])));
  const base = `/app/job/${encodeURIComponent(work.id)}`;
  fill(foot, tasks.length ? tasks.slice(0, 2).map((task, at) => linkButton(TASKS[task.id].go, `${base}/${task.id}`, { mark: task.icon, rank: at ? 'second' : 'main' }))
    : linkButton(work.pack.job.title, base, { rank: 'second' }));
  return work.nameOf(code);
}

/** @param {App} app @param {Work} work @param {import('../types.js').Cage} cage @param {Element} panel @param {Element} foot @returns {string} */
function cageFound(app, work, cage, panel, foot) {
  const base = `/app/job/${encodeURIComponent(work.id)}`;
  fill(panel, h('div', { class: 'app-match', 'data-ready': true }, h('p', { class: 'app-match__name' }, `${cage.name || cage.code}　${held(cage)}台`),
    facts([[LOOK.now, CAGE_STATES[cage.state] ?? cage.state], ['封印番号', cage.seal], ['案件', work.pack.job.title]])));
  fill(foot, actions(work, cage, rolesOf(app), base));
  return cage.name || cage.code;
}

/** @param {App} app @param {Element} panel @param {Element} foot @param {string} code @returns {string} */
function strange(app, panel, foot, code) {
  fill(panel, notice('warn', LOOK.unknown, LOOK.unknownHint));
  fill(foot, app.status.online ? linkButton(LOOK.publicPage, `/t/${code}`, { rank: 'second' }) : null);
  return '';
}
