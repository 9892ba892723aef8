// Which cage? Read its sticker, or take it from the list. Used before loading, locking, arriving, opening, counting.

import { rolesOf } from '../app.js';
import { desk } from '../components/desk.js';
import { h } from '../components/dom.js';
import { button, linkButton, notice } from '../components/frame.js';
import { tell } from '../feedback.js';
import { JOB, LOAD, TASKS } from '../messages.js';
import { absent } from './home.js';
import { cageRows } from './modes.js';
import { stranger } from './sweep.js';
import { cagesOf, taskOf } from './tasks.js';
import { openWork } from './work.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../components/desk.js').DeskRead} DeskRead */
/** @typedef {import('../components/desk.js').Outcome} Outcome */
/** @typedef {import('./work.js').Work} Work */
/** @typedef {"load"|"lock"|"arrive"|"open"|"count"} PickTask */

/** A screen that chooses a cage for `task`. @param {PickTask} task @returns {import('../app.js').Draw} */
export const pick = (task) => async (app, { parts: [id] }) => {
  const work = await openWork(app, id);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(id)}`;
  const cages = candidates(app, work, task);
  const table = desk(app, { prefixes: work.prefixes, hud: LOAD.hudPick, typeWords: 'この番号のかご車', onRead: async (read) => {
    if (read.kind !== 'ours') return stranger(read);
    return chosen(app, work, read, task, `${back}/${task}/${read.id}`);
  } });
  const below = task === 'load' && cages.length === 0 ? nothingOpen(app, work, back) : [h('p', { class: 'app-note' }, LOAD.pickHint), cageRows(work, cages, task)];
  return { title: TASKS[task].title, sub: JOB.pickCage, back, shape: 'scan',
    body: [table.element, table.said, h('div', { class: 'app-scan__panel' }, table.tools, below)],
    foot: [], leave: table.leave };
};

/** Every cage is locked, or there is none: why, and both ways on. @param {App} app @param {Work} work @param {string} back */
function nothingOpen(app, work, back) {
  const locked = cagesOf(work.view).filter((cage) => cage.state !== '');
  const why = locked.length ? LOAD.allClosed(locked.map((cage) => cage.name || cage.code).join('、')) : LOAD.noneYet;
  const gives = taskOf(work.view, 'handover', work.actor, rolesOf(app)).left > 0;
  const office = `/consignments/${encodeURIComponent(work.id)}/cages`;
  return [notice('warn', LOAD.noneOpen, why, LOAD.useOther), h('div', { class: 'app-stack' },
    gives ? linkButton(LOAD.toHandover, `${back}/handover`, { mark: 'truck' }) : null,
    linkButton(LOAD.addCage, office, { rank: 'second', mark: 'cage' }))];
}

/** @param {App} app @param {Work} work @param {PickTask} task */
function candidates(app, work, task) {
  if (task === 'load') return cagesOf(work.view).filter((cage) => cage.state === '');
  return taskOf(work.view, task, work.actor, rolesOf(app)).cages;
}

/** @param {App} app @param {Work} work @param {DeskRead} read @param {PickTask} task @param {string} path @returns {Outcome} */
function chosen(app, work, read, task, path) {
  const name = work.cageName(read.id);
  if (work.view.devices.has(read.id)) return { verdict: 'foreign', words: LOAD.notCage, detail: work.nameOf(read.id) };
  const cage = work.view.cages.get(read.id);
  const anyway = button(LOAD.switchTo(name), () => app.go(path), { rank: 'plain' });
  if (!cage) return { verdict: 'unknown', words: '名簿にないかご車です', detail: name, action: anyway };
  if (task === 'load' && cage.state !== '') {
    return { verdict: 'attention', words: LOAD.closed(name), detail: LOAD.closedHint };
  }
  tell('ok');
  app.go(path);
  return null;
}
