// What every screen shares: the bar with the truth about the network, the body, and the thumb's place at the bottom.

import { isGuest } from '../app.js';
import { APP, NET } from '../messages.js';
import { fill, h } from './dom.js';
import { clock } from './format.js';
import { icon } from './icon.js';
import { shield } from './shield.js';

/** @typedef {import('../app.js').App} App */

/** The words, urgency and shape of the state of network and disk.
 * @param {App} app @returns {{words: string, state: "fresh"|"busy"|"offline"|"refused"}} */
export const netState = (app) => (isGuest(app) ? guestState(app.status.online) : loginState(app));

/** Of a substitute: nothing here waits for a login. @param {boolean} online @returns {{words: string, state: "fresh"|"offline"}} */
const guestState = (online) => (online ? { words: NET.guest, state: 'fresh' } : { words: `${NET.offline}・${NET.guest}`, state: 'offline' });

/** @param {App} app @returns {{words: string, state: "fresh"|"busy"|"offline"|"refused"}} */
function loginState(app) {
  const { status, counts } = app;
  const unsent = counts.pending;
  if (status.needsLogin) return { words: unsent ? `${NET.login}・${NET.unsent(unsent)}` : NET.login, state: 'refused' };
  const refused = counts.refused + counts.stuck + counts.badPhotos;
  if (refused > 0) return { words: NET.refused(refused), state: 'refused' };
  if (!status.online) return { words: unsent ? NET.offlineUnsent(unsent) : NET.offline, state: 'offline' };
  if (unsent > 0) return { words: status.syncing ? NET.sending(unsent) : NET.unsent(unsent), state: 'busy' };
  return { words: status.lastContact ? NET.fresh(clock(status.lastContact)) : NET.joining, state: 'fresh' };
}

/** The chip that always tells network and disk; opens the outbox. @param {App} app */
export function netChip(app) {
  const words = h('span', { class: 'app-net__words' });
  const chip = h('a', { class: 'app-net', href: '/app/outbox' }, h('i', { class: 'app-net__shape', 'aria-hidden': 'true' }), words);
  const draw = () => {
    const state = netState(app);
    if (chip.dataset.state === state.state && words.textContent === state.words) return;
    chip.dataset.state = state.state;
    words.textContent = state.words;
    chip.setAttribute('aria-label', NET.aria(state.words));
  };
  draw();
  app.onChange(draw, chip);
  return chip;
}

/**
 * The bar on top: where I am, the way back, the chip.
 * @param {App} app @param {{title: string, sub?: string, back?: string}} place
 */
export function bar(app, { title, sub, back }) {
  return h('header', { class: 'app-bar' },
    back ? h('a', { class: 'app-bar__back', href: back, 'data-back': true, 'aria-label': APP.back }, icon('back')) : null,
    h('div', { class: 'app-bar__words' },
      h('h1', { tabindex: '-1' }, title), sub ? h('p', {}, sub) : null),
    netChip(app));
}

/** Kinds of components/button.css. */
const KINDS = { main: undefined, second: 'second', plain: 'quiet' };

/** A button. `rank`: main (56 px, filled), second (outlined), plain. Where `act` answers with a promise, a second tap before
 * that is over does nothing. @param {string} words @param {() => unknown} act
 * @param {{rank?: "main"|"second"|"plain", mark?: string, big?: boolean}} [look] */
export function button(words, act, { rank = 'main', mark, big = false } = {}) {
  const element = h('button', { type: 'button', class: 'button', 'data-kind': big ? 'scan' : KINDS[rank], onclick: () => press() },
    mark ? icon(mark) : null, h('span', {}, words));
  const press = once(act, (busy) => (busy ? element.setAttribute('aria-busy', 'true') : element.removeAttribute('aria-busy')));
  return element;
}

/** `act`, but not again before it is over. @param {() => unknown} act @param {(busy: boolean) => void} tell */
function once(act, tell) {
  let busy = false;
  return async () => {
    if (busy) return;
    busy = true;
    try {
      const running = act();
      if (!(running instanceof Promise)) return;
      tell(true);
      await running;
    } finally {
      busy = false;
      tell(false);
    }
  };
}

/** A link that looks like a button. @param {string} words @param {string} href
 * @param {{rank?: "main"|"second"|"plain", mark?: string, big?: boolean}} [look] */
export function linkButton(words, href, { rank = 'main', mark, big = false } = {}) {
  return h('a', { class: 'button', href, 'data-kind': big ? 'scan' : KINDS[rank] }, mark ? icon(mark) : null, h('span', {}, words));
}

