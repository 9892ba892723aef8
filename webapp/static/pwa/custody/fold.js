// The job as this phone sees it: the pack from the server, plus every scan kept here that the pack does not contain yet.
// What it contains is the server's to say (another phone may have corrected it). Folding a scan twice changes nothing.

import { tablesInUse } from './tables.js';

/** @typedef {import('../types.js').Pack} Pack */
/** @typedef {import('../types.js').Kept} Kept */
/** @typedef {import('../types.js').Scan} Scan */
/** @typedef {import('../types.js').View} View */
/** @typedef {import('../types.js').Device} Device */
/** @typedef {import('../types.js').Cage} Cage */
/** @typedef {import('../types.js').Step} Step */
/** @typedef {import('../types.js').Tables} Tables */

/** Fold what this phone kept (refused scans left out) onto the pack. The pack itself is not touched.
 * @param {Pack} pack @param {Kept[]} kept oldest first @param {Tables} [tables] @returns {View} */
export function fold(pack, kept, tables = tablesInUse()) {
  const view = start(pack, tables);
  const scans = new Map(kept.map((row) => [row.id, /** @type {Scan} */ (JSON.parse(row.p))]));
  const ours = kept.filter((row) => row.state !== 'refused' && !contains(pack, row)).map(({ id }) => scans.get(id));
  const fresh = /** @type {Scan[]} */ (ours);
  const targets = new Set(fresh.filter(({ step }) => step === 'void').map(({ body }) => String(body.target)));
  for (const id of refusedOffers(fresh, targets)) targets.add(id); // a cage that was refused has not been handed over
  for (const id of targets) undo(view, scans.get(id));
  for (const scan of fresh.filter(({ id, step }) => step !== 'void' && !targets.has(id))) apply(view, scan);
  return view;
}

/** Hand-overs that their receivers declined. @param {Scan[]} scans @param {Set<string>} voided @returns {string[]} */
const refusedOffers = (scans, voided) =>
  scans.filter(({ id, step }) => step === 'declined' && !voided.has(id)).map(({ body }) => String(body.offer));

/** Whether the pack was made after the server recorded this scan: its revision is the length of the log.
 * @param {Pack} pack @param {Kept} row */
const contains = (pack, { state, receipt }) =>
  state === 'sent' && Number.isInteger(receipt?.index) && Number(receipt?.index) < Number(pack.rev);

/** @param {Pack} pack @param {Tables} tables @returns {View} */
function start(pack, tables) {
  const list = pack.devices.map((device) => ({ ...device, done: [...device.done] }));
  const cages = pack.cages.map((cage) => ({ ...cage, loaded: [...cage.loaded], counted: [...cage.counted] }));
  return {
    list, tables, voided: new Map(), officers: new Set((pack.people ?? []).filter(isOfficer).map(({ p }) => p)),
    devices: new Map(list.filter(({ code }) => code).map((device) => [device.code, device])),
    cages: new Map(cages.map((cage) => [cage.code, cage])),
  };
}

/** @param {Pack["people"][number]} person */
const isOfficer = ({ role, roles = [role] }) => roles.includes('officer');

/** @param {View} view @param {Scan} scan */
function apply(view, scan) {
  if (view.tables.steps[scan.step]?.of === 'cage') return applyToCage(view, cageOf(view, scan.code), scan);
  if (scan.step === 'registered') bind(view, scan);
  const device = view.devices.get(scan.code);
  if (device) mark(view, device, [...device.done, scan.step]);
  if (scan.step === 'loaded') load(view, scan, device);
  if (scan.step === 'counted') cageOf(view, scan.parent).counted = withCode(cageOf(view, scan.parent).counted, scan.code);
}

/** A device stands at the furthest step it has done, in whatever order they were told.
 * @param {View} view @param {Device} device @param {Step[]} done */
function mark({ tables }, device, done) {
  device.done = [...new Set(done)];
  device.step = tables.order.filter((step) => device.done.includes(/** @type {Step} */ (step))).at(-1) ?? '';
}

/** @param {string[]} codes @param {string} code */
const withCode = (codes, code) => (codes.includes(code) ? codes : [...codes, code]);

/** @param {View} view @param {Scan} scan */
function bind(view, { code, body }) {
  if (view.devices.has(code)) return; // the first binding holds until somebody corrects it
  const device = view.list.find(({ id }) => id === body.device) ?? unlisted(view, body);
  device.code ||= code;
  view.devices.set(code, device);
}

/** A device that stands before us and not on the list. @param {View} view @param {Record<string, unknown>} body
 * @returns {Device} */
