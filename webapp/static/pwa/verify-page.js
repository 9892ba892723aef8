// /verify: anybody checks a proof, without an account; once opened, also without a network. The same modules as the app's.

import { settings, wear } from './app.js';
import { checker } from './components/checker.js';
import { fill, h } from './components/dom.js';
import { notice } from './components/frame.js';
import { icon } from './components/icon.js';
import { keys } from './components/keys.js';
import { WORLD, ask } from './intake/http.js';
import { registerApp } from './kernel/update.js';
import { openStore } from './kernel/store.js';
import { hear } from './ledger/pins.js';
import { PROOF } from './messages-proof.js';

/** @typedef {import('./types.js').Store} Store */

const root = /** @type {HTMLElement} */ (document.getElementById('app'));

async function boot() {
  wear(settings());
  const store = await openStore();
  const trust = h('div', {});
  const draw = async () => trust.replaceChildren(await keys(store, draw));
  root.removeAttribute('aria-busy');
  fill(root, h('header', { class: 'app-bar' }, h('a', { class: 'app-bar__back', href: '/', 'aria-label': '足あと トップページ' }, icon('home')),
    h('div', { class: 'app-bar__words' }, h('h1', {}, PROOF.title))), h('div', { class: 'app-body' }, checker(store).element, trust));
  await draw();
  await learn(store);
  await draw();
  void registerApp();
}

/** What this server says of its logs; the first that is seen of each is pinned. @param {Store} store */
async function learn(store) {
  const answer = await ask(WORLD, '/api/ledger/policies');
  if (answer.kind !== 'ok' || !Array.isArray(answer.body?.policies)) return;
  for (const { log, name, text } of answer.body.policies) {
    await hear(store, { log: String(log), name: String(name), text: String(text) }, Date.now()).catch((problem) => console.warn(problem));
  }
}

boot().catch((problem) => {
  console.error(problem);
  root.removeAttribute('aria-busy');
  fill(root, h('h1', {}, PROOF.title), notice('error', 'この画面を表示できませんでした。', String(problem?.message ?? problem)));
});
