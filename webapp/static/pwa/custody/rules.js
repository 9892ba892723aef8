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
 * Mirrors `webapp/custody/rules.py: decide`; both pass tests/vectors/custody_decide.json.
 * @param {Tables} tables @param {string|number} cls @param {readonly string[]} done @param {string} step
 * @param {boolean} [samePerson] actor and witness are one person @returns {string} */
export function decideStep(tables, cls, done, step, samePerson = false) {
  const rank = (/** @type {string} */ name) => tables.order.indexOf(name);
  const follows = (/** @type {string} */ other) => (tables.next[other] ?? []).includes(step);
  if (done.includes(step)) return 'DOUBLE_SCAN';
  if (done.includes('destroyed')) return 'ZOMBIE';
  if (done.some((other) => rank(step) < rank(other) && !follows(other))) return 'OUT_OF_ORDER';
  if (samePerson && tables.witnessed.includes(step) && tables.witnessed_classes.includes(String(cls))) return 'SAME_PERSON';
  const skipped = required(tables, cls, done).some((name) => rank(name) < rank(step) && !done.includes(name));
  return skipped ? 'SKIPPED' : '';
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

/** What is wrong about this device at this cage. @param {View} view @param {Step} step @param {Device} device
 * @param {string} parent */
function atCage(view, step, device, parent) {
  if (step === 'loaded') return whenLoading(view, device, parent);
  if (step === 'counted') return whenCounting(view, device, parent);
  return '';
}

/** @param {View} view @param {Device} device @param {string} parent */
function whenCounting({ cages }, { code, cage, done }, parent) {
  const manifest = cages.get(parent)?.manifest ?? [];
  if (done.includes('counted') || manifest.length === 0 || manifest.includes(code)) return '';
  return cage && cage !== parent ? 'WRONG_CAGE' : 'EXTRA';
}

const SEALED = ['locked', 'handed_over', 'arrived'];

/** @param {View} view @param {Device} device @param {string} parent */
function whenLoading(view, { cage, done }, parent) {
  if (done.includes('loaded')) return cage === parent ? '' : 'WRONG_CAGE';
  const states = [cage, parent].map((code) => view.cages.get(code)?.state ?? '');
  return states.some((state) => SEALED.includes(state)) ? 'SCAN_IN_TRANSIT' : '';
}

/** @param {View} view @param {Step} step @param {string} code */
function decideCage({ cages, devices, tables }, step, code) {
  const cage = cages.get(code);
  if (!cage) return devices.has(code) || step !== 'locked' ? 'UNKNOWN_CODE' : '';
  if ((tables.next_cage[cage.state] ?? []).includes(step)) return '';
  if (cage.state === step) return 'DOUBLE_SCAN';
  const order = tables.cage_order;
  return order.indexOf(step) < order.indexOf(cage.state) ? 'OUT_OF_ORDER' : 'SKIPPED';
}

/** The sentence for people: of a discrepancy, of a refusal, or the code itself where there is none.
 * @param {Tables} tables @param {string} code */
export const sentence = (tables, code) => tables.discrepancies[code]?.text ?? tables.sentences[code] ?? code;

/** What a cage's count still lacks: on the manifest (or loaded, before it is locked), not counted.
 * @param {View} view @param {string} cageCode @returns {string[]} codes */
export function missing(view, cageCode) {
  const cage = view.cages.get(cageCode);
  if (!cage) return [];
  const expected = cage.manifest.length > 0 ? cage.manifest : cage.loaded;
  return expected.filter((code) => !cage.counted.includes(code));
}