function unlisted(view, body) {
  /** @type {Device} */
  const device = {
    id: String(body.device || body.device_new || ''), code: '', asset: '', kind: String(body.kind ?? 'other'), kind_text: '',
    model: '', serial: '', drive_serial: '', cls: Number(body.cls ?? 3), place: '', step: '', cage: '', done: [],
  };
  view.list.push(device);
  return device;
}

/** @param {View} view @param {Scan} scan @param {Device|undefined} device */
function load(view, { code, parent }, device) {
  const cage = cageOf(view, parent);
  cage.loaded = withCode(cage.loaded, code);
  if (device) device.cage = parent;
}

/** @param {View} view @param {string} code @returns {Cage} a new, empty one if the pack has none of that code */
function cageOf(view, code) {
  /** @type {Cage} */
  const cage = view.cages.get(code) ?? {
    code, name: '', state: '', seal: '', lock: '', manifest: [], manifest_hash: '', loaded: [], counted: [], handed_to: '',
    departed: null, arrived: null,
  };
  view.cages.set(code, cage);
  return cage;
}

/** A cage only goes forward: an old scan of this phone does not pull back what the pack knows by now.
 * @param {View} view @param {Cage} cage @param {Scan} scan */
function applyToCage({ tables: { cage_order: order, answers } }, cage, { step, actor, body }) {
  if (answers.includes(step)) return answer(cage, step, actor);
  if (order.indexOf(step) < order.indexOf(cage.state)) return;
  cage.state = step;
  if (step === 'handed_over') cage.handed_to = String(body.to ?? '');
  if (step === 'locked') close(cage, body);
}

/** Whoever takes a cage that is on its way has it, whomever the giver named.
 * @param {Cage} cage @param {Step} step @param {string} actor */
function answer(cage, step, actor) {
  if (step === 'accepted' && cage.state === 'handed_over') cage.handed_to = actor;
}

/** @param {Cage} cage @param {Record<string, unknown>} body */
function close(cage, body) {
  cage.seal = String(body.seal ?? '');
  cage.lock = String(body.lock ?? '');
  cage.manifest = Array.isArray(body.manifest) ? body.manifest.map(String) : [];
  cage.manifest_hash = String(body.manifest_hash ?? '');
}

/** Take a voided scan back, where the pack had it already; one of another phone is taken back by the next pack.
 * @param {View} view @param {Scan|undefined} scan */
function undo(view, scan) {
  if (!scan) return;
  const { step, code, parent, body } = scan;
  if (view.tables.steps[step]?.of === 'cage') return undoCage(view, scan);
  const device = view.devices.get(code);
  if (device) mark(view, device, device.done.filter((name) => name !== step));
  if (step === 'registered' && device?.id === body.device) unbind(view, code);
  if (step === 'loaded') unload(view, code, parent);
  if (step === 'counted') drop(view.cages.get(parent), 'counted', code);
}

/** @param {View} view @param {string} code @param {string} parent */
function unload(view, code, parent) {
  const device = view.devices.get(code);
  drop(view.cages.get(parent), 'loaded', code);
  if (device?.cage === parent) device.cage = '';
}

/** @param {View} view @param {string} code */
function unbind(view, code) {
  const device = view.devices.get(code);
  view.devices.delete(code);
  if (device?.code === code) device.code = '';
}

/** @param {Cage|undefined} cage @param {'loaded'|'counted'} list @param {string} code */
function drop(cage, list, code) {
  if (cage) cage[list] = cage[list].filter((item) => item !== code);
}

/** A hand-over that the pack had is none: the cage is its giver's again, the town's or the driver's who gave it on.
 * @param {View} view @param {Scan} scan */
function takeBack({ cages, officers }, { code, actor, body }) {
  const cage = cages.get(code);
  if (cage?.state !== 'handed_over' || cage.handed_to !== body.to) return;
  if (officers.has(actor)) Object.assign(cage, { state: 'locked', handed_to: '' });
  else cage.handed_to = actor;
}

/** @param {View} view @param {Scan} scan */
function undoCage(view, scan) {
  const { cages, tables } = view;
  const { step, code } = scan;
  if (step === 'handed_over') return takeBack(view, scan);
  const cage = cages.get(code);
  if (!cage || cage.state !== step) return;
  cage.state = tables.cage_order[tables.cage_order.indexOf(step) - 1] ?? '';
  if (step === 'locked') Object.assign(cage, { manifest: [], manifest_hash: '', seal: '', lock: '' });
}
