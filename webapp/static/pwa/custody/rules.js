// What one more scan means on this phone: the pack it fetched plus what it has kept since. Provisional: the server folds
// everybody's scans and has the last word. Tables and vectors are those of webapp/custody/rules.py.

export { fold } from './fold.js';
export { loadTables, tablesInUse, useTables } from './tables.js';

/** @typedef {import('../types.js').Tables} Tables */
/** @typedef {import('../types.js').View} View */
/** @typedef {import('../types.js').Device} Device */
/** @typedef {import('../types.js').Cage} Cage */
/** @typedef {import('../types.js').Decision} Decision */
/** @typedef {import('../types.js').Step} Step */

/** The steps a class must show; a drive destroyed on site needs no erasure, extraction or shredding any more.
 * @param {Tables} tables @param {string|number} cls "3" to "0" @param {readonly string[]} done @returns {string[]} */
export function required(tables, cls, done) {
  const steps = tables.required[String(cls)] ?? tables.required['3'] ?? [];
  return done.includes('destroyed_on_site') ? steps.filter((step) => !tables.spared.includes(step)) : steps;
}

/** What one more step means for a device of a class that has done some: a discrepancy code, or "" for nothing wrong.
 * `cls` is "" as long as the device is unknown: then nothing can be out of order or missing.
 * Mirrors `webapp/custody/rules.py: decide`; both pass tests/vectors/custody_decide.json.
 * @param {Tables} tables @param {string|number} cls @param {readonly string[]} done @param {string} step
 * @param {boolean} [samePerson] actor and witness are one person @returns {string} */
export function decideStep(tables, cls, done, step, samePerson = false) {
  if (done.includes('destroyed') && step !== 'destroyed') return 'ZOMBIE';
  if (done.includes(step)) return 'DOUBLE_SCAN';
  return cls === '' ? '' : decideKnown(tables, String(cls), done, step, samePerson);
}

/** @param {Tables} tables @param {string} cls @param {readonly string[]} done @param {string} step
 * @param {boolean} samePerson */
function decideKnown(tables, cls, done, step, samePerson) {
  const rank = (/** @type {string} */ name) => tables.order.indexOf(name);
  const follows = (/** @type {string} */ other) => (tables.next[other] ?? []).includes(step);
  if (done.some((other) => rank(step) < rank(other) && !follows(other))) return 'OUT_OF_ORDER';
  if (samePerson && tables.witnessed.includes(step) && tables.witnessed_classes.includes(cls)) return 'SAME_PERSON';
  const wanted = required(tables, cls, [...done, step]);
  return wanted.some((name) => rank(name) < rank(step) && !done.includes(name)) ? 'SKIPPED' : '';
}

/** What the phone says at once about a scan; total: whatever the code, there is an answer.
 * @param {View} view @param {Step} step @param {string} code @param {string} [parent] cage
 * @param {{samePerson?: boolean}} [how] @returns {Decision} */
export function decide(view, step, code, parent = '', { samePerson = false } = {}) {
  if (view.tables.steps[step]?.of === 'cage') return said(decideCage(view, step, code), null);
  const device = view.devices.get(code) ?? null;
  if (!device) return said(unbound(view, step, code), null);
  const finding = atCage(view, step, device, parent) || decideStep(view.tables, device.cls, device.done, step, samePerson);
  return said(finding, device);
}

/** @param {string} finding @param {Device|null} device @returns {Decision} */
function said(finding, device) {
  if (!finding) return { said: 'ok', finding, device };
  return { said: finding === 'UNKNOWN_CODE' ? 'unknown' : 'attention', finding, device };
}

/** A code that no device of this job carries: right for a sticker that is being bound, else unknown.
 * @param {View} view @param {Step} step @param {string} code */
function unbound(view, step, code) {
  if (view.voided.has(code)) return 'VOID_CODE';
  if (view.cages.has(code)) return step === 'registered' ? 'DOUBLE_BIND' : 'UNKNOWN_CODE';
  return step === 'registered' ? '' : 'UNKNOWN_CODE';
}

const SEALED = ['locked', 'handed_over', 'arrived'];

/** What is wrong about this device at this cage. @param {View} view @param {Step} step @param {Device} device
 * @param {string} parent */
function atCage(view, step, device, parent) {
  if (step === 'loaded' && device.done.includes('loaded')) return device.cage === parent ? '' : 'WRONG_CAGE';
  if (step === 'counted') return whenCounting(view, device, parent);
  const sealed = [device.cage, parent].some((code) => SEALED.includes(view.cages.get(code)?.state ?? ''));
  return sealed && !device.done.includes(step) ? 'SCAN_IN_TRANSIT' : '';
}

/** @param {View} view @param {Device} device @param {string} parent */
function whenCounting({ cages }, { code, cage, done }, parent) {
  const here = cages.get(parent);
  if (done.includes('counted') || !here) return '';
  if (here.manifest.length > 0 && !here.manifest.includes(code)) return cage && cage !== parent ? 'WRONG_CAGE' : 'EXTRA';
  return SEALED.includes(here.state) ? 'OPEN_UNLOGGED' : '';
}

/** @param {View} view @param {Step} step @param {string} code */
function decideCage({ cages, devices, tables }, step, code) {
  const cage = cages.get(code);
  if (!cage) return devices.has(code) || step !== 'locked' ? 'UNKNOWN_CODE' : '';
  if (tables.answers.includes(step)) return '';
  if ((tables.next_cage[cage.state] ?? []).includes(step)) return '';
  if (cage.state === step) return 'DOUBLE_SCAN';
  const order = tables.cage_order;
  return order.indexOf(step) < order.indexOf(cage.state) ? 'OUT_OF_ORDER' : 'SKIPPED';
}

/** The sentence for people: of a discrepancy, of a refusal, or the code itself where there is none. Where a detail is
 * missing that the sentence names, the title stands for it.
 * @param {Tables} tables @param {string} code @param {Record<string, string|number>} [params] */
export function sentence(tables, code, params = {}) {
  const found = tables.discrepancies[code];
  const text = (found?.text ?? tables.sentences[code] ?? code).replace(/\{(\w+)\}/g, (hole, name) => String(params[name] ?? hole));
  return found && /\{\w+\}/.test(text) ? found.title : text;
}

/** What a cage's count still lacks: on the manifest (or loaded, before it is locked), not counted.
 * @param {View} view @param {string} cageCode @returns {string[]} codes */
export function missing(view, cageCode) {
  const cage = view.cages.get(cageCode);
  if (!cage) return [];
  const expected = cage.manifest.length > 0 ? cage.manifest : cage.loaded;
  return expected.filter((code) => !cage.counted.includes(code));
}
