// The outbox: what waits, what the server has, what it refused and why. Nothing is hidden, nothing is thrown away.

import { isGuest } from '../app.js';
import { storageNotices } from '../components/care.js';
import { h } from '../components/dom.js';
import { moment, span } from '../components/format.js';
import { button, linkButton, notice } from '../components/frame.js';
import { icon } from '../components/icon.js';
import { tablesInUse } from '../custody/rules.js';
import { isPass } from '../exchange/pass.js';
import { kept as keptScans, letGo, refusedPhotos, retry, retryPhoto } from '../intake/outbox.js';
import { jobs as jobsOf, pack as packOf } from '../intake/packs.js';
import { syncNow } from '../intake/sync.js';
import { ledgers, stateAt } from '../ledger/follow.js';
import { OUTBOX } from '../messages.js';
import { PASS } from '../messages-handover.js';
import { STATES } from '../messages-proof.js';
import { RECEIVE, RELIEF_STEPS } from '../messages-relief.js';
import { TRANSFER } from '../messages-phone.js';
import { show } from '../scanning/codes.js';
import { waysOn } from './relief-stray.js';
import { isRelief, placesOf, recordWords, standsAt } from './relief-words.js';
import { transferPanel } from './transfer.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../types.js').Kept} Kept */
/** @typedef {import('../ledger/follow.js').Sizes} Sizes */

const RECENT = 60;
/** @type {Record<import('../types.js').Verdict, {mark: string, kind: "ok"|"error"|"wait"}>} */
const SENT = { ok: { mark: 'check-circle', kind: 'ok' }, attention: { mark: 'alert', kind: 'error' }, waiting: { mark: 'clock', kind: 'wait' } };

/** @param {App} app @returns {Promise<import('../app.js').Screen>} */
export async function outbox(app) {
  const all = (await keptScans(app.store)).reverse();
  const of = (/** @type {string} */ state) => all.filter((row) => row.state === state);
  const bad = [...of('refused'), ...of('stuck')];
  const waiting = of('pending');
  const needsEyes = (/** @type {Kept} */ row) => row.receipt?.verdict === 'attention';
  const odd = of('sent').filter(needsEyes);
  const sent = of('sent').filter((row) => !needsEyes(row)).slice(0, RECENT);
  const { counts, status } = app;
  const names = { codes: await namesHere(app), places: await placesOf(app, all) };
  const sizes = await ledgers(app.store);
  const photos = await refusedPhotos(app.store);
  const answer = h('p', { class: 'app-note', role: 'status' });
  const send = async () => {
    answer.textContent = OUTBOX.sending;
    const after = await syncNow(app.store);
    if (after.needsLogin) return app.reload();
    answer.textContent = after.online && !after.problem ? OUTBOX.tried : OUTBOX.still;
    if (after.online) app.reload();
  };
  return { title: OUTBOX.title, back: '/app/',
    body: [
      isGuest(app) ? notice('info', PASS.carried) : status.needsLogin ? notice('warn', OUTBOX.login, '記録は端末内に残っています。') : null,
      ...await storageNotices(app),
      h('section', { class: 'app-panel app-panel--row' }, h('p', { class: 'app-panel__figure' }, h('strong', {}, counts.pending), ` 件 ${OUTBOX.pending}`),
        h('div', {}, h('p', { class: 'app-note' }, counts.pending && counts.oldest ? OUTBOX.oldest(span(Date.now() - counts.oldest)) : OUTBOX.pendingNone),
          counts.photos ? h('p', { class: 'app-note' }, OUTBOX.photos(counts.photos)) : null)),
      counts.others ? notice('info', OUTBOX.others(counts.others)) : null,
      answer,
      progress(of('sent'), sizes),
      section(OUTBOX.badPhotos, photos, (each) => photoLine(app, each)),
      photos.length > 1 ? button(OUTBOX.retryAll(photos.length), () => sendAgain(app, photos), { rank: 'second' }) : null,
      section(OUTBOX.refused, bad, (row) => line(app, row, names)),
      section(OUTBOX.mark.attention, odd, (row) => line(app, row, names, sizes)),
      section(OUTBOX.pending, waiting, (row) => line(app, row, names)),
      section(OUTBOX.sent, sent, (row) => line(app, row, names, sizes)),
      transferPanel(app, waiting.length + bad.length),
    ],
    live: true, foot: isGuest(app) ? [] : [status.needsLogin ? linkButton(OUTBOX.login, '/login?next=/app/outbox') : button(OUTBOX.now, send, { mark: 'outbox' })] };
}

