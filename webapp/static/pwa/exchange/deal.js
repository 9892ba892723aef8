// One hand-over between two phones, as far as this phone holds it: offers with one nonce, and the answers to them. Read from what
// is on the disk each time, so that a killed app comes back to where it was; nothing is ever half.

import { randomHex } from '../kernel/ids.js';
import { hashOf } from '../intake/keys.js';
import { carryAll } from '../intake/outbox.js';
import { wordsOf } from './words.js';

/** @typedef {import('../types.js').Scan} Scan */
/** @typedef {import('../types.js').Cage} Cage */
/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('./text.js').Signed} Signed */
/** @typedef {import('../screens/work.js').Work} Work */

/** One act: its exact words, its signature, and what it says. @typedef {{p: string, s: string, scan: Scan}} Act */

/** What both phones come to hold. `answers` by id of the offer.
 * @typedef {{nonce: string, offers: Act[], answers: Map<string, Act>}} Deal */

/** The QR is well-formed, and still not what belongs here. `code` is a key of messages-handover.js: WRONG. */
export class DealError extends Error {
  /** @param {"not_a_hand_over"|"several"|"not_an_answer"|"other_offer"|"other_words"|"forged"|"late"|"no_job"|"own"
   *   |"not_a_phone"|"not_a_pass"|"other_phone"} code */
  constructor(code) {
    super(code);
    this.name = 'DealError';
    this.code = code;
  }
}

const looseKey = (/** @type {string} */ nonce) => `loose:${nonce}`;

/** Scans in pairs of words and signature, opened. Throws DealError for what is none. @param {Signed[]} signed @returns {Act[]} */
export function opened(signed) {
  return signed.map(({ p, s }) => {
    try {
      return { p, s, scan: /** @type {Scan} */ (JSON.parse(p)) };
    } catch {
      throw new DealError('not_a_hand_over');
    }
  });
}

/** What the offers of another phone say together. Throws DealError if they are not one hand-over of one giver.
 * @param {Signed[]} signed @returns {{acts: Act[], nonce: string, job: string, log: string, giver: string, to: string}} */
export function offered(signed) {
  const acts = opened(signed);
  const [first] = acts;
  if (!first || !acts.every(({ scan }) => isOffer(scan))) throw new DealError('not_a_hand_over');
  const { log, job, actor, body } = first.scan;
  const same = acts.every(({ scan }) => scan.log === log && scan.job === job && scan.actor === actor
    && scan.body.nonce === body.nonce && scan.body.to === body.to);
  if (!same || new Set(acts.map(({ scan }) => scan.code)).size !== acts.length) throw new DealError('several');
  return { acts, nonce: String(body.nonce), job, log, giver: actor, to: String(body.to) };
}

const TEXTS = /** @type {const} */ (['id', 'log', 'code', 'job', 'actor', 'dev']);

/** @param {Scan} scan */
const isOffer = (scan) => scan?.kind === 'custody.scan' && scan.step === 'handed_over' && typeof scan.at === 'number'
  && TEXTS.every((name) => typeof scan[name] === 'string') && /^[0-9a-f]{32}$/.test(String(scan.body?.nonce));

/** The hand-over with this nonce. Offers that were taken back are left out. @param {Work} work @param {string} nonce
 * @returns {Promise<Deal>} */
export async function dealOf(work, nonce) {
  const acts = [...opened(work.kept), ...opened((await work.app.store.meta(looseKey(nonce))) ?? [])];
  const undone = new Set(acts.filter(({ scan }) => scan.step === 'void').map(({ scan }) => scan.body.target));
  const left = acts.filter(({ scan }) => !undone.has(scan.id));
  const offers = left.filter(({ scan }) => scan.step === 'handed_over' && scan.body.nonce === nonce);
  const ids = new Set(offers.map(({ scan }) => scan.id));
  const answers = left.filter(({ scan }) => isAnswer(scan) && ids.has(String(scan.body.offer)));
  return { nonce, offers, answers: new Map(answers.map((act) => [String(act.scan.body.offer), act])) };
}

/** @param {Scan} scan */
const isAnswer = ({ step }) => step === 'accepted' || step === 'declined';

/** Whether every cage has its answer. @param {Deal} deal */
export const isDone = ({ offers, answers }) => offers.length > 0 && offers.every(({ scan }) => answers.has(scan.id));

/** Cages that were refused. @param {Deal} deal @returns {Act[]} */
export const refusals = ({ answers }) => [...answers.values()].filter(({ scan }) => scan.step === 'declined');

/** The eight words of a hand-over that is done. @param {Deal} deal */
export const spoken = ({ offers, answers }) => wordsOf(offers.map(({ p, s, scan }) => {
  const answer = /** @type {Act} */ (answers.get(scan.id));
  return { code: scan.code, offer: { p, s }, answer: { p: answer.p, s: answer.s } };
}));

/** The nonces of hand-overs that this phone's owner has given and nobody has answered, the latest first.
 * @param {Work} work @returns {Promise<Deal[]>} */