/** A thing one can open. @param {string} title @param {string} href @param {Element} picture @param {...import('./dom.js').Child} more */
export function card(title, href, picture, ...more) {
  return h('article', { class: 'card' }, picture, h('div', { class: 'card__body' },
    h('h3', { class: 'card__title' }, h('a', { class: 'card__link', href }, title)), ...more));
}

/** One line of a menu, wholly a target. @param {string} href @param {string} mark @param {string} words @param {string} detail */
export function menuRow(href, mark, words, detail) {
  return h('a', { class: 'app-menu__row', href }, icon(mark), h('span', {}, words), detail ? h('small', {}, detail) : null, icon('next'));
}

/** A box of words with an icon. @param {"info"|"ok"|"warn"|"error"} kind @param {string} title @param {...import('./dom.js').Child} more */
export function notice(kind, title, ...more) {
  const mark = { info: 'info', ok: 'check-circle', warn: 'alert', error: 'stop' }[kind];
  return h('div', { class: 'notice', 'data-kind': kind }, h('span', { class: 'notice__icon', 'aria-hidden': 'true' }, icon(mark)),
    h('div', { class: 'notice__body' }, h('p', { class: 'notice__title' }, title), ...more.map((child) => (child instanceof Node || !child ? child : h('p', {}, child)))));
}

/**
 * The bar that says what just happened: colour, shape, icon and words. Polite for good news, at once for bad.
 * Call `say` only after the record is on disk.
 */
export function saidBar() {
  const polite = h('div', { class: 'visually-hidden', role: 'status' });
  const loud = h('div', { class: 'visually-hidden', role: 'alert' });
  const element = h('div', { class: 'app-said', hidden: true });
  const marks = { ok: 'check', read: 'scan', again: 'check', attention: 'alert', unknown: 'help', foreign: 'cross', busy: 'clock' };
  /** @param {keyof typeof marks} verdict @param {string} words @param {string} detail @param {HTMLElement|null} [action] */
  const say = (verdict, words, detail, action = null) => {
    element.hidden = false;
    element.dataset.verdict = verdict;
    element.classList.remove('app-said--new');
    void element.offsetWidth;
    element.classList.add('app-said--new');
    fill(element, h('span', { class: 'app-said__mark', 'aria-hidden': 'true' }, icon(marks[verdict])),
      h('div', { class: 'app-said__words' }, h('strong', {}, words), h('span', {}, detail)), action);
    const region = verdict === 'attention' ? loud : polite;
    region.textContent = '';
    region.textContent = `${words}。${detail}`;
  };
  /** Nothing yet: holds the bar's place, so that buttons do not move under a thumb. @param {string} words @param {string} detail */
  const rest = (words, detail) => {
    element.hidden = false;
    element.dataset.verdict = 'rest';
    fill(element, h('span', { class: 'app-said__mark', 'aria-hidden': 'true' }, icon('scan')),
      h('div', { class: 'app-said__words' }, h('strong', {}, words), h('span', {}, detail)));
  };
  const resting = () => element.dataset.verdict === 'rest';
  return { element: h('div', { class: 'app-saidbox' }, element, polite, loud), say, rest, resting };
}

/** A dialog from below, over everything; Esc and the back gesture close it. Answers when closed.
 * @param {string} title @param {(close: (value?: unknown) => void) => {body: import('./dom.js').Child[], foot?: import('./dom.js').Child[]}} build
 * @returns {Promise<unknown>} what was given to `close`, or undefined */
export function sheet(title, build) {
  return new Promise((resolve) => {
    /** @type {unknown} */
    let answer;
    const dialog = h('dialog', { class: 'app-sheet', 'aria-label': title });
    const close = (/** @type {unknown} */ value) => { answer = value; dialog.close(); };
    const parts = build(close);
    fill(dialog, h('div', { class: 'app-sheet__head' }, h('h2', {}, title),
      h('button', { type: 'button', class: 'app-sheet__close', 'aria-label': APP.close, onclick: () => close(undefined) }, icon('close'))),
    h('div', { class: 'app-sheet__body' }, parts.body), parts.foot ? h('div', { class: 'app-sheet__foot' }, parts.foot) : null);
    dialog.addEventListener('close', () => { dialog.remove(); shield(); resolve(answer); });
    dialog.addEventListener('click', (event) => { if (event.target === dialog) close(undefined); });
    (document.getElementById('app') ?? document.body).append(dialog);
    dialog.showModal();
  });
}
