// A verdict on a proof as people read it: one large word, why, who cosigned, and what the entry says.

import { MARKS, SAYS, SIGNED, VERDICT, WHY } from '../messages-proof.js';
import { ROLES } from '../messages.js';
import { read } from '../ledger/entry.js';
import { show } from '../scanning/codes.js';
import { h } from './dom.js';
import { facts } from './form.js';
import { icon } from './icon.js';

/** @typedef {import('../ledger/verdict.js').Verdict} Verdict */
/** Names of kinds and steps: contract/entries.json. @typedef {{kinds: Record<string, string>, steps: Record<string, string>}} Names */

const FULL = new Intl.DateTimeFormat('ja-JP', { year: 'numeric', month: 'long', day: 'numeric', hour: 'numeric', minute: '2-digit', hourCycle: 'h23', timeZone: 'Asia/Tokyo' });

/** "2026年11月21日 9:41". @param {number} ms */
export const full = (ms) => FULL.format(ms);

/** @returns {Promise<Names>} */
export async function entryNames() {
  return (await fetch(new URL('../contract/entries.json', import.meta.url))).json();
}

/** The large word and why. @param {Verdict} verdict */
export function word({ kind, why }) {
  return h('section', { class: 'proof', 'data-kind': kind, role: kind === 'tampered' ? 'alert' : 'status' },
    h('span', { class: 'proof__mark', 'aria-hidden': 'true' }, icon(MARKS[kind])), h('h2', { class: 'proof__word', tabindex: '-1' }, VERDICT[kind]),
    h('p', { class: 'proof__why' }, WHY[why]));
}

/** Who signed. @param {Verdict} verdict */
export function signatures({ origin, index, size, cosigned, least, asked, older, kind }) {
  if (!origin) return null;
  const names = cosigned.map(({ name, at }) => h('li', {}, h('b', {}, name), h('small', {}, full(Number(at) * 1000))));
  const isChecked = kind === 'genuine' || kind === 'short';
  const signers = names.length ? h('ul', { class: 'proof__names', role: 'list' }, names) : SIGNED.none;
  return h('section', { class: 'app-stack' }, h('h2', {}, isChecked ? SIGNED.title : SIGNED.claimed), facts([
    [SIGNED.log, h('span', { class: 'app-hash' }, origin)], [SIGNED.index, place(index, size)],
    [SIGNED.by, isChecked ? signers : null], [SIGNED.need, isChecked && asked ? SIGNED.least(least, asked) : null],
  ]), older ? h('p', { class: 'app-note' }, SIGNED.older) : null);
}

/** @param {bigint|null} index @param {bigint|null} size */
function place(index, size) {
  if (index === null) return '';
  return size === null ? String(index) : SIGNED.of(String(index), String(size));
}

/** What the entry says. Of a proof that failed nothing is shown as if it were true. @param {Verdict} verdict @param {Names} names */
export function says({ kind, entry }, names) {
  if (!entry) return null;
  const said = read(entry);
  const raw = h('details', { class: 'proof__raw' }, h('summary', {}, SAYS.raw), h('pre', { tabindex: '0' }, new TextDecoder().decode(entry)));
  return h('section', { class: 'app-stack' }, h('h2', {}, SAYS.title), kind === 'unknown' ? h('p', { class: 'app-note' }, SAYS.unproved) : null,
    said ? facts(rows(said, names)) : h('p', {}, SAYS.strange), raw);
}

/** @param {import('../ledger/entry.js').Said} said @param {Names} names @returns {[string, import('./dom.js').Child][]} */
function rows(said, names) {
  const time = (/** @type {number|null} */ ms) => (ms === null ? null : full(ms));
  return [
    [SAYS.kind, names.kinds[said.kind] ?? said.kind], [SAYS.step, said.step && (names.steps[said.step] ?? said.step)],
    [SAYS.code, said.code && h('span', { class: 'app-hash' }, said.code.length === 17 ? show(said.code) : said.code)],
    [SAYS.at, time(said.at)], [SAYS.recorded, time(said.recorded)], [SAYS.roles, said.roles.map((role) => ROLES[role] ?? role).join('、')],
    [SAYS.seal, said.seal], [SAYS.photos, said.photos ? SAYS.photoCount(said.photos) : null], [SAYS.closed, said.closed ? SAYS.closedYes : null],
    [SAYS.actor, h('span', { class: 'app-hash' }, said.actor)], [SAYS.id, h('span', { class: 'app-hash' }, said.id)],
  ];
}
