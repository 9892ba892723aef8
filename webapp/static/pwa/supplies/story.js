// What became of a box: the same fold as webapp/supplies/rules.py `story` (tests/vectors/parcel_stories.json). Pure.

/** One scan of a box. `at` effective time, ms.
 * @typedef {{id: string, step: string, place: string, at: number, body: Record<string, unknown>, who?: string}} BoxScan */
/** As its label says. `best_before` yyyymmdd, 0 = none. @typedef {{quantity: number, best_before: number}} Listed */
/** `arrived_*`: where it came to stay (`has_come`), its destination or a shelter that took it in; until then where it was seen last.
 * @typedef {{arrived_at: number|null, arrived_by: string, arrived_shelter: string, has_come: boolean, accepted_elsewhere: boolean, forwarded_to: string,
 *   counted_at: string, counted_when: number|null, good: number, damaged: number, expired: number, missing: number}} Story */

const DAY = 86_400_000;
const JST = 9 * 3_600_000;

/** @type {Story} */
const NOTHING = { arrived_at: null, arrived_by: '', arrived_shelter: '', has_come: false, accepted_elsewhere: false, forwarded_to: '', counted_at: '', counted_when: null,
  good: 0, damaged: 0, expired: 0, missing: 0 };

/** What was not undone, by effective time, then id. A shelter takes back what it said itself, nobody else's word. @param {BoxScan[]} scans */
export function standing(scans) {
  const undone = new Set(scans.filter(({ step }) => step === 'void').map(({ body, place }) => `${body.target} ${place}`));
  return scans.filter(({ id, step, place }) => step !== 'void' && !undone.has(`${id} ${place}`)).sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
}

/** The first scan that says that it came to stay is its arrival, the last count counts; a shelter that only sends it on changes where it was seen last.
 * @param {Listed} box @param {string} destination a shelter @param {BoxScan[]} scans @returns {Story} */
export function story(box, destination, scans) {
  const told = standing(scans);
  const latest = told.at(-1);
  if (!latest) return NOTHING;
  const stayed = told.filter((scan) => scan.place === destination || takesIn(scan));
  const last = told.findLast(({ step }) => step === 'counted');
  const accepted = last ? last.place !== destination : stayed.some(({ place }) => place !== destination);
  const seen = stayed[0] ?? latest;
  return { ...NOTHING, arrived_at: seen.at, arrived_by: seen.id, arrived_shelter: seen.place, has_come: stayed.length > 0, accepted_elsewhere: accepted,
    forwarded_to: sentOn(latest), counted_at: last?.place ?? '', counted_when: last?.at ?? null, ...(last ? counted(box, last) : {}) };
}

/** A count, or 「ここで受け取る」: the goods stay where this was said. @param {BoxScan} scan */
const takesIn = ({ step, body }) => step === 'counted' || (step === 'arrived' && body.accept === true);

/** Where it was sent on to, unless it was seen afterwards. @param {BoxScan} last */
const sentOn = (last) => (last.step === 'forwarded' ? String(last.body.to ?? '') : '');

/** @param {Listed} box @param {BoxScan} scan */
function counted(box, { at, body }) {
  const number = (/** @type {string} */ name) => Number(body[name] ?? 0);
  const [told, damaged, late] = body.as_listed ? [box.quantity, 0, 0] : [number('good'), number('damaged'), number('expired')];
  const over = isOver(box.best_before, at);
  const [good, expired] = over ? [0, late + told] : [told, late];
  return { good, damaged, expired, missing: Math.max(0, box.quantity - good - damaged - expired) };
}

/** Whether goods are past their date at an instant. @param {number} best yyyymmdd, 0 = none @param {number} at ms */
export const isOver = (best, at) => best > 0 && best < dayOf(at);

/** The calendar day in Japan of an instant, as yyyymmdd. @param {number} at ms */
export function dayOf(at) {
  const day = new Date(Math.floor((at + JST) / DAY) * DAY);
  return day.getUTCFullYear() * 10_000 + (day.getUTCMonth() + 1) * 100 + day.getUTCDate();
}
