// What is to be done in a job, by whom, and how far it is. Pure: a view and roles in, plain facts out.

import { required } from '../custody/rules.js';

/** @typedef {import('../types.js').View} View */
/** @typedef {import('../types.js').Device} Device */
/** @typedef {import('../types.js').Cage} Cage */
/** @typedef {"register"|"erase"|"onsite"|"load"|"lock"|"handover"|"arrive"|"open"|"count"|"extract"|"destroy"} TaskId */

/** One kind of work: `left` things wait for it, `done` of `total` are through.
 * @typedef {{id: TaskId, icon: string, left: number, done: number, total: number, devices: Device[], cages: Cage[]}} Task */

/** What recording a task's work is called in the contract; who may do it stands there too (`roles`).
 * @type {Record<TaskId, import('../types.js').Step>} */
export const STEP_OF = { register: 'registered', erase: 'sanitized', onsite: 'destroyed_on_site', load: 'loaded', lock: 'locked',
  handover: 'handed_over', arrive: 'arrived', open: 'opened', count: 'counted', extract: 'drive_extracted', destroy: 'destroyed' };

/** A receiver's phone records arrivals, not hand-overs: the giver's phone does that. */
const GIVERS = ['officer', 'driver'];

/** Whether one of the roles does this work. @param {View} view @param {TaskId} id @param {string[]} roles */
export function does(view, id, roles) {
  const who = view.tables.roles[STEP_OF[id]] ?? [];
  return who.some((role) => roles.includes(role) && (id !== 'handover' || GIVERS.includes(role)));
}

const ICONS = { register: 'label', erase: 'erase', onsite: 'shred', load: 'cage', lock: 'lock', handover: 'truck', arrive: 'truck',
  open: 'open', count: 'list', extract: 'drive', destroy: 'shred' };

/** @param {Device} device @param {...import('../types.js').Step} steps */
const has = (device, ...steps) => steps.some((step) => device.done.includes(step));

/** @param {Device} device */
const treated = (device) => has(device, 'sanitized', 'sanitize_failed', 'destroyed_on_site');

/** Whether a device's class asks for a step; class 0 (monitors and the like) is counted, not sanitised.
 * @typedef {(step: import('../types.js').Step) => boolean} Asks */
/** @typedef {(device: Device, asks: Asks) => boolean} Rule */

/** Devices that wait for each kind of work. @type {Partial<Record<TaskId, Rule>>} */
const WAITS = {
  register: (device) => !device.code,
  erase: (device, asks) => Boolean(device.code) && asks('sanitized') && !treated(device) && !has(device, 'loaded'),
  onsite: (device) => has(device, 'sanitize_failed') && !has(device, 'sanitized', 'destroyed_on_site', 'loaded'),
  load: (device, asks) => Boolean(device.code) && !has(device, 'loaded') && (!asks('sanitized') || has(device, 'sanitized', 'destroyed_on_site')),
  extract: (device, asks) => asks('drive_extracted') && has(device, 'counted') && !has(device, 'drive_extracted', 'destroyed'),
  destroy: (device, asks) => asks('destroyed') && has(device, 'counted') && !has(device, 'destroyed'),
};

/** Devices that are through with it. @type {Partial<Record<TaskId, Rule>>} */
const PAST = {
  register: (device) => Boolean(device.code),
  erase: (device, asks) => asks('sanitized') && treated(device),
  onsite: (device) => has(device, 'destroyed_on_site'),
  load: (device) => has(device, 'loaded'),
  extract: (device) => has(device, 'drive_extracted'),
  destroy: (device) => has(device, 'destroyed'),
};

/** Cages that wait for each kind of work.
 * @type {Partial<Record<TaskId, (cage: Cage, actor: string, roles: string[]) => boolean>>} */
const CAGE_WAITS = {
  lock: (cage) => cage.state === '' && cage.loaded.length > 0,
  handover: (cage, actor, roles) => (cage.state === 'locked' && roles.includes('officer'))
    || (cage.state === 'handed_over' && cage.handed_to === actor && roles.includes('driver')),
  arrive: (cage) => cage.state === 'handed_over',
  open: (cage) => cage.state === 'arrived',
  count: (cage) => cage.state === 'opened',
};

const ORDER = ['', 'locked', 'handed_over', 'arrived', 'opened', 'count_closed'];
const AFTER = { lock: 'locked', handover: 'handed_over', arrive: 'arrived', open: 'opened', count: 'count_closed' };

/** True if the cage has reached `state`. @param {Cage|undefined} cage @param {string} state */
export function reached(cage, state) {
  return ORDER.indexOf(cage?.state ?? '') >= ORDER.indexOf(state);
}

/** The cages of a job that are in use, by name. @param {View} view @returns {Cage[]} */
export function cagesOf(view) {
  return [...view.cages.values()].sort((a, b) => a.name.localeCompare(b.name, 'ja'));
}

/** How many devices a cage holds by its frozen manifest, or by what was loaded so far. @param {Cage} cage */
export function held(cage) {
  return reached(cage, 'locked') && cage.manifest.length > 0 ? cage.manifest.length : cage.loaded.length;
}

