// A shelter as this phone sees it: the pack fetched ahead, plus every scan kept here that the pack does not contain yet. Pure.

import { standing, story } from './story.js';

/** @typedef {import('../types.js').Kept} Kept */
/** @typedef {import('../types.js').Scan} Scan */
/** @typedef {import('./story.js').BoxScan} BoxScan */
/** @typedef {import('./story.js').Story} Story */

/** A box by its label. `void`: the label is good no more; `replaced_by`: the one that stands for it.
 * @typedef {{code: string, k: number, n: number, item: string, variant: string, text: string, unit: string, quantity: number, best_before: number,
 *   allergens: string[]|null, edible: boolean, match: string, state: string, expected: boolean, stopped: boolean, shelter: string, disaster: string,
 *   eta: number|null, void: boolean, replaced_by: string, scans: BoxScan[]}} Box */
/** @typedef {{id: string, item: string, variant: string, text: string, unit: string, required: number, open: number, promised: number, requested?: number,
 *   on_the_way: number, arrived: number}} Need */
/** @typedef {{id: string, log: string, name: string, town: string, open: boolean, rev: string}} Shelter */
/** What a phone needs to receive goods at a shelter.
 * @typedef {{rev: string, server_at: number, shelter: Shelter, actor: string, disasters: {id: string, name: string, drill: boolean}[],
 *   shelters: {id: string, name: string, open: boolean}[], parcels: Box[], needs: Need[], items: Record<string, OwnItem|null>,
 *   label_keys: import('./label.js').LabelKey[], codes: {prefixes: string[]}}} ShelterPack */
/** @typedef {{name: string, unit: string, category: string, variants: Record<string, string>, edible: boolean, sizes?: string[]}} OwnItem
 * `unit` a word of the contract; `sizes`: words of `variants` in their order */

/** here: arrived and not counted · stray: it stands here, is meant for another shelter, and nobody has said what to do with it · away: sent
 * on from here · none: not for here, or over
 * @typedef {"expected"|"here"|"counted"|"stray"|"away"|"none"} Standing */
/** A box at a shelter; `seen`: when it came here, ms, and `by`: recorded on this phone, by the shelter or by the town; `row`: this phone's last scan of it; `known`: it is in the pack.
 * @typedef {{box: Box, story: Story, state: Standing, seen: number|null, by: string, row: Kept|null, known: boolean}} Line */
/** Goods without a label, entered on this phone. @typedef {{row: Kept, at: number, item: string, variant: string, quantity: number}} Outside */
/** @typedef {{lines: Map<string, Line>, outside: Outside[], standsFor: (code: string) => string}} View */

/** @typedef {{kept: Kept, scan: Scan}} Told */

/** @param {ShelterPack} pack @param {Kept[]} rows what this phone keeps, of whatever kind @returns {View} */
export function fold(pack, rows) {
  const told = rows.filter(({ p, state }) => state !== 'refused' && p.includes('"supplies.scan"'))
    .map((kept) => ({ kept, scan: /** @type {Scan} */ (JSON.parse(kept.p)) })).filter(({ scan }) => scan.kind === 'supplies.scan' && scan.log === pack.shelter.log);
  const fresh = told.filter(({ kept }) => !contains(pack, kept));
  const boxes = new Map(pack.parcels.map((box) => [box.code, box]));
  const standsFor = following(boxes);
  for (const box of strangers(told, boxes, pack)) boxes.set(box.code, box);
  /** @type {Map<string, BoxScan[]>} */
  const scans = new Map();
  const add = (/** @type {string} */ code, /** @type {BoxScan} */ scan) => scans.set(standsFor(code), [...(scans.get(standsFor(code)) ?? []), scan]);
  for (const box of pack.parcels) for (const scan of box.scans) add(box.code, scan);
  for (const { scan } of fresh) if (scan.code) add(scan.code, boxScan(scan));
  /** @type {Map<string, Line>} */
  const lines = new Map();
  for (const [code, box] of boxes) if (standsFor(code) === code) lines.set(code, lineOf(pack, box, scans.get(code) ?? [], told.filter(({ scan }) => scan.code && standsFor(scan.code) === code)));
  return { lines, outside: outside(told, pack.shelter.id), standsFor };
}

/** Whether the pack was made after the server recorded this scan. @param {ShelterPack} pack @param {Kept} row */
const contains = (pack, { state, receipt }) => state === 'sent' && Number.isInteger(receipt?.index) && Number(receipt?.index) < Number(pack.rev);

/** What was read from a label that was replaced was read from the same box. @param {Map<string, Box>} boxes */
function following(boxes) {
  return (/** @type {string} */ code) => {
    let now = code;
    for (let steps = 0; steps < boxes.size; steps += 1) {
      const next = boxes.get(now)?.replaced_by;
      if (!next || !boxes.has(next)) break;
      now = next;
    }
    return now;
  };
}