/** How far the ledger is with what this phone sent: recorded, signed, cosigned. @param {Kept[]} rows @param {Record<string, Sizes>} sizes */
function progress(rows, sizes) {
  const placed = rows.filter((row) => typeof row.receipt?.index === 'number');
  if (placed.length === 0) return null;
  const count = (/** @type {"recorded"|"signed"|"cosigned"|"anchored"} */ state) =>
    placed.filter((row) => state === 'recorded' || Number(row.receipt?.index) < (sizes[row.log]?.[state] ?? 0)).length;
  const steps = [...['recorded', 'signed', 'cosigned'], ...(count('anchored') ? ['anchored'] : [])];
  return h('p', { class: 'app-note' }, steps.map((state) =>
    `${STATES[state]} ${count(/** @type {"recorded"|"signed"|"cosigned"|"anchored"} */ (state))}`).join(' → '));
}

/** @template Row @param {string} title @param {Row[]} rows @param {(row: Row) => Element} draw */
function section(title, rows, draw) {
  if (rows.length === 0) return null;
  return h('section', { class: 'app-stack' }, h('h2', {}, `${title}　${rows.length}`), h('ul', { class: 'app-lines' }, rows.map(draw)));
}

/** What the codes in the server's sentences are called in the jobs of this phone, by the code as it is printed; people by pseudonym.
 * @param {App} app @returns {Promise<Map<string, string>>} */
async function namesHere(app) {
  const packs = await Promise.all((await jobsOf(app.store)).map((job) => packOf(app.store, job.id)));
  const things = packs.flatMap((pack) => [...(pack?.cages ?? []).map((cage) => [cage.code, cage.name]),
    ...(pack?.devices ?? []).map((device) => [device.code, device.asset])])
    .filter(([code, name]) => code && name).map(([code, name]) => /** @type {[string, string]} */ ([show(String(code)), String(name)]));
  const people = packs.flatMap((pack) => (pack?.people ?? []).map(({ p, name }) => /** @type {[string, string]} */ ([p, name])));
  return new Map([...things, ...people]);
}

/** What this phone calls things now. @typedef {{codes: Map<string, string>, places: import('./relief-words.js').Places}} Names */

/** @param {App} app @param {Kept} row @param {Names} names @param {Record<string, Sizes>} [sizes] */
function line(app, row, names, sizes = {}) {
  const { mark, kind, words } = stateOf(row, sizes);
  const reason = reasonOf(row, names.codes);
  const { what, more: which } = about(row, names.places);
  const more = row.summary.cage && row.summary.cage !== row.summary.name ? `　${row.summary.cage}` : '';
  return h('li', { 'data-kind': kind }, h('b', {}, isPass(JSON.parse(row.p)) ? PASS.title : `${rowTitle(row)}　${what}`), which ? h('small', {}, which) : null,
    h('small', { class: 'app-lines__state' }, icon(mark, 's'), `${words}　${moment(row.kept_at)}${more}`),
    row.carried ? h('small', {}, row.s ? `${TRANSFER.carried}・${TRANSFER.signed}` : TRANSFER.carried) : null,
    reason ? h('small', { class: 'app-lines__reason' }, reason) : null, wayOn(app, row), ...strayWays(app, row, names.places));
}

/** What a record is about. @param {Kept} row @param {import('./relief-words.js').Places} places @returns {{what: string, more: string}} */
export const about = (row, places) => (isRelief(row) ? recordWords(places, row) : { what: row.summary.name || row.code, more: '' });

/** A box that was meant for another shelter: what a person can say about it, or has said. @param {App} app @param {Kept} row
 * @param {import('./relief-words.js').Places} places */
