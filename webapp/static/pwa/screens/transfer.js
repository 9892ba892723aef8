// A file with what only this phone has, and taking in such a file from another: part of the outbox.

import { h, uid } from '../components/dom.js';
import { button } from '../components/frame.js';
import { icon } from '../components/icon.js';
import { exportUnsent, fileName, importUnsent } from '../intake/transfer.js';
import { syncNow } from '../intake/sync.js';
import { TRANSFER } from '../messages-phone.js';

/** @typedef {import('../app.js').App} App */

/** Offers the file as a download. @param {App} app */
export async function saveUnsent(app) {
  const link = h('a', { href: URL.createObjectURL(await exportUnsent(app.store)), download: fileName() });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {App} app @param {number} unsent how many scans only this phone has */
export function transferPanel(app, unsent) {
  const save = () => saveUnsent(app).then(() => app.said.say('ok', TRANSFER.exported, TRANSFER.stillHere));
  return h('section', { class: 'app-stack' }, h('h2', {}, TRANSFER.title),
    unsent > 0 ? button(TRANSFER.export(unsent), save, { rank: 'plain', mark: 'download' }) : null,
    unsent > 0 ? h('p', { class: 'app-note' }, TRANSFER.exportHint) : null,
    importButton(app), h('p', { class: 'app-note' }, TRANSFER.importHint));
}

/** Says what the file came to in the bar: that stays while the screen is drawn anew around it. @param {App} app */
function importButton(app) {
  const input = h('input', { id: uid('file'), type: 'file', accept: 'application/json,.json', class: 'visually-hidden' });
  input.addEventListener('change', async () => {
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    app.said.say('busy', TRANSFER.reading, '');
    app.said.say(...await wordsOf(app, file));
    app.reload();
    void syncNow(app.store);
  });
  return h('label', { class: 'button', 'data-kind': 'quiet', for: input.id }, icon('upload'), h('span', {}, TRANSFER.import), input);
}

/** @param {App} app @param {File} file @returns {Promise<['ok'|'attention', string, string]>} */
async function wordsOf(app, file) {
  try {
    const told = await importUnsent(app.store, file);
    return [told.bad ? 'attention' : 'ok', TRANSFER.took(told), TRANSFER.tookMore(told)];
  } catch (problem) {
    const isFull = /** @type {{code?: string}} */ (problem)?.code === 'store.full';
    return ['attention', isFull ? TRANSFER.full : TRANSFER.notOurs, TRANSFER.nothingTaken];
  }
}