/**
 * All work of the roles in this job, in the order of the trail. A task with `left` 0 is done or not yet possible.
 * @param {View} view @param {string[]} roles @param {string} actor @returns {Task[]}
 */
export function tasksOf(view, roles, actor) {
  const ids = /** @type {TaskId[]} */ (Object.keys(STEP_OF));
  return ids.filter((id) => does(view, id, roles)).map((id) => taskOf(view, id, actor, roles));
}

/** Whether somebody else records next: a cage stands at the dock, and who carries it on waits for the officer's phone.
 * @param {View} view @param {TaskId} id @param {string[]} roles */
export function isTheirTurn(view, id, roles) {
  return id === 'handover' && !roles.includes('officer') && cagesOf(view).some((cage) => cage.state === 'locked');
}

/** One kind of work. @param {View} view @param {TaskId} id @param {string} actor @param {string[]} roles @returns {Task} */
export function taskOf(view, id, actor, roles) {
  const waits = WAITS[id];
  const past = PAST[id];
  if (waits && past) {
    const asks = (/** @type {Device} */ device) => (/** @type {string} */ step) => required(view.tables, device.cls, device.done).includes(step);
    const devices = view.list.filter((device) => waits(device, asks(device)));
    const done = view.list.filter((device) => past(device, asks(device))).length;
    return { id, icon: ICONS[id], left: devices.length, done, total: done + devices.length, devices, cages: [] };
  }
  const cageWaits = CAGE_WAITS[id];
  const cages = cageWaits ? cagesOf(view).filter((cage) => cageWaits(cage, actor, roles)) : [];
  const state = AFTER[/** @type {keyof typeof AFTER} */ (id)];
  const done = cagesOf(view).filter((cage) => reached(cage, state) && !cages.includes(cage)).length;
  return { id, icon: ICONS[id], left: cages.length, done, total: done + cages.length, devices: [], cages };
}

/**
 * How far a person's own part of the job is, for the ring on the home screen.
 * `task` = what comes next for them, or null when nothing is left.
 * @param {View} view @param {string[]} roles @param {string} actor
 * @returns {{done: number, total: number, task: Task|null}}
 */
export function progressOf(view, roles, actor) {
  const tasks = tasksOf(view, roles, actor);
  const task = tasks.find((each) => each.left > 0) ?? null;
  if (!roles.includes('driver')) return task ? { done: task.done, total: task.total, task } : { ...sum(tasks), task };
  const used = cagesOf(view).filter((cage) => held(cage) > 0);
  const through = (/** @type {Cage} */ cage) => reached(cage, 'arrived') || (cage.state === 'handed_over' && cage.handed_to !== actor);
  return { done: used.filter(through).length, total: used.length, task };
}

/** @param {Task[]} tasks */
function sum(tasks) {
  const total = Math.max(0, ...tasks.map((task) => task.total));
  return { done: total, total };
}

/** Figures of the six public statuses: the phone's own view, and never less than what the server last said.
 * @param {View} view @param {Record<string, number>} [known] @returns {Record<string, number>} */
export function flowOf(view, known = {}) {
  const departed = new Set(cagesOf(view).filter((cage) => reached(cage, 'handed_over')).flatMap((cage) => cage.manifest));
  const received = new Set(cagesOf(view).filter((cage) => reached(cage, 'arrived')).flatMap((cage) => cage.manifest));
  const count = (/** @type {(device: Device) => boolean} */ rule) => view.list.filter(rule).length;
  const destroyed = count((device) => has(device, 'destroyed', 'destroyed_on_site'));
  const figures = { registered: count((device) => Boolean(device.code)), sanitized: count((device) => has(device, 'sanitized')),
    departed: departed.size, received: received.size, destroyed, ended: known.ended ?? 0 };
  return Object.fromEntries(Object.entries(figures).map(([key, figure]) => [key, Math.max(figure, known[key] ?? 0)]));
}

/** "MGM-0057 デスクトップPC（税務課）". @param {Device} device */
export function nameOf(device) {
  const place = device.place ? `（${device.place}）` : '';
  return `${device.asset || '管理番号なし'} ${device.kind_text || device.kind}${place}`;
}

/**
 * What is missing, by name: three at most, then a number (design README).
 * @param {Device[]} devices @returns {string} "" when nothing is missing
 */
export function missingWords(devices) {
  if (devices.length === 0) return '';
  if (devices.length === 1) return nameOf(devices[0]);
  const names = devices.slice(0, 3).map((device) => device.asset || device.kind_text).join('、');
  return devices.length > 3 ? `${names} ほか${devices.length - 3}台` : names;
}

/** Where the work is done. One cage waits → straight to it. @param {{id: string}} job @param {Task} task */
export function taskPath(job, task) {
  const base = `/app/job/${encodeURIComponent(job.id)}/${task.id}`;
  const perCage = ['lock', 'arrive', 'open', 'count'].includes(task.id);
  return perCage && task.cages.length === 1 ? `${base}/${task.cages[0].code}` : base;
}
