// The outbox: what waits, what the server has, what it refused and why. Nothing is hidden, nothing is thrown away.

import { h } from '../components/dom.js';
import { moment, span } from '../components/format.js';
import { button, linkButton, notice } from '../components/frame.js';
import { icon } from '../components/icon.js';
import { tablesInUse } from '../custody/rules.js';
import { exportUnsent, kept as keptScans, retry } from '../intake/outbox.js';
import { jobs as jobsOf, pack as packOf } from '../intake/packs.js';
import { syncNow } from '../intake/sync.js';
import { OUTBOX } from '../messages.js';
import { show } from '../scanning/codes.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../types.js').Kept} Kept */

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
  const names = await namesHere(app);
  const answer = h('p', { class: 'app-note', role: 'status' });
  const send = async () => {
    answer.textContent = OUTBOX.sending;
    const after = await syncNow(app.store);
    if (after.needsLogin) return app.reload();
    answer.textContent = after.online && !after.problem ? OUTBOX.tried : OUTBOX.still;
    if (after.online) app.reload();
  };
  const save = async () => download(await exportUnsent(app.store));
  return { title: OUTBOX.title, back: '/app/',
    body: [
      status.needsLogin ? notice('warn', OUTBOX.login, '記録は端末内に残っています。') : null,
      h('section', { class: 'app-panel app-panel--row' }, h('p', { class: 'app-panel__figure' }, h('strong', {}, counts.pending), ` 件 ${OUTBOX.pending}`),
        h('div', {}, h('p', { class: 'app-note' }, counts.pending && counts.oldest ? OUTBOX.oldest(span(Date.now() - counts.oldest)) : OUTBOX.pendingNone),
          counts.photos ? h('p', { class: 'app-note' }, OUTBOX.photos(counts.photos)) : null)),
      counts.others ? notice('info', OUTBOX.others(counts.others)) : null,
      answer,
      section(OUTBOX.refused, bad, (row) => line(app, row, names)),
      section(OUTBOX.mark.attention, odd, (row) => line(app, row, names)),
      section(OUTBOX.pending, waiting, (row) => line(app, row, names)),
      section(OUTBOX.sent, sent, (row) => line(app, row, names)),
      waiting.length + bad.length ? button(OUTBOX.export, save, { rank: 'plain', mark: 'download' }) : null,
    ],
    live: true, foot: [status.needsLogin ? linkButton(OUTBOX.login, '/login?next=/app/outbox') : button(OUTBOX.now, send, { mark: 'outbox' })] };
}

/** @param {string} title @param {Kept[]} rows @param {(row: Kept) => Element} draw */
function section(title, rows, draw) {
  if (rows.length === 0) return null;
  return h('section', { class: 'app-stack' }, h('h2', {}, `${title}　${rows.length}`), h('ul', { class: 'app-lines' }, rows.map(draw)));
}

/** What the codes in the server's sentences are called in the jobs of this phone, by the code as it is printed.
 * @param {App} app @returns {Promise<Map<string, string>>} */
async function namesHere(app) {
  const packs = await Promise.all((await jobsOf(app.store)).map((job) => packOf(app.store, job.id)));
  return new Map(packs.flatMap((pack) => [...(pack?.cages ?? []).map((cage) => [cage.code, cage.name]),
    ...(pack?.devices ?? []).map((device) => [device.code, device.asset])])
    .filter(([code, name]) => code && name).map(([code, name]) => [show(String(code)), String(name)]));
}

/** @param {App} app @param {Kept} row @param {Map<string, string>} names */
function line(app, row, names) {
  const { mark, kind, words } = stateOf(row);
  const sentence = row.receipt?.text || (row.receipt?.findings ?? []).map((finding) => finding.text).join('　');
  const reason = sentence.replace(/\b[0-9A-Z]{4}(-[0-9A-Z]{4}){2}-[0-9A-Z]{5}\b/g, (code) => names.get(code) ?? code);
  const again = row.state === 'stuck' ? button(OUTBOX.retry, () => retry(app.store, row.id).then(app.reload), { rank: 'plain' }) : null;
  const more = row.summary.cage && row.summary.cage !== row.summary.name ? `　${row.summary.cage}` : '';
  return h('li', { 'data-kind': kind }, h('b', {}, `${stepTitle(row.step)}　${row.summary.name || row.code}`),
    h('small', { class: 'app-lines__state' }, icon(mark, 's'), `${words}　${moment(row.kept_at)}${more}`),
    reason ? h('small', { class: 'app-lines__reason' }, reason) : null, again);
}

/** @param {Kept} row @returns {{mark: string, kind: "ok"|"error"|"wait", words: string}} */
function stateOf(row) {
  if (row.state === 'pending') return { mark: 'clock', kind: 'wait', words: OUTBOX.saved };
  if (row.state !== 'sent') return { mark: 'stop', kind: 'error', words: row.state === 'refused' ? OUTBOX.refused : OUTBOX.stuck };
  const { verdict = 'ok', index } = row.receipt ?? {};
  const words = `${OUTBOX.mark[verdict]}${typeof index === 'number' ? `・${OUTBOX.index(index)}` : ''}`;
  return { ...SENT[verdict], words };
}

/** Its name in Japanese. @param {string} step */
export const stepTitle = (step) => tablesInUse().steps[step]?.title ?? step;

/** @param {Blob} blob */
function download(blob) {
  const link = h('a', { href: URL.createObjectURL(blob), download: 'ashiato-unsent.json' });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