export async function openDeals(work) {
  const own = opened(work.kept).filter(({ scan }) => isOffer(scan) && scan.actor === work.actor);
  const nonces = [...new Set(own.map(({ scan }) => String(scan.body.nonce)))].reverse();
  const deals = await Promise.all(nonces.map((nonce) => dealOf(work, nonce)));
  return deals.filter((deal) => deal.offers.length > 0 && !isDone(deal) && deal.offers.every(({ scan }) => isStill(work, scan)));
}

/** Whether the cage is where this hand-over brought it: it has not arrived or gone on meanwhile. @param {Work} work @param {Scan} scan */
function isStill(work, { code, body }) {
  const cage = work.view.cages.get(code);
  return cage?.state === 'handed_over' && cage.handed_to === body.to;
}

/** The giver's part: one signed hand-over a cage, all with one fresh nonce. Resolves when all are on disk.
 * @param {Work} work @param {Cage[]} cages @param {string} to @returns {Promise<string>} the nonce */
export async function offer(work, cages, to) {
  const nonce = randomHex(16);
  await Promise.all(cages.map((cage) => work.record({ step: 'handed_over', code: cage.code, src: 'form', said: work.decide('handed_over', cage.code).said,
    body: { to, manifest_hash: cage.manifest_hash, seal: cage.seal, count: cage.manifest.length, nonce } })));
  return nonce;
}

/** The giver takes the offer back, as far as nobody has answered it. @param {Work} work @param {Deal} deal */
export async function withdraw(work, { offers, answers }) {
  const open = offers.filter(({ scan }) => !answers.has(scan.id));
  await Promise.all(open.map(({ scan }) => work.record({ step: 'void', code: scan.code, src: 'form', said: 'ok',
    body: { target: scan.id, reason: 'wrong_step' } })));
}

/** The receiver's part: one signed answer a cage, and the giver's words kept beside them, to be sent from here too. What was
 * answered before the app was killed is not answered again. `reasons`: cage code → why it is refused.
 * @param {Work} work @param {Act[]} offers @param {Map<string, string>} reasons */
export async function reply(work, offers, reasons) {
  await hold(work, String(offers[0].scan.body.nonce), offers);
  const { answers } = await dealOf(work, String(offers[0].scan.body.nonce));
  await Promise.all(offers.filter(({ scan }) => !answers.has(scan.id)).map(async ({ p, scan }) => {
    const reason = reasons.get(scan.code);
    const said = { offer: scan.id, offer_hash: await hashOf(p) };
    return work.record({ step: reason ? 'declined' : 'accepted', code: scan.code, src: 'camera', said: 'ok', body: reason ? { ...said, reason } : said });
  }));
}

/** Whether these answers belong to this hand-over, word for word. Throws DealError. @param {Deal} deal @param {Act[]} answers */
export async function fitting({ offers }, answers) {
  const known = new Map(offers.map((act) => [act.scan.id, act]));
  if (answers.length === 0 || !answers.every(({ scan }) => isAnswer(scan))) throw new DealError('not_an_answer');
  for (const { scan } of answers) {
    const act = known.get(String(scan.body.offer));
    if (!act || act.scan.code !== scan.code) throw new DealError('other_offer');
    if (scan.body.offer_hash !== await hashOf(act.p)) throw new DealError('other_words');
  }
}

/** Keep what the other phone signed: to be sent from here too, if it is signed; else for the eyes of this phone alone, because
 * the server takes unsigned words from their author only. @param {Work} work @param {string} nonce @param {Act[]} acts */
export async function hold(work, nonce, acts) {
  const { store } = work.app;
  const loose = acts.filter(({ s }) => !s).map(({ p, s }) => ({ p, s }));
  if (loose.length > 0) await store.setMeta(looseKey(nonce), loose);
  const carried = acts.filter(({ s }) => s).map(({ p, s, scan }) => ({ p, s, job: scan.job, summary: { name: work.nameOf(scan.code) } }));
  const rows = await carryAll(store, carried);
  const refused = rows.find((row) => row instanceof Error);
  if (refused) throw refused;
  await work.refresh();
}

/** What differs between an offer and what this phone knows of the cage: [what, the giver's, ours]; "" where ours is not here yet.
 * @param {Scan} offer @param {Cage|undefined} cage @returns {{what: "seal"|"count"|"manifest", theirs: string, ours: string}[]} */
export function differences({ body }, cage) {
  const known = cage !== undefined && cage.manifest_hash !== '';
  /** @type {{what: "seal"|"count"|"manifest", theirs: string, ours: string}[]} */
  const rows = [
    { what: 'seal', theirs: String(body.seal ?? ''), ours: known ? cage.seal : '' },
    { what: 'count', theirs: String(body.count ?? ''), ours: known ? String(cage.manifest.length) : '' },
    { what: 'manifest', theirs: String(body.manifest_hash ?? ''), ours: known ? cage.manifest_hash : '' },
  ];
  return rows.filter(({ theirs, ours }) => known && theirs !== ours);
}
