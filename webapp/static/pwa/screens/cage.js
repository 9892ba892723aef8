// One cage: its state, seal and list, and what I can do with it now.

import { rolesOf } from '../app.js';
import { h } from '../components/dom.js';
import { shortHash } from '../components/format.js';
import { linkButton } from '../components/frame.js';
import { facts } from '../components/form.js';
import { CAGE, CAGE_STATES, JOB, LOCK, TASKS } from '../messages.js';
import { absent } from './home.js';
import { cageRing, halt } from './job.js';
import { held, nameOf, reached, tasksOf } from './tasks.js';
import { openWork } from './work.js';

/** @param {import('../app.js').App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function cage(app, { parts: [id, code] }) {
  const work = await openWork(app, id);
  const found = work?.view.cages.get(code);
  if (!work || !found) return absent();
  const base = `/app/job/${encodeURIComponent(id)}`;
  const codes = reached(found, 'locked') ? found.manifest : found.loaded;
  return { title: found.name || code, sub: work.pack.job.title, back: base,
    body: [h('div', { class: 'app-panel app-panel--row' }, cageRing(found, work.inside), h('div', {}, h('p', { class: 'app-panel__title' }, CAGE_STATES[found.state] ?? found.state),
      h('p', { class: 'app-note' }, `${held(found)}台`), halt(found))),
    facts([[CAGE.seal, found.seal], [CAGE.lock, found.lock], [CAGE.holder, work.person(found.handed_to)],
      [LOCK.mark, found.manifest_hash ? h('span', { class: 'app-hash' }, shortHash(found.manifest_hash)) : '']]),
    ...(work.inside ? [h('h2', {}, CAGE.inside(codes.length)), h('ul', { class: 'app-lines' }, codes.map((each) => line(work, found, each)))]
      : [h('p', { class: 'app-note' }, CAGE.closed)])],
    live: true, foot: actions(work, found, rolesOf(app), base) };
}

/** @param {import('./work.js').Work} work @param {import('../types.js').Cage} of @param {string} code */
function line(work, of, code) {
  const device = work.view.devices.get(code);
  const counting = of.state === 'opened' || of.state === 'count_closed';
  const seen = of.counted.includes(code);
  return h('li', { 'data-kind': counting ? (seen ? 'ok' : 'open') : null }, h('b', {}, device ? nameOf(device) : code),
    h('small', {}, [counting ? (seen ? CAGE.seen : CAGE.unseen) : '', device?.model].filter(Boolean).join('　')));
}

/** Main button = the work that waits for this cage. @param {import('./work.js').Work} work @param {import('../types.js').Cage} of
 * @param {string[]} roles @param {string} base */
export function actions(work, of, roles, base) {
  const tasks = tasksOf(work.view, roles, work.actor);
  const waits = tasks.filter((task) => task.cages.includes(of));
  const load = of.state === '' && tasks.some((task) => task.id === 'load');
  const links = waits.map((task, at) => linkButton(TASKS[task.id].go, `${base}/${task.id}/${of.code}`, { mark: task.icon, rank: at ? 'second' : 'main' }));
  if (load) links.push(linkButton(TASKS.load.go, `${base}/load/${of.code}`, { mark: 'cage', rank: links.length ? 'second' : 'main' }));
  return links.length ? links : [linkButton(JOB.toJob, base, { rank: 'second' })];
}
