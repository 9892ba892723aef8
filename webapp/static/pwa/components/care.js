// What a person must know about this phone before it is too late: no room, records that are nowhere else, no enrolment.

import { standing } from '../intake/enrolment.js';
import { room } from '../kernel/storage.js';
import { PHONE, STORAGE } from '../messages-phone.js';
import { span } from './format.js';
import { linkButton, menuRow, notice } from './frame.js';

/** @typedef {import('../app.js').App} App */

const HOUR = 3_600_000;
/** Longer than a shift nothing should be on one phone alone. */
const OLD = 12 * HOUR;

/** Warnings about disk and age, worst first; none when all is well. @param {App} app @returns {Promise<HTMLElement[]>} */
export async function storageNotices(app) {
  const { state } = await room();
  const { oldest } = app.counts;
  const age = oldest === null ? 0 : Date.now() - oldest;
  return [
    state === 'full' ? notice('error', STORAGE.full, STORAGE.fullText) : null,
    state === 'low' ? notice('warn', STORAGE.low, STORAGE.lowText) : null,
    age > OLD ? notice('warn', STORAGE.old(span(age)), STORAGE.oldText) : null,
  ].filter((each) => each !== null);
}

/** How this phone stands, where a person should know or do something; a gentle word, once, where it could be enrolled.
 * @param {App} app @returns {Promise<{above: HTMLElement|null, below: HTMLElement|null}>} `above`: before anything else on the screen */
export async function enrolmentNotice(app) {
  const { state } = await standing(app.store);
  if (state === 'enrolled') return { above: null, below: null };
  const { kind, title, text, short } = PHONE.states[state];
  if (state === 'none' || state === 'waiting') return { above: null, below: menuRow('/app/phone', 'phone', PHONE.prompt, short) };
  const link = linkButton(state === 'keyless' ? PHONE.title : PHONE.promptGo, '/app/phone', { rank: 'second', mark: 'phone' });
  const element = notice(kind, title, text, link);
  return state === 'revoked' ? { above: element, below: null } : { above: null, below: element };
}
