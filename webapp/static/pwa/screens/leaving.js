// Logging out. With records that are nowhere else, it asks first; they stay on the phone whatever the answer.

import { h } from '../components/dom.js';
import { button, sheet } from '../components/frame.js';
import { forgetMe } from '../intake/packs.js';
import { syncNow } from '../intake/sync.js';
import { switchOff } from '../kernel/push.js';
import { SETTINGS } from '../messages.js';
import { LEAVING } from '../messages-phone.js';
import { counts as countsOf } from '../intake/outbox.js';
import { saveUnsent } from './transfer.js';

/** @typedef {import('../app.js').App} App */

/** What only this phone has. @param {import('../types.js').Counts} counts */
export const onlyHere = ({ pending, refused, stuck, photos, badPhotos }) => pending + refused + stuck + photos + badPhotos;

/** The session ends on the server, jobs and names leave this phone, records and key stay. @param {App} app */
export async function leavePhone(app) {
  if (onlyHere(await countsOf(app.store)) > 0 && !(await askFirst(app))) return;
  await switchOff(); // who comes next must not read what is for this person
  try {
    const answer = await fetch('/api/logout', { method: 'POST', headers: { 'X-Ashiato': '1' } });
    if (!answer.ok) throw new Error(String(answer.status));
  } catch {
    return app.complain(SETTINGS.logoutOffline, '');
  }
  await forgetMe(app.store);
  sessionStorage.clear(); // what was typed into a form of the site and not sent
  location.assign('/login?next=/app/');
}

/** @param {App} app @returns {Promise<boolean>} whether to go */
async function askFirst(app) {
  const left = onlyHere(await countsOf(app.store));
  const status = h('p', { class: 'app-note', role: 'status' });
  const answer = await sheet(LEAVING.title, (close) => {
    const send = async () => {
      await syncNow(app.store);
      const { pending, photos, others } = await countsOf(app.store);
      if (pending - others + photos === 0) close(true);
      else status.textContent = LEAVING.still;
    };
    return { body: [h('p', {}, LEAVING.text(left)), status], foot: [button(LEAVING.send, send, { mark: 'outbox' }),
      button(LEAVING.save, () => saveUnsent(app), { rank: 'second', mark: 'download' }), button(LEAVING.anyway, () => close(true), { rank: 'plain', mark: 'logout' })] };
  });
  return answer === true;
}