function strayWays(app, row, places) {
  const isStray = row.step === 'arrived' && row.receipt?.findings?.some(({ code }) => code === 'PARCEL_ELSEWHERE');
  const at = isStray ? standsAt(places, row) : null;
  if (!at) return [];
  const { state, box } = at.line;
  if (state === 'stray') return [h('small', { class: 'app-lines__reason' }, RECEIVE.meant(at.place.shelterName(box.shelter))), ...waysOn(app, at.place, at.line, '/app/outbox')];
  return state === 'none' ? [] : [h('small', {}, state === 'away' ? RECEIVE.forwarded : RECEIVE.accepted)];
}

/** What a person can do about it. @param {App} app @param {Kept} row */
function wayOn(app, row) {
  if (row.state === 'stuck') return button(OUTBOX.retry, () => retry(app.store, row.id).then(app.reload), { rank: 'plain' });
  const foreign = row.carried && row.state === 'refused';
  return foreign ? button(TRANSFER.letGo, () => letGo(app.store, row.id).then(app.reload), { rank: 'plain' }) : null;
}

/** Why it needs eyes, with the names of things instead of their codes. @param {Kept} row @param {Map<string, string>} names */
function reasonOf({ receipt }, names) {
  const sentence = receipt?.text || (receipt?.findings ?? []).map((finding) => finding.text).join('　');
  return sentence.replace(/\b[0-9A-Z]{4}(-[0-9A-Z]{4}){2}-[0-9A-Z]{5}\b/g, (code) => names.get(code) ?? code)
    .replace(/\bp-[0-9a-f]{20}\b/g, (who) => names.get(who) ?? OUTBOX.somebody);
}

/** @param {App} app @param {{photo: import('../types.js').KeptPhoto}[]} refused */
async function sendAgain(app, refused) {
  for (const { photo } of refused) await retryPhoto(app.store, photo.sha256);
  app.reload();
}

/** A photo that the server did not take: why, and both ways on. @param {App} app
 * @param {Awaited<ReturnType<typeof refusedPhotos>>[number]} refused */
function photoLine(app, { photo, row }) {
  const of = row ? `${rowTitle(row)}　${row.summary.name || row.code}` : '';
  return h('li', { 'data-kind': 'error' }, h('b', {}, OUTBOX.photoOf(of)),
    h('small', { class: 'app-lines__state' }, icon('stop', 's'), `${OUTBOX.badPhoto}　${moment(photo.kept_at)}`),
    h('small', { class: 'app-lines__reason' }, photo.text || OUTBOX.badPhotoWhy), h('small', {}, OUTBOX.badPhotoHint),
    button(OUTBOX.retry, () => sendAgain(app, [{ photo }]), { rank: 'plain' }),
    row?.mine && row.state !== 'refused' ? linkButton(OUTBOX.photoAnew, `/app/correct?scan=${row.id}`, { rank: 'plain' }) : null);
}

/** @param {Kept} row @param {Record<string, Sizes>} sizes @returns {{mark: string, kind: "ok"|"error"|"wait", words: string}} */
function stateOf(row, sizes) {
  if (row.state === 'pending') return { mark: 'clock', kind: 'wait', words: OUTBOX.saved };
  if (row.state !== 'sent') return { mark: 'stop', kind: 'error', words: row.state === 'refused' ? OUTBOX.refused : OUTBOX.stuck };
  const { verdict = 'ok', index } = row.receipt ?? {};
  const words = `${OUTBOX.mark[verdict]}${typeof index === 'number' ? `・${OUTBOX.index(index)}・${STATES[stateAt(sizes[row.log], index)]}` : ''}`;
  return { ...SENT[verdict], words };
}

/** What was done, in Japanese. @param {Kept} row */
export const rowTitle = (row) => (isRelief(row) ? RELIEF_STEPS[row.step] : undefined) ?? stepTitle(row.step);

/** Its name in Japanese. @param {string} step */
export const stepTitle = (step) => tablesInUse().steps[step]?.title ?? step;
