// 当日券 on screen: the officer reads a substitute's phone and shows the pass; the substitute shows the phone and reads the pass.

import { isGuest } from '../app.js';
import { h } from '../components/dom.js';
import { button, linkButton, notice } from '../components/frame.js';
import { moment } from '../components/format.js';
import { showing } from '../components/symbol.js';
import { install, introduce, introduced, issue, papers } from '../exchange/pass.js';
import { encode } from '../exchange/text.js';
import { keyOf } from '../intake/keys.js';
import { me as whoAmI } from '../intake/packs.js';
import { PASS } from '../messages-handover.js';
import { finish } from './finish.js';
import { absent } from './home.js';
import { shownDesk } from './shown.js';
import { openWork } from './work.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../app.js').Screen} Screen */
/** @typedef {import('../app.js').Where} Where */

/** The officer's camera on the substitute's phone. @param {App} app @param {Where} where @returns {Promise<Screen>} */
export async function givePass(app, { parts: [id] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(id)}/handover`;
  if (!(await keyOf(app.store))) return { title: PASS.give, back, body: [notice('warn', PASS.noKey, PASS.noKeyHint)], foot: [linkButton(PASS.enrol, '/app/phone')] };
  return shownDesk(app, { title: PASS.give, hud: PASS.hudPhone, back, prefixes: work.prefixes, kind: 'phone', onWhole: async (acts) => {
    const phone = await introduced(acts);
    const row = await issue(work, phone);
    app.go(`/app/job/${encodeURIComponent(id)}/pass/${row.id}`, { replace: true });
  } });
}

/** The pass, for the substitute's camera. @param {App} app @param {Where} where @returns {Promise<Screen>} */
export async function showPass(app, { parts: [id, key] }) {
  const work = await openWork(app, id);
  const row = work?.kept.find((each) => each.id === key);
  if (!work || !row) return absent();
  const back = `/app/job/${encodeURIComponent(id)}/handover`;
  const symbol = await showing(await encode('pass', await papers(work, row)), PASS.symbol);
  const { body } = JSON.parse(row.p);
  return { title: PASS.title, sub: PASS.until(moment(body.until)), back,
    body: [symbol.element, h('p', { class: 'app-lead' }, PASS.showHow), notice('info', PASS.meaning)],
    foot: [linkButton(PASS.toHandover, back, { mark: 'handover' })], leave: symbol.leave };
}

/** The substitute's phone, for the officer's camera. @param {App} app @returns {Promise<Screen>} */
export async function guest(app) {
  const back = '/app/';
  if (app.me && !isGuest(app)) return { title: PASS.get, back, body: [notice('info', PASS.notNeeded(app.me.person.name))], foot: [linkButton(PASS.home, back)] };
  try {
    const symbol = await showing(await encode('phone', [await introduce(app.store, PASS.name)]), PASS.phoneSymbol);
    app.me = await whoAmI(app.store);
    return { title: PASS.get, sub: PASS.getSub, back, body: [symbol.element, h('p', { class: 'app-lead' }, PASS.getHow)],
      foot: [linkButton(PASS.read, '/app/guest/read', { mark: 'scan' })], leave: symbol.leave };
  } catch (problem) {
    console.warn(problem);
    return { title: PASS.get, back, body: [notice('error', PASS.cannot)], foot: [button(PASS.again, app.reload)] };
  }
}

/** The substitute's camera on the pass. @param {App} app @returns {Screen} */
export function readPass(app) {
  return shownDesk(app, { title: PASS.read, hud: PASS.hudPass, back: '/app/guest', prefixes: [location.origin.toUpperCase()], kind: 'pass', onWhole: async (acts) => {
    const job = await install(app.store, acts, PASS.name);
    app.me = await whoAmI(app.store);
    await finish(app, () => Promise.resolve(), { words: PASS.taken, path: `/app/job/${encodeURIComponent(job)}` });
  } });
}
