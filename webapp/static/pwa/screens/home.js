// Home: one thing to do (スキャン), today's jobs with rings, and the truth about what this phone still holds.

import { isGuest, rolesOf } from '../app.js';
import { enrolmentNotice, storageNotices } from '../components/care.js';
import { h } from '../components/dom.js';
import { dueWords, span } from '../components/format.js';
import { card, linkButton, menuRow, notice } from '../components/frame.js';
import { ring } from '../components/ring.js';
import { jobs as jobsOf, lastRefreshed } from '../intake/packs.js';
import { APP, JOB, NET, ROLES, TASKS } from '../messages.js';
import { PASS, TAKE } from '../messages-handover.js';
import { PROOF } from '../messages-proof.js';
import { RELIEF } from '../messages-relief.js';
import { login } from './login.js';
import { reliefCards } from './relief-home.js';
import { isTaking } from './take.js';
import { cagesOf, held, progressOf, taskPath } from './tasks.js';
import { openWork } from './work.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../types.js').Job} Job */
/** @typedef {import('./work.js').Work} Work */

/** @param {App} app @returns {Promise<import('../app.js').Screen>} */
export async function home(app) {
  if (!app.me) return login(app);
  const jobs = await jobsOf(app.store);
  const fetched = await lastRefreshed(app.store);
  const opened = await Promise.all(jobs.map(async (job) => ({ job, work: await openWork(app, job.id) })));
  const mine = opened.sort((one, other) => Number(hasWork(app, other.work)) - Number(hasWork(app, one.work)));
  const cards = mine.map(({ job, work }) => jobCard(app, job, work));
  const { person } = app.me;
  const shelters = await reliefCards(app);
  const phone = await enrolmentNotice(app);
  return {
    title: APP.name,
    sub: [person.organisation.name, person.name].filter(Boolean).join('　'),
    body: [
      ...await storageNotices(app), phone.above,
      await isTaking(app) ? notice('warn', TAKE.pending, linkButton(TAKE.pendingGo, '/app/take/check', { mark: 'handover' })) : null,
      ...(isShelters(app) ? shelters : custody(app, cards, fetched, shelters)),
      isGuest(app) ? h('p', { class: 'app-note' }, PASS.carried) : outboxNote(app),
      isGuest(app) ? null : phone.below,
      h('nav', { class: 'app-menu', 'aria-label': 'メニュー' },
        menuRow('/app/outbox', 'outbox', '送信箱', ''), menuRow('/app/correct', 'undo', '訂正', ''),
        menuRow('/app/verify', 'shield', PROOF.title, ''),
        ...deskRows(app),
        menuRow('/app/settings', 'gear', '設定', ROLES[person.roles[0]] ?? '')),
    ],
    live: true, foot: nextUp(app, mine[0]?.work ?? null),
  };
}

/** Somebody whose only work is at a shelter. @param {App} app */
const isShelters = (app) => rolesOf(app).length > 0 && rolesOf(app).every((role) => role === 'shelter');

/** The site's pages for this person. @param {App} app */
const deskRows = (app) => (isShelters(app) ? [menuRow('/app/card', 'scan', RELIEF.cardRow, ''), menuRow('/desk', 'list', APP.desk, RELIEF.deskHint)]
  : [menuRow('/consignments', 'list', APP.desk, APP.deskHint)]);

/** Work on consignments, with the shelters of who has both. @param {App} app @param {Element[]} cards @param {number|null} fetched
 * @param {import('../components/dom.js').Child[]} shelters */
const custody = (app, cards, fetched, shelters) => [
  linkButton(APP.scan, '/app/scan', { mark: 'scan', big: true }),
  h('h2', {}, APP.today),
  cards.length ? h('ul', { class: 'app-cards' }, cards) : h('p', { class: 'app-note' }, noJobsWords(app, fetched)),
  ...shelters,
];

/** Nothing to do, not asked yet, or just being fetched. @param {App} app @param {number|null} fetched */
function noJobsWords(app, fetched) {
  if (fetched !== null) return APP.noJobs;
  return app.status.lastContact ? APP.fetchingJobs : APP.noJobsYet;
}

/** @param {App} app @param {Work|null} work */
const nextTask = (app, work) => (work ? progressOf(work.view, rolesOf(app), work.actor).task : null);

/** @param {App} app @param {Work|null} work */
const hasWork = (app, work) => nextTask(app, work) !== null;

/** The next thing of the first job, in reach of the thumb. @param {App} app @param {Work|null} work */
function nextUp(app, work) {
  const task = nextTask(app, work);
  return work && task ? [linkButton(TASKS[task.id].go, taskPath(work, task), { rank: 'second', mark: task.icon })] : [];
}

/** @param {App} app @param {Job} job @param {Work|null} work */
function jobCard(app, job, work) {
  const href = `/app/job/${encodeURIComponent(job.id)}`;
  if (!work) {
    return h('li', {}, card(job.title, href, ring({ done: 0, total: 0, text: '…', label: APP.loading }), h('p', {}, job.municipality)));
  }
  const roles = rolesOf(app);
  const { done, total, task } = progressOf(work.view, roles, work.actor);
  const due = job.due ? dueWords(job.due) : '';
  return h('li', {}, card(job.title, href, ring({ done, total, label: JOB.share(done, total), text: total ? undefined : '—' }), h('p', {}, cageLine(work)),
    h('p', { class: task ? 'card__missing' : '' }, task ? nextWords(task) : JOB.nothing), due ? h('p', {}, `期限 ${due}`) : null));
}

/** @param {Work} work */
function cageLine(work) {
  const used = cagesOf(work.view).filter((cage) => held(cage) > 0);
  const machines = `端末 ${work.size}台`;
  return [work.size || !used.length ? machines : '', used.length ? `かご車 ${used.length}両` : ''].filter(Boolean).join('・');
}

/** "残り 1両：C-03". @param {import('./tasks.js').Task} task */
function nextWords(task) {
  const { title, unit } = TASKS[task.id];
  const names = task.cages.slice(0, 2).map((cage) => cage.name).join('、');
  return `${title}　あと ${task.left}${unit}${names ? `：${names}` : ''}`;
}

/** @param {App} app */
function outboxNote(app) {
  const note = h('p', { class: 'app-note', role: 'status' });
  const draw = () => {
    const { pending, oldest } = app.counts;
    note.textContent = pending ? NET.kept(pending, span(Date.now() - (oldest ?? Date.now()))) : NET.allSent;
  };
  draw();
  app.onChange(draw, note);
  return note;
}

/** What a screen says when the job is not on this phone yet. @param {string} [back] @returns {import('../app.js').Screen} */
export function absent(back = '/app/') {
  return { title: APP.name, back, body: [notice('warn', APP.missingJob)], live: true, foot: [linkButton(APP.toHome, '/app/')] };
}