/** @param {Scan} scan @returns {BoxScan} */
const boxScan = ({ id, step, place, at, off, body }) => ({ id, step, place, at: at + (off ?? 0), body, who: 'phone' });

/** Boxes that this phone has scanned and the pack does not know: as their labels said, if those were read.
 * @param {Told[]} told @param {Map<string, Box>} boxes @param {ShelterPack} pack @returns {Box[]} */
function strangers(told, boxes, pack) {
  const found = new Map();
  for (const { kept, scan } of told) {
    if (!scan.code || boxes.has(scan.code) || found.get(scan.code)?.quantity) continue;
    found.set(scan.code, { ...blank(scan.code, pack.shelter.id), ...kept.summary.box, code: scan.code, scans: [] });
  }
  return [...found.values()];
}

/** A box of which nothing is known but its number. @param {string} code @param {string} shelter @returns {Box} */
export const blank = (code, shelter) => ({ code, k: 1, n: 1, item: '', variant: '', text: '', unit: '', quantity: 0, best_before: 0, allergens: null, edible: false,
  match: '', state: '', expected: false, stopped: false, shelter, disaster: '', eta: null, void: false, replaced_by: '', scans: [] });

/** @param {ShelterPack} pack @param {Box} box @param {BoxScan[]} scans @param {Told[]} told @returns {Line} */
function lineOf(pack, box, scans, told) {
  const here = pack.shelter.id;
  const what = story(box, box.shelter, scans);
  const kept = standing(scans);
  const last = kept.at(-1);
  const sights = kept.filter((scan) => isSight(scan, box, here));
  const state = standingOf(box, here, what, sights.length > 0, last?.place === here ? last.step : '');
  return { box, story: what, state, ...byWhom(sights[0] ?? (state === 'stray' ? last : undefined)), row: told.at(-1)?.kept ?? null, known: box.match !== '' };
}

/** @param {BoxScan|undefined} sight */
const byWhom = (sight) => ({ seen: sight?.at ?? null, by: sight?.who ?? '' });

/** Whether it came to this shelter to stay, by this scan. @param {BoxScan} scan @param {Box} box @param {string} here */
const isSight = ({ step, place, body }, box, here) => place === here && (step === 'counted' || (step === 'arrived' && (box.shelter === here || body.accept === true)));

/** @param {Box} box @param {string} here @param {Story} what @param {boolean} isSeen @param {string} last step, if it was scanned last here @returns {Standing} */
function standingOf(box, here, what, isSeen, last) {
  if (last === 'forwarded' && what.forwarded_to !== here) return 'away';
  if (isSeen) return what.counted_at === here ? 'counted' : 'here';
  if (what.counted_at) return 'none';
  if (box.shelter !== here) return last === 'arrived' ? 'stray' : 'none';
  return box.expected && !box.void ? 'expected' : 'none';
}

/** @param {Told[]} told @param {string} here @returns {Outside[]} */
function outside(told, here) {
  const undone = new Set(told.filter(({ scan }) => scan.step === 'void' && scan.place === here).map(({ scan }) => String(scan.body.target)));
  return told.filter(({ scan }) => scan.step === 'outside' && scan.place === here && !undone.has(scan.id)).map(({ kept, scan }) =>
    ({ row: kept, at: kept.kept_at, item: String(scan.body.item), variant: String(scan.body.variant ?? ''), quantity: Number(scan.body.quantity) }));
}

/** What a label means when it is held before the camera here. `to`: the shelter it is meant for.
 * @typedef {{kind: "again"|"elsewhere"|"take", said: import('../types.js').Said, finding: string, line: Line|null, to: string}} Judged */

/** @param {View} view @param {ShelterPack} pack @param {string} code @param {{shelter: string}|null} [label] what its large QR says, if it was read
 * @returns {Judged} */
export function decide(view, pack, code, label = null) {
  const here = pack.shelter.id;
  const line = view.lines.get(view.standsFor(code)) ?? null;
  if (line && (line.state === 'here' || line.state === 'counted')) return { kind: 'again', said: 'ok', finding: '', line, to: '' };
  const to = meantFor(line, label);
  if (to && to !== here) return { kind: 'elsewhere', said: 'attention', finding: 'PARCEL_ELSEWHERE', line, to };
  const finding = doubt(pack, code, line);
  const said = finding ? 'attention' : to ? 'ok' : 'unknown';
  return { kind: 'take', said, finding, line, to };
}

/** The pack knows better than a label that may be older. @param {Line|null} line @param {{shelter: string}|null} label */
const meantFor = (line, label) => (line?.known ? line.box.shelter : label?.shelter ?? '');

/** @param {ShelterPack} pack @param {string} code @param {Line|null} line */
function doubt(pack, code, line) {
  const read = pack.parcels.find((box) => box.code === code);
  if (line?.box.stopped) return 'PARCEL_STOPPED';
  if (read?.void) return 'PARCEL_VOID';
  return pack.shelter.open ? '' : 'SHELTER_CLOSED';
}
