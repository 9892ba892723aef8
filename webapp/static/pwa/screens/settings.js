// Settings of this phone: letters, hand, sound; who uses it; what it is.

import { choose, settings as chosen } from '../app.js';
import { h } from '../components/dom.js';
import { button, linkButton, menuRow, notice } from '../components/frame.js';
import { choice, facts } from '../components/form.js';
import { setSound, setVoice, speak, tell, unlock } from '../feedback.js';
import { standing } from '../intake/enrolment.js';
import { BUILD } from '../kernel/build.js';
import { ROLES, SETTINGS } from '../messages.js';
import { PHONE } from '../messages-phone.js';
import { leavePhone } from './leaving.js';
import { pushChoice } from './pushes.js';

/** @param {import('../app.js').App} app @returns {Promise<import('../app.js').Screen>} */
export async function settings(app) {
  const now = chosen();
  const large = choice({ beside: true, label: SETTINGS.large, value: now.large ? 'large' : 'normal', onPick: (value) => { choose({ large: value === 'large' }); },
    options: [{ value: 'normal', label: SETTINGS.normalText }, { value: 'large', label: SETTINGS.largeText }] });
  const hand = choice({ beside: true, label: SETTINGS.hand, hint: SETTINGS.handHint, value: now.hand, onPick: (value) => { choose({ hand: value === 'left' ? 'left' : 'right' }); },
    options: [{ value: 'right', label: SETTINGS.right }, { value: 'left', label: SETTINGS.left }] });
  const sound = choice({ beside: true, label: SETTINGS.sound, value: now.sound ? 'on' : 'off', onPick: (value) => { setSound(choose({ sound: value === 'on' }).sound); },
    options: [{ value: 'on', label: SETTINGS.on }, { value: 'off', label: SETTINGS.off }] });
  const persisted = await navigator.storage?.persisted?.().catch(() => false);
  const person = app.me?.person;
  const unsent = app.counts.pending - app.counts.others;
  return { title: SETTINGS.title, back: '/app/',
    body: [large.element, hand.element, sound.element, button(SETTINGS.try, () => { unlock(); tell('ok'); }, { rank: 'plain', mark: 'sound' }), voiceChoice(now.voice),
      await pushChoice(app),
      h('h2', {}, SETTINGS.who),
      person ? facts([['氏名', person.name], ['所属', person.organisation.name], ['役割', person.roles.map((role) => ROLES[role] ?? role).join('、')]]) : null,
      unsent > 0 ? notice('warn', SETTINGS.logoutUnsent(unsent)) : null,
      person ? button(SETTINGS.logout, () => leavePhone(app), { rank: 'plain', mark: 'logout' }) : linkButton('ログイン', '/login?next=/app/', { rank: 'second' }),
      h('h2', {}, SETTINGS.phone),
      menuRow('/app/phone', 'phone', PHONE.menu, PHONE.states[(await standing(app.store)).state].short),
      facts([[SETTINGS.build, h('span', { class: 'app-hash' }, BUILD)], [SETTINGS.disk, persisted ? SETTINGS.diskYes : SETTINGS.diskNo]]),
      h('p', { class: 'app-note' }, SETTINGS.install)],
    foot: [] };
}

/** @param {boolean} on */
function voiceChoice(on) {
  return choice({ beside: true, label: SETTINGS.voice, hint: SETTINGS.voiceHint, value: on ? 'on' : 'off',
    onPick: (value) => { setVoice(choose({ voice: value === 'on' }).voice); speak(SETTINGS.voiceTry); },
    options: [{ value: 'on', label: SETTINGS.voiceOn }, { value: 'off', label: SETTINGS.voiceOff }] }).element;
}
