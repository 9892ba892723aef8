// Which screen an address means. Parts of the path come decoded.

import { APP } from '../messages.js';
import { linkButton, notice } from '../components/frame.js';
import { arrive } from './arrive.js';
import { cage } from './cage.js';
import { correct } from './correct.js';
import { destroy, destroyScan } from './destroy.js';
import { erase } from './erase.js';
import { give, readAnswer } from './give.js';
import { handover } from './handover.js';
import { home } from './home.js';
import { job } from './job.js';
import { lock } from './lock.js';
import { login } from './login.js';
import { look } from './look.js';
import { countScan, eraseScan, extractScan, loadScan } from './modes.js';
import { closing, opening } from './opening.js';
import { outbox } from './outbox.js';
import { givePass, guest, readPass, showPass } from './pass.js';
import { phone } from './phone.js';
import { pick } from './pick.js';
import { register } from './register.js';
import { relief } from './relief.js';
import { shelterCard } from './relief-card.js';
import { reliefCount } from './relief-count.js';
import { reliefOutside, reliefOutsideItem } from './relief-outside.js';
import { reliefScan } from './relief-scan.js';
import { settings } from './settings.js';
import { check, take, took, tookWords } from './take.js';
import { typed } from './typed.js';
import { verify } from './verify.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../app.js').Draw} Draw */

/** `:` stands for one part. @type {[string, Draw][]} */
const ROUTES = [
  ['', home], ['scan', look], ['typed', typed], ['outbox', outbox], ['correct', correct], ['settings', settings], ['login', login], ['verify', verify],
  ['card', shelterCard], ['relief/:', relief], ['relief/:/scan', reliefScan], ['relief/:/count/:', reliefCount],
  ['relief/:/outside', reliefOutside], ['relief/:/outside/:', reliefOutsideItem],
  ['phone', phone], ['phone/:', phone],
  ['job/:', job], ['job/:/cage/:', cage], ['job/:/register', register],
  ['job/:/erase', erase], ['job/:/erase/scan', eraseScan],
  ['job/:/load', pick('load')], ['job/:/load/:', loadScan],
  ['job/:/lock', pick('lock')], ['job/:/lock/:', lock],
  ['job/:/handover', handover], ['job/:/handover/:', handover], ['job/:/give/:', give], ['job/:/give/:/read', readAnswer],
  ['job/:/pass', givePass], ['job/:/pass/:', showPass], ['guest', guest], ['guest/read', readPass],
  ['take', take], ['take/check', check], ['job/:/took/:', took], ['job/:/took/:/words', tookWords],
  ['job/:/arrive', pick('arrive')], ['job/:/arrive/:', arrive],
  ['job/:/open', pick('open')], ['job/:/open/:', opening],
  ['job/:/count', pick('count')], ['job/:/count/:', countScan], ['job/:/close/:', closing],
  ['job/:/extract', extractScan], ['job/:/destroy', destroy('destroy')], ['job/:/destroy/scan', destroyScan('destroy')],
  ['job/:/onsite', destroy('onsite')], ['job/:/onsite/scan', destroyScan('onsite')],
];

/** Open to everybody; the rest asks who it is first. */
const OPEN = new Set(/** @type {Draw[]} */ ([home, look, typed, outbox, settings, phone, login, verify, guest, readPass, shelterCard]));

/** The screen of an address. @param {App} app @param {{pathname: string, search: string}} address @returns {Promise<import('../app.js').Screen>} */
export async function screenFor(app, { pathname, search }) {
  const path = pathname.replace(/^\/app\/?/, '').split('/').filter(Boolean);
  for (const [pattern, draw] of ROUTES) {
    const parts = match(pattern.split('/').filter(Boolean), path);
    if (parts) return !app.me && !OPEN.has(draw) ? login(app) : draw(app, { parts, query: new URLSearchParams(search) });
  }
  return { title: APP.name, back: '/app/', body: [notice('warn', APP.missingPage)], foot: [linkButton(APP.toHome, '/app/')] };
}

/** @param {string[]} pattern @param {string[]} path @returns {string[]|null} what stood at the colons */
function match(pattern, path) {
  if (pattern.length !== path.length) return null;
  const fits = pattern.every((part, at) => part === ':' || part === path[at]);
  return fits ? path.filter((_, at) => pattern[at] === ':').map(decodeURIComponent) : null;
}
