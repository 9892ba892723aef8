// Opening a cage with a second person, and closing the count with the number that eyes counted.

import { h, fill } from '../components/dom.js';
import { button, linkButton, notice } from '../components/frame.js';
import { facts, personChoice, textField } from '../components/form.js';
import { OPENING, ROLES } from '../messages.js';
import { finish } from './finish.js';
import { absent } from './home.js';
import { missingWords } from './tasks.js';
import { openWork } from './work.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../app.js').Where} Where */
/** @typedef {import('../app.js').Screen} Screen */

const CHECKERS = ['itad_checker', 'itad_receiver', 'itad_manager'];

/** @param {App} app @param {Where} where @returns {Promise<Screen>} */
export async function opening(app, { parts: [id, code] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(id)}`;
  const cage = work.view.cages.get(code);
  const judged = suspected(work, code, work.decide('opened', code));
  const witness = personChoice(work.pack, { label: OPENING.witness, must: OPENING.witnessMust, roles: CHECKERS, except: work.actor,
    words: (role) => ROLES[role] ?? role });
  const record = async () => {
    const other = witness.some ? witness.take() : '';
    if (other === null) return;
    await finish(app, () => work.record({ step: 'opened', code, src: 'form', wit: other ? [other] : [], said: judged.said, body: {} }),
      { words: OPENING.title, judged, work, path: `${back}/count/${code}` });
  };
  return { title: OPENING.title, sub: work.cageName(code), back,
    body: [judged.said === 'attention' ? notice('error', work.findingWords(judged.finding), OPENING.warn) : null,
      facts([['封印', cage?.seal ?? ''], ['一覧の台数', `${cage?.manifest.length ?? 0}台`]]),
      notice('info', OPENING.check, OPENING.rule), witness.element],
    foot: [button(OPENING.go, record, { mark: 'open' })] };
}

/** @param {App} app @param {Where} where @returns {Promise<Screen>} */
export async function closing(app, { parts: [id, code] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const base = `/app/job/${encodeURIComponent(id)}`;
  const cage = work.view.cages.get(code);
  const manifest = cage?.manifest ?? [];
  const seen = new Set(cage?.counted);
  const left = manifest.filter((each) => !seen.has(each));
  const names = left.flatMap((each) => work.view.devices.get(each) ?? []);
  const answer = h('div', { role: 'status' });
  const compare = (/** @type {string} */ text) => {
    const even = Number(text) === seen.size && left.length === 0;
    fill(answer, text ? (even ? notice('ok', OPENING.even) : notice('warn', OPENING.odd)) : null);
  };
  const count = textField({ label: OPENING.declared, hint: OPENING.declaredHint, must: OPENING.declaredMust, mode: 'numeric', tidy: digits, onInput: compare });
  const record = async () => {
    const number = count.take();
    if (number === null) return;
    const judged = balance(work.decide('count_closed', code), left.length, Number(number) === seen.size);
    await finish(app, () => work.record({ step: 'count_closed', code, src: 'form', said: judged.said, body: { count: Number(number) } }),
      { words: OPENING.done(work.cageName(code)), judged, work, path: base });
  };
  return { title: OPENING.close, sub: work.cageName(code), back: `${base}/count/${code}`,
    body: [facts([[OPENING.listed, `${manifest.length}台`], [OPENING.scanned, `${seen.size}台`]]),
      left.length ? notice('warn', OPENING.missing(left.length), missingWords(names) || left[0], OPENING.missingHint) : null, count.element, answer],
    foot: [button(OPENING.goClose, record, { mark: 'check' }), left.length ? linkButton(OPENING.backToCount, `${base}/count/${code}`, { rank: 'second' }) : null] };
}

/** A seal that this phone saw broken or changed at arrival. @param {import('./work.js').Work} work @param {string} code
 * @param {import('../types.js').Decision} judged @returns {import('../types.js').Decision} */
function suspected(work, code, judged) {
  const arrival = work.kept.filter((row) => row.step === 'arrived' && row.code === code).at(-1);
  if (!arrival) return judged;
  const { said, body } = /** @type {import('../types.js').Scan} */ (JSON.parse(arrival.p));
  return said === 'attention' ? { ...judged, said, finding: body.verdict === 'intact' ? 'SEAL_MISMATCH' : 'SEAL_BROKEN' } : judged;
}

/** What the phone can see in the numbers themselves. @param {import('../types.js').Decision} judged @param {number} missing
 * @param {boolean} even @returns {import('../types.js').Decision} */
function balance(judged, missing, even) {
  if (missing > 0) return { ...judged, said: 'attention', finding: 'MISSING' };
  return even ? judged : { ...judged, said: 'attention', finding: 'COUNT_BALANCE' };
}

/** @param {string} text */
const digits = (text) => text.normalize('NFKC').replace(/\D/g, '');
