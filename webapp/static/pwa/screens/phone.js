// 「この電話」: whose phone this is, whether its records are signed, and what the browser promises about its disk.

import { codeField } from '../components/codefield.js';
import { fill, h } from '../components/dom.js';
import { choice, facts } from '../components/form.js';
import { day, moment, shortHash, span } from '../components/format.js';
import { button, linkButton, notice } from '../components/frame.js';
import { lookFor } from '../components/reader.js';
import { tell } from '../feedback.js';
import { enrol, refreshStanding, standing } from '../intake/enrolment.js';
import { askToKeep, room } from '../kernel/storage.js';
import { SCANNER } from '../messages.js';
import { PHONE, STORAGE } from '../messages-phone.js';
import { isValid, normalise, show } from '../scanning/codes.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../intake/enrolment.js').Standing} Standing */
/** @typedef {import('../intake/enrolment.js').Former} Former */

/** The office's QR: our address with the code behind /E/. @param {string} text @returns {string} "" for anything else */
export function tokenIn(text) {
  const found = /\/E\/([0-9A-Z]{17})$/i.exec(text.trim());
  const token = normalise(found?.[1] ?? '') ?? '';
  return isValid(token) ? token : '';
}

/** @param {App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function phone(app, { parts }) {
  const given = normalise(parts[0] ?? '') ?? '';
  if (!app.me) {
    return { title: PHONE.title, back: '/app/', live: true, body: [notice('info', PHONE.login)],
      foot: [linkButton(PHONE.toLogin, `/login?next=/app/phone${given ? `/${given}` : ''}`)] };
  }
  const now = await standing(app.store);
  const form = now.state === 'enrolled' ? null : enrolForm(app, now, given);
  return { title: PHONE.title, back: '/app/settings', body: [...stateOf(app, now), ...(form?.body ?? []), ...await diskOf(app)], foot: form?.foot ?? [] };
}

/** @param {App} app @param {Standing} now */
function stateOf(app, { state, key, record }) {
  const { kind, title, text } = PHONE.states[state];
  const name = app.me?.person.name ?? '';
  const headline = state === 'enrolled' ? `${PHONE.of(name)}${title}` : title;
  const seam = record?.seams.length ? PHONE.seam : PHONE.replacedOnly;
  return [notice(kind, headline, text),
    key ? facts([[PHONE.facts.person, name], [since(state), record ? moment(record.at) : ''],
      [PHONE.facts.dev, h('span', { class: 'app-hash' }, key.dev.slice(-6).toUpperCase())], [PHONE.facts.key, h('span', { class: 'app-hash' }, shortHash(key.id))], [PHONE.facts.after, record?.after ? seam : '']]) : null];
}

/** What the time in the record is. @param {Standing["state"]} state */
const since = (state) => (state === 'revoked' ? PHONE.facts.ended : PHONE.facts.since);

/** @param {App} app @param {Standing} now @param {string} given the code of the address */
function enrolForm(app, now, given) {
  const status = h('div', { class: 'app-stack', role: 'status' });
  const field = codeField({ label: PHONE.codeLabel, hint: PHONE.codeHint, onGood: () => void go() });
  field.input.value = given ? show(given) : '';
  const formerly = h('div', {});
  /** @type {ReturnType<typeof choice>|null} */
  let instead = null;
  void askFormer(app).then((list) => {
    if (list.length > 0) fill(formerly, (instead = formerChoice(list)).element);
  });
  const go = async () => {
    const [token, after] = [field.take(), instead ? instead.take() : ''];
    if (!token || after === null) return;
    fill(status, h('p', { class: 'app-note' }, PHONE.busy));
    const outcome = await enrol(app.store, token, { after: after === ADDITIONAL ? '' : after });
    if (!outcome.ok) return fill(status, notice('error', wordsFor(outcome)));
    tell('ok');
    app.go('/app/phone', { replace: true });
    app.said.say('ok', PHONE.done, '');
  };
  const scan = async () => {
    const text = await lookFor((each) => tokenIn(each) !== '', { aim: PHONE.aim, not: PHONE.notOurs }).catch(() => null);
    if (text === null) return fill(status, notice('warn', SCANNER.none, PHONE.codeHint));
    if (text) app.go(`/app/phone/${tokenIn(text)}`, { replace: true });
  };
  const offline = app.status.online || app.status.needsLogin ? null : notice('warn', PHONE.offline);
  const send = button(now.state === 'revoked' ? PHONE.again : PHONE.go, go, { mark: 'phone', rank: given ? 'main' : 'second' });
  return {
    body: [offline, given ? notice('ok', PHONE.given) : h('h2', {}, PHONE.how), given ? null : h('ol', { class: 'app-steps' }, PHONE.steps.map((step) => h('li', {}, step))),
      field.element, formerly, status],
    foot: given ? [send] : [button(PHONE.read, scan, { mark: 'scan' }), send],
  };
}

/** @param {{code: string, text: string}} outcome */
const wordsFor = ({ code, text }) => PHONE.failed[code] ?? (text || PHONE.failedElse(code));

/** Phones of this person that this one could stand in for; none while there is no network. @param {App} app
 * @returns {Promise<Former[]>} */
const askFormer = async (app) => (await refreshStanding(app.store)).replaceable ?? [];

const ADDITIONAL = 'additional';

/** @param {Former[]} list */
const formerChoice = (list) => choice({ label: PHONE.replace, hint: PHONE.replaceHint, must: PHONE.replaceMust, options: [
  ...list.map((former) => ({ value: former.dev, label: PHONE.instead(day(former.enrolled_at)),
    detail: former.last_at ? PHONE.lastSeen(moment(former.last_at)) : PHONE.neverSeen })),
  { value: ADDITIONAL, label: PHONE.additional, detail: PHONE.additionalDetail }] });

/** @param {App} app */
async function diskOf(app) {
  const now = await room();
  const answer = h('p', { class: 'app-note', role: 'status' });
  const { oldest } = app.counts;
  const promise = now.persisted === null ? STORAGE.unknown : now.persisted ? STORAGE.yes : STORAGE.no;
  const ask = async () => { answer.textContent = (await askToKeep()) ? STORAGE.asked.yes : STORAGE.asked.no; };
  return [h('h2', {}, STORAGE.title),
    facts([[STORAGE.promise, promise], [STORAGE.used, size(now.usage)],
      [STORAGE.left, now.usage === null || now.quota === null ? '' : size(now.quota - now.usage)],
      [STORAGE.oldest, oldest === null ? STORAGE.none : `${span(Date.now() - oldest)}前`]]),
    now.persisted ? null : button(STORAGE.ask, ask, { rank: 'plain', mark: 'shield' }), answer];
}

/** "12 MB", "3.4 GB". @param {number|null} bytes */
function size(bytes) {
  if (bytes === null) return '';
  return bytes < 1e9 ? `${Math.max(1, Math.round(bytes / 1e6))} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
