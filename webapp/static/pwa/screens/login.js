// Nobody is known on this phone yet: where to log in, or, without a network, what that takes.

import { h } from '../components/dom.js';
import { button, linkButton, notice } from '../components/frame.js';
import { syncNow } from '../intake/sync.js';
import { APP, LOGIN } from '../messages.js';
import { PASS } from '../messages-handover.js';
import { RELIEF } from '../messages-relief.js';

/** @param {import('../app.js').App} app @returns {import('../app.js').Screen} */
export function login(app) {
  const online = app.status.online || app.status.needsLogin;
  if (online && !app.status.needsLogin && !app.me && app.status.problem === '') {
    return { title: LOGIN.title, live: true, body: [h('p', { class: 'app-lead', role: 'status' }, APP.loading)] };
  }
  const again = async () => { await syncNow(app.store); app.reload(); };
  return { title: LOGIN.title, live: true,
    body: [h('p', { class: 'app-lead' }, LOGIN.lead), online ? null : notice('warn', LOGIN.offline, LOGIN.offlineHint),
      linkButton(RELIEF.card, '/app/card', { rank: 'second', mark: 'scan' }), linkButton(PASS.get, '/app/guest', { rank: 'plain', mark: 'person' })],
    foot: online ? [linkButton(LOGIN.go, '/login?next=/app/')] : [button(LOGIN.again, again), linkButton(LOGIN.go, '/login?next=/app/', { rank: 'plain' })] };
}
