// 証明を確かめる: a proof on paper or in a file, checked on this phone alone. For everybody, logged in or not.

import { checker } from '../components/checker.js';
import { h } from '../components/dom.js';
import { keys } from '../components/keys.js';
import { refreshPins } from '../ledger/pins.js';
import { PROOF } from '../messages-proof.js';

let brought = '';

/** Check this text when the screen opens. @param {string} text a QR that another screen read */
export const bring = (text) => { brought = text; };

/** @param {import('../app.js').App} app @returns {Promise<import('../app.js').Screen>} */
export async function verify(app) {
  const check = checker(app.store);
  const trust = h('div', {}, await keys(app.store, app.reload));
  if (app.me && app.status.online) {
    void refreshPins(app.store, app.me.logs).then(async () => trust.replaceChildren(await keys(app.store, app.reload)));
  }
  if (brought) void check.take(brought);
  brought = '';
  return { title: PROOF.title, back: '/app/', body: [check.element, trust] };
}
