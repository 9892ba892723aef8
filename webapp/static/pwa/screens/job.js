// A job: six figures, what I can do now, and its cages.

import { isGuest, rolesOf } from '../app.js';
import { h, s } from '../components/dom.js';
import { dueWords, moment } from '../components/format.js';
import { card, linkButton, menuRow, notice } from '../components/frame.js';
import { icon } from '../components/icon.js';
import { ring } from '../components/ring.js';
import { jobs as jobsOf } from '../intake/packs.js';
import { APP, CAGE_STATES, FLOW, JOB, TASKS } from '../messages.js';
import { PASS, TAKE } from '../messages-handover.js';
import { absent } from './home.js';
import { isTaking } from './take.js';
import { cagesOf, flowOf, held, isTheirTurn, reached, taskPath, tasksOf } from './tasks.js';
import { openWork } from './work.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../types.js').Cage} Cage */
/** @typedef {import('./tasks.js').Task} Task */
/** @typedef {import('./work.js').Work} Work */

/** @param {App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function job(app, { parts: [id] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const { job: facts } = work.pack;
  const tasks = tasksOf(work.view, rolesOf(app), work.actor);
  const first = tasks.find((task) => task.left > 0);
  const receives = rolesOf(app).some((role) => work.view.tables.roles.accepted.includes(role));
  const summary = (await jobsOf(app.store)).find((each) => each.id === id);
  const due = facts.due ? dueWords(facts.due) : '';
  return {
    title: facts.title,
    sub: subOf(app, work, due),
    back: '/app/',
    body: [
      flowFor(app, work),
      summary?.open ? notice('warn', APP.open(summary.open), h('p', {}, h('a', { href: `/consignments/${encodeURIComponent(id)}/questions` }, APP.openSee))) : null,
      await isTaking(app) ? notice('warn', TAKE.pending, linkButton(TAKE.pendingGo, '/app/take/check', { mark: 'handover' })) : null,
      h('h2', {}, JOB.now),
      tasks.length ? h('ul', { class: 'app-tasks' }, tasks.map((task) => h('li', {}, taskRow(work, task, isTheirTurn(work.view, task.id, rolesOf(app)))))) : h('p', { class: 'app-note' }, JOB.nothing),
      receives ? menuRow('/app/take', 'handover', TAKE.title, TAKE.row) : null,
      h('h2', {}, JOB.cages),
      cageList(work),
      menuRow(`/app/correct?job=${encodeURIComponent(id)}`, 'undo', JOB.correct, ''),
      h('p', { class: 'app-note' }, JOB.rev(moment(work.pack.server_at))),
    ],
    live: true,
    foot: [next(work, first, receives && rolesOf(app).includes('driver'))],
  };
}

/** @param {App} app @param {Work} work @param {string} due */
const subOf = (app, work, due) => (isGuest(app) ? PASS.title : JOB.summary(work.size, due));

/** A substitute is not told what lies in the cages. @param {App} app @param {Work} work */
const flowFor = (app, work) => (isGuest(app) ? null : flow(work));

/** What comes next: my own work; for a driver who has none, taking over; else the camera.
 * @param {Work} work @param {Task|undefined} first @param {boolean} waits */
function next(work, first, waits) {
  if (first) return linkButton(TASKS[first.id].go, taskPath(work, first), { mark: first.icon });
  return waits ? linkButton(TAKE.go, '/app/take', { mark: 'handover' }) : linkButton(APP.scan, `/app/scan?job=${encodeURIComponent(work.id)}`, { mark: 'scan' });
}

/** @param {Work} work */
function flow(work) {
  const figures = flowOf(work.view, work.pack.job.counts);
  const now = standing(figures);
  const total = work.size;
  return h('div', { class: 'flow' }, h('ol', { class: 'flow__steps', role: 'list', 'aria-label': JOB.flow }, FLOW.map(([key, words]) =>
    h('li', { class: 'flow__step', 'data-state': key === now ? 'now' : total > 0 && figures[key] >= total ? 'full' : null },
      h('span', { class: 'flow__name' }, words), h('span', { class: 'flow__count' }, figures[key]), share(figures[key], total)))));
}

