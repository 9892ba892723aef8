// The switch for messages to this app, among the settings.

import { h } from '../components/dom.js';
import { choice } from '../components/form.js';
import { pushState, switchOff, switchOn } from '../kernel/push.js';
import { PUSH } from '../messages.js';

/** What the settings show: a switch, or why there is none. @param {import('../app.js').App} app */
export async function pushChoice(app) {
  if (!app.me?.person) return null;
  const now = await pushState();
  if (!now.here) return h('p', { class: 'app-note' }, PUSH.home);
  const status = h('p', { class: 'app-note', role: 'status' }, now.denied ? PUSH.said.denied : '');
  const pick = async (/** @type {string} */ value) => {
    status.textContent = PUSH.busy;
    const done = value === 'on' ? await switchOn() : await switchOff().then(() => /** @type {const} */ ('quiet'));
    status.textContent = PUSH.said[done];
    if (value === 'on' && done !== 'on') untick();
  };
  const wish = choice({ beside: true, label: PUSH.label, hint: PUSH.hint, value: now.on ? 'on' : 'off', onPick: pick,
    options: [{ value: 'on', label: PUSH.on }, { value: 'off', label: PUSH.off }] });
  const untick = () => { for (const box of wish.element.querySelectorAll('input')) box.checked = box.value === 'off'; };
  return h('div', { class: 'field' }, wish.element, status);
}
