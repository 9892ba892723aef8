// Arrival: the seal is read again before its old number is shown, so that the reading is a reading.

import { h, fill } from '../components/dom.js';
import { button, notice } from '../components/frame.js';
import { choice, facts, photoField } from '../components/form.js';
import { readField } from '../components/readfield.js';
import { ARRIVE } from '../messages.js';
import { finish } from './finish.js';
import { absent } from './home.js';
import { checkSeal, sameSeal, tidySeal } from './lock.js';
import { held } from './tasks.js';
import { openWork } from './work.js';

/** @param {import('../app.js').App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function arrive(app, { parts: [id, code] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(id)}`;
  const cage = work.view.cages.get(code);
  const name = work.cageName(code);
  const before = cage?.seal ?? '';
  const compared = h('div', { role: 'status' });
  const sealBox = h('div', { class: 'app-stack' });
  const compare = (/** @type {string} */ now) => {
    fill(compared, before && now.length >= before.length ? (sameSeal(now, before) ? notice('ok', ARRIVE.same)
      : notice('error', ARRIVE.differs(before, now), ARRIVE.differsHint)) : null);
  };
  const seal = readField({ prefixes: work.prefixes, label: ARRIVE.sealNow, hint: ARRIVE.sealHint, must: ARRIVE.sealMust, tidy: tidySeal, check: checkSeal, onInput: compare });
  sealBox.append(seal.element, compared);
  const verdict = choice({ label: ARRIVE.verdict, must: ARRIVE.verdictMust, onPick: (value) => { sealBox.hidden = value === 'missing'; },
    options: [{ value: 'intact', label: ARRIVE.intact, detail: ARRIVE.intactDetail, kind: 'ok' },
      { value: 'broken', label: ARRIVE.broken, detail: ARRIVE.brokenDetail, kind: 'error' },
      { value: 'missing', label: ARRIVE.missing, detail: ARRIVE.missingDetail, kind: 'error' }] });
  const photo = photoField({ label: ARRIVE.photo, hint: ARRIVE.photoHint, must: ARRIVE.photoMust });
  const record = async () => {
    const state = verdict.take();
    const number = state === 'missing' ? '' : seal.take();
    const picture = photo.take();
    if (state === null || number === null || picture === null) return;
    const judged = verdictOf(work.decide('arrived', code), state, before, number);
    await finish(app, () => work.record({ step: 'arrived', code, src: 'form', said: judged.said, body: { seal: before && sameSeal(number, before) ? before : number, verdict: state } },
      { photos: [picture] }), { words: ARRIVE.done(name), judged, work, path: back });
  };
  return { title: ARRIVE.title, sub: name, back,
    body: [facts([['中の端末', `${cage ? held(cage) : 0}台`], ['運んだ人', work.person(cage?.handed_to ?? '')]]),
      verdict.element, sealBox, photo.element],
    foot: [button(ARRIVE.go, record, { mark: 'check' })] };
}

/** What the phone can see in the seal itself. @param {import('../types.js').Decision} judged @param {string} state
 * @param {string} before @param {string} now @returns {import('../types.js').Decision} */
function verdictOf(judged, state, before, now) {
  if (state !== 'intact') return { ...judged, said: 'attention', finding: 'SEAL_BROKEN' };
  if (before && !sameSeal(now, before)) return { ...judged, said: 'attention', finding: 'SEAL_MISMATCH' };
  return judged;
}