/** The status at which most devices stand; the later one if two are even. @param {Record<string, number>} figures */
function standing(figures) {
  const keys = FLOW.map(([key]) => key);
  const at = keys.map((key, place) => figures[key] - (figures[keys[place + 1]] ?? 0));
  const most = Math.max(...at);
  return most > 0 ? keys[at.lastIndexOf(most)] : '';
}

/** The share as a line below. @param {number} done @param {number} total */
function share(done, total) {
  const width = total > 0 ? `${Math.min(100, (100 * done) / total).toFixed(1)}%` : '0%';
  return s('svg', { class: 'flow__share', 'aria-hidden': 'true' }, s('rect', { class: 'flow__share-rest', width: '100%', height: '100%' }),
    s('rect', { class: 'flow__share-done', width, height: '100%' }));
}

/** @param {Work} work @param {Task} task @param {boolean} theirs */
function taskRow(work, task, theirs) {
  const { title, unit } = TASKS[task.id];
  if (task.left === 0) {
    const done = task.done > 0 && !theirs;
    return h('div', { class: 'app-task', 'data-left': 0 }, icon(done ? 'check' : task.icon), h('b', {}, title),
      h('small', {}, done ? JOB.finished : theirs ? JOB.theirs : JOB.waits));
  }
  const names = task.cages.slice(0, 3).map((cage) => cage.name).join('、');
  return h('a', { class: 'app-task', href: taskPath(work, task) }, icon(task.icon), h('b', {}, title),
    h('small', {}, JOB.left(task.left, unit), names ? `：${names}` : ''), icon('next'));
}

/** @param {Work} work */
function cageList(work) {
  const cages = cagesOf(work.view).filter((cage) => held(cage) > 0 || cage.state !== '' || cage.name);
  if (cages.length === 0) return h('p', { class: 'app-note' }, JOB.noCages);
  return h('ul', { class: 'app-cards' }, cages.map((cage) => h('li', {}, cageCard(work, cage))));
}

/** @param {Work} work @param {Cage} cage */
export function cageCard(work, cage) {
  return card(cage.name || cage.code, `/app/job/${encodeURIComponent(work.id)}/cage/${cage.code}`, cageRing(cage, work.inside), h('p', {}, cageWords(work, cage)), halt(cage));
}

/** The word that the board has for it; colour alone says nothing. @param {Cage} cage */
export const halt = (cage) => (cage.stopped ? h('span', { class: 'tag', 'data-kind': 'warn' }, icon('stop'), JOB.stopped) : null);

/** Ring of a cage: while counting, counted of the manifest; else how many are in it.
 * @param {Cage} cage @param {boolean} known whether this person may know what was counted */
export function cageRing(cage, known) {
  const total = held(cage);
  if (known && (cage.state === 'opened' || cage.state === 'count_closed')) {
    const counted = cage.counted.filter((code) => cage.manifest.includes(code)).length;
    return ring({ done: counted, total, label: `${total}台のうち ${counted}台を検数`, stopped: cage.stopped });
  }
  const done = reached(cage, 'locked') ? total : 0;
  return ring({ done, total: Math.max(total, 1), text: known || total ? String(total) : '—', label: `${total}台`, stopped: cage.stopped });
}

/** @param {Work} work @param {Cage} cage */
function cageWords(work, cage) {
  const state = cage.state === '' && cage.loaded.length === 0 ? (work.inside ? JOB.empty : JOB.notLocked) : CAGE_STATES[cage.state] ?? cage.state;
  const name = cage.state === 'handed_over' ? work.person(cage.handed_to) : '';
  const holder = name ? JOB.holder(name) : '';
  return [state, reached(cage, 'locked') && cage.seal ? JOB.seal(cage.seal) : '', holder].filter(Boolean).join('　');
}
