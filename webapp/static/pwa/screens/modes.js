// The sweeps: erase, load, count, extract. Each tells what it expects and what one scan of it is.

import { h } from '../components/dom.js';
import { button, linkButton, notice } from '../components/frame.js';
import { ERASE, LOAD, TALLY } from '../messages.js';
import { lastTool } from './erase.js';
import { absent } from './home.js';
import { recordDevice, sweep } from './sweep.js';
import { reached, taskOf } from './tasks.js';
import { openWork } from './work.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../app.js').Where} Where */
/** @typedef {import('../app.js').Screen} Screen */
/** @typedef {import('../types.js').Device} Device */
/** @typedef {import('./work.js').Work} Work */
/** @typedef {import('../components/desk.js').DeskRead} DeskRead */
/** @typedef {import('../components/desk.js').Outcome} Outcome */

/** @param {string} id */
const above = (id) => `/app/job/${encodeURIComponent(id)}`;

/** Devices erased one after the other; the result was chosen before (query r, m, t, w, y).
 * @param {App} app @param {Where} where @returns {Promise<Screen>} */
export async function eraseScan(app, { parts: [id], query }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const { failed, act, open } = erasure(query);
  const wit = query.get('w') ? [query.get('w') ?? ''] : [];
  const tally = () => {
    const task = taskOf(work.view, 'erase', work.actor, []);
    return { big: task.done, of: task.total, left: task.devices };
  };
  return sweep(app, work, { title: ERASE.title, hud: failed ? ERASE.hudFailed : ERASE.hudOk, back: `${above(id)}/erase`, tally,
    onCode: (read) => recordDevice(work, read, { ...act, code: read.id, wit }, (device) => device.done.includes(act.step), { open }),
    next: () => ({ words: ERASE.next, href: above(id) }) });
}

/** What was chosen before the sweep; words about the tool go with each record, into the vault and not into the log.
 * @param {URLSearchParams} query */
function erasure(query) {
  if (query.get('r') === 'failed') {
    return { failed: true, act: { step: /** @type {const} */ ('sanitize_failed'), body: { reason: query.get('y') ?? 'other' } }, open: undefined };
  }
  const { note } = lastTool();
  const body = { result: 'ok', method: query.get('m') ?? 'purge', tool: query.get('t') ?? '' };
  return { failed: false, act: { step: /** @type {const} */ ('sanitized'), body }, open: note ? { tool: note } : undefined };
}

/** Devices into one cage. @param {App} app @param {Where} where @returns {Promise<Screen>} */
export async function loadScan(app, { parts: [id, cageCode] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const cage = () => work.view.cages.get(cageCode);
  const name = cage()?.name || cageCode;
  const tally = () => {
    const task = taskOf(work.view, 'load', work.actor, []);
    const inCage = cage()?.loaded.length ?? 0;
    return { big: inCage, of: inCage + task.left, left: task.devices };
  };
  return sweep(app, work, { title: LOAD.title, hud: LOAD.hud(name), back: above(id), tally,
    onCode: (read) => (work.view.cages.has(read.id) ? Promise.resolve(cageSeen(app, work, read, cageCode)) : loadOne(work, read, cageCode)),
    note: () => (reached(cage(), 'locked') ? [notice('warn', LOAD.closed(name), LOAD.closedHint),
      linkButton(LOAD.pickOther, `${above(id)}/load`, { rank: 'second', mark: 'cage' })] : []),
    next: () => afterLoading(cage(), above(id)) });
}

/** Where a cage goes from here: it is locked once, and then handed over. @param {import('../types.js').Cage|undefined} cage @param {string} base */
function afterLoading(cage, base) {
  if (cage?.state === 'locked') return { words: LOAD.toHandover, href: `${base}/handover/${cage.code}` };
  return cage?.state === '' && cage.loaded.length ? { words: LOAD.next, href: `${base}/lock/${cage.code}` } : { words: LOAD.later, href: base };
}

/** @param {Work} work @param {DeskRead} read @param {string} parent */
function loadOne(work, read, parent) {
  const inHere = (/** @type {Device} */ device) => Boolean(work.view.cages.get(parent)?.loaded.includes(device.code));
  return recordDevice(work, read, { step: 'loaded', code: read.id, parent }, inHere);
}

/** A cage's own sticker in the picture: never loaded into a cage; another cage can be switched to.
 * @param {App} app @param {Work} work @param {DeskRead} read @param {string} current @returns {Outcome} */
function cageSeen(app, work, read, current) {
  const name = work.cageName(read.id);
  if (read.id === current) return { verdict: 'again', words: LOAD.chosen(name), detail: LOAD.chosenHint };
  const go = button(LOAD.switchTo(name), () => app.go(`${above(work.id)}/load/${read.id}`), { rank: 'plain' });
  return { verdict: 'unknown', words: LOAD.other(name), detail: '', action: go, idle: true };
}

/** Counting an opened cage against its manifest. @param {App} app @param {Where} where @returns {Promise<Screen>} */
export async function countScan(app, { parts: [id, cageCode] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const cage = () => work.view.cages.get(cageCode);
  const counted = () => new Set(cage()?.counted ?? []);
  const tally = () => {
    const seen = counted();
    const manifest = cage()?.manifest ?? [];
    const left = manifest.filter((code) => !seen.has(code)).map((code) => work.view.devices.get(code) ?? ghost(code));
    return { big: manifest.length - left.length, of: manifest.length, left };
  };
  return sweep(app, work, { title: TALLY.count.title, hud: TALLY.count.hud(work.cageName(cageCode)), back: above(id), tally,
    onCode: (read) => (work.view.cages.has(read.id) ? Promise.resolve(cageSeen(app, work, read, cageCode))
      : recordDevice(work, read, { step: 'counted', code: read.id, parent: cageCode }, () => counted().has(read.id))),
    next: () => ({ words: TALLY.count.next, href: `${above(id)}/close/${cageCode}` }) });
}

/** A device on a manifest that is not in the pack: known by its code only. @param {string} code @returns {Device} */
function ghost(code) {
  return { id: '', code, asset: code, kind: '', kind_text: '', model: '', serial: '', drive_serial: '', cls: 0, place: '', step: '', cage: '', done: [] };
}

/** Drives pulled from their hosts. @param {App} app @param {Where} where @returns {Promise<Screen>} */
export async function extractScan(app, { parts: [id] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const tally = () => {
    const task = taskOf(work.view, 'extract', work.actor, []);
    return { big: task.done, of: task.total, left: task.devices };
  };
  return sweep(app, work, { title: TALLY.extract.title, hud: TALLY.extract.hud, back: above(id), tally,
    onCode: (read) => recordDevice(work, read, { step: 'drive_extracted', code: read.id, body: { drive: '' } },
      (device) => device.done.includes('drive_extracted')),
    next: () => ({ words: TALLY.extract.next, href: above(id) }) });
}

/** Rows of cages to choose from. @param {Work} work @param {import('../types.js').Cage[]} cages @param {string} task */
export function cageRows(work, cages, task) {
  return h('div', { class: 'app-stack' }, cages.map((cage) =>
    linkButton(`${cage.name || cage.code}（${reached(cage, 'locked') ? cage.manifest.length : cage.loaded.length}台）`,
      `${above(work.id)}/${task}/${cage.code}`, { rank: 'second', mark: 'cage' })));
}

