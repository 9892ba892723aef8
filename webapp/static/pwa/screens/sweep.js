// Sweeping: one step for many devices, several in one picture. The mode says what is expected; everything else is common.

import { h, fill } from '../components/dom.js';
import { desk } from '../components/desk.js';
import { linkButton, sheet } from '../components/frame.js';
import { icon } from '../components/icon.js';
import { COUNT, SAID } from '../messages.js';
import { missingWords, nameOf } from './tasks.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../types.js').Device} Device */
/** @typedef {import('./work.js').Work} Work */
/** @typedef {import('../components/desk.js').DeskRead} DeskRead */
/** @typedef {import('../components/desk.js').Outcome} Outcome */

/** How far a sweep is: `big` large figure, `of` its whole (0 = open-ended), `left` what is missing.
 * @typedef {{big: number, of: number, left: Device[], words?: string}} Tally */

/** @typedef {object} SweepPlan
 * @property {string} title
 * @property {string} hud
 * @property {string} back
 * @property {() => Tally} tally
 * @property {(read: DeskRead) => Promise<Outcome>} onCode our own code was read
 * @property {() => {words: string, href: string}} next
 * @property {() => import('../components/dom.js').Child[]} [note] what has to be said before anything is read
 */

/** The screen of a sweep. @param {App} app @param {Work} work @param {SweepPlan} plan @returns {import('../app.js').Screen} */
export function sweep(app, work, plan) {
  /** @type {{words: string, detail: string, undo: string}[]} */
  const odd = [];
  /** What somebody looks for: the missing ones of the moment they asked. @type {Set<string>|null} */
  let wanted = null;
  const panel = h('div', { class: 'app-sweep' });
  const foot = h('div', { class: 'app-sweep__next' });
  const redraw = () => {
    const tally = plan.tally();
    if (tally.left.length === 0) wanted = null;
    fill(panel, ...(plan.note?.() ?? []), figures(tally, odd), missing(tally), seeker(tally, wanted !== null, () => {
      wanted = wanted ? null : new Set(tally.left.map(({ code }) => code));
      redraw();
    }));
    const { words, href } = plan.next();
    fill(foot, linkButton(words, href));
  };
  const table = desk(app, { prefixes: work.prefixes, hud: plan.hud, only: () => wanted, onRead: async (read) => {
    const outcome = read.kind === 'ours' ? await plan.onCode(read) : stranger(read);
    if (outcome?.kept && outcome.verdict !== 'ok') {
      odd.unshift({ words: outcome.words, detail: outcome.detail, undo: read.id });
    }
    redraw();
    return outcome?.kept && outcome.verdict === 'ok' ? { ...outcome, aloud: COUNT.aloud(plan.tally().big, plan.tally().left.length) } : outcome;
  } });
  redraw();
  return { title: plan.title, back: plan.back, shape: 'scan',
    body: [table.element, table.said, h('div', { class: 'app-scan__panel' }, panel, table.tools)],
    foot: [foot], leave: table.leave };
}

/** A QR that is not ours is shown, never opened and never recorded by itself. @param {DeskRead} read @returns {Outcome} */
export function stranger(read) {
  if (read.kind === 'serial') return null;
  if (read.kind === 'malformed') return { verdict: 'unknown', words: SAID.malformed, detail: SAID.foreignHint };
  return { verdict: 'foreign', words: SAID.foreign, detail: SAID.foreignHint };
}

/**
 * Keeps one step for one device, unless this phone already has it.
 * @param {Work} work @param {DeskRead} read @param {import('./work.js').Act} act
 * @param {(device: Device) => boolean} already @param {import('./work.js').With} [more] @returns {Promise<Outcome>}
 */
export async function recordDevice(work, read, act, already, more) {
  const device = work.view.devices.get(read.id);
  if (device && already(device)) return { verdict: 'again', words: SAID.again, detail: work.nameOf(read.id) };
  const judged = work.decide(act.step, read.id, act.parent ?? '');
  const row = await work.record({ ...act, src: read.src, said: judged.said }, more);
  const undo = linkButton(SAID.undo, `/app/correct?scan=${row.id}`, { rank: 'plain' });
  return work.outcome(judged, work.nameOf(read.id), undo);
}

/** @param {Tally} tally @param {{words: string, detail: string, undo: string}[]} odd */
function figures(tally, odd) {
  const of = tally.of > 0 ? COUNT.of(tally.of) : COUNT.machines;
  return h('div', { class: 'app-count' },
    h('p', { class: 'app-count__figure', role: 'status' }, h('strong', {}, tally.big), h('span', {}, of)),
    tally.words ? h('p', { class: 'app-count__words' }, tally.words) : null,
    odd.length ? h('button', { type: 'button', class: 'tag', 'data-kind': 'error', onclick: () => showOdd(odd) }, COUNT.odd(odd.length)) : null);
}

/** @param {Tally} tally */
function missing({ left }) {
  if (left.length === 0) return h('p', { class: 'app-left', 'data-none': true }, COUNT.none);
  return h('div', { class: 'app-left' }, h('p', {}, h('b', {}, COUNT.left(left.length)), missingWords(left)),
    left.length > 3 ? h('button', { type: 'button', class: 'app-link', onclick: () => showLeft(left) }, COUNT.list) : null);
}

/** Boxes and light only for what is missing: the last three of sixty are hard to see among green ones.
 * @param {Tally} tally @param {boolean} on @param {() => void} turn */
function seeker({ left }, on, turn) {
  const findable = left.some(({ code }) => code);
  if (!findable && !on) return null;
  return h('button', { type: 'button', class: 'button app-seek', 'data-kind': 'quiet', 'aria-pressed': String(on), onclick: turn },
    icon(on ? 'check' : 'search'), h('span', {}, COUNT.seek));
}

/** @param {Device[]} left */
function showLeft(left) {
  return sheet(COUNT.listTitle(left.length), () => ({
    body: [h('ul', { class: 'app-lines' }, left.map((device) => h('li', {}, h('b', {}, nameOf(device)), h('small', {}, device.model))))] }));
}

/** @param {{words: string, detail: string, undo: string}[]} odd */
function showOdd(odd) {
  return sheet(COUNT.oddTitle, () => ({
    body: [h('ul', { class: 'app-lines' }, odd.map((each) => h('li', { 'data-kind': 'error' }, h('b', {}, each.words), h('small', {}, each.detail))))],
    foot: [linkButton(SAID.undo, '/app/correct', { rank: 'second' })] }));
}
