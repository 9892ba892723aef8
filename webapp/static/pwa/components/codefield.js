// Typing an ID: spaces, hyphens, full width and look-alikes are forgiven; the check character answers while one types.

import { TYPED } from '../messages.js';
import { isValid, LENGTH, normalise, show } from '../scanning/codes.js';
import { button, sheet } from './frame.js';
import { h, uid } from './dom.js';

/** What the text so far amounts to.
 * @param {string} text @returns {{id: string, words: string, state: "empty"|"short"|"good"|"bad"}} */
export function judge(text) {
  const plain = text.normalize('NFKC').toUpperCase().replace(/[\s\p{Pd}ー−]/gu, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  if (!plain) return { id: '', words: '', state: 'empty' };
  const odd = [...plain].find((letter) => !/[0-9A-HJKMNP-TV-Z]/.test(letter));
  if (odd) return { id: '', words: TYPED.letter(odd), state: 'bad' };
  if (plain.length < LENGTH) return { id: '', words: TYPED.left(LENGTH - plain.length), state: 'short' };
  if (plain.length > LENGTH) return { id: '', words: TYPED.long, state: 'bad' };
  const id = normalise(text);
  return id && isValid(id) ? { id, words: TYPED.good, state: 'good' } : { id: '', words: TYPED.bad, state: 'bad' };
}

/** The field and its answer below. `onGood` is called at Enter with a good id.
 * @param {{label?: string, hint?: string, onGood?: (id: string) => void}} [options] */
export function codeField({ label = TYPED.label, hint = TYPED.hint, onGood } = {}) {
  const id = uid('code');
  const echo = h('p', { class: 'app-code__echo', 'aria-hidden': 'true' });
  const answer = h('p', { class: 'app-code__answer', id: `${id}-answer`, role: 'status' });
  const input = h('input', { id, class: 'field__input', 'data-kind': 'code', type: 'text', inputmode: 'text', autocapitalize: 'characters',
    autocomplete: 'off', autocorrect: 'off', spellcheck: 'false', enterkeyhint: 'done', 'aria-describedby': `${id}-hint ${id}-answer` });
  const draw = () => {
    const found = judge(input.value);
    answer.textContent = found.words;
    answer.dataset.state = found.state;
    input.setAttribute('aria-invalid', String(found.state === 'bad'));
    echo.textContent = found.id ? show(found.id) : '';
    return found;
  };
  input.addEventListener('input', draw);
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.isComposing) return;
    event.preventDefault();
    const found = draw();
    if (found.id) onGood?.(found.id);
  });
  const element = h('div', { class: 'field' },
    h('label', { class: 'field__label', for: id }, label),
    h('p', { class: 'field__hint', id: `${id}-hint` }, hint), input, echo, answer);
  /** The good id, or "" after saying what is wrong. */
  const take = () => {
    const found = draw();
    if (!found.id) {
      if (found.state === 'empty') answer.textContent = TYPED.empty;
      answer.dataset.state = 'bad';
      input.setAttribute('aria-invalid', 'true');
      input.focus();
    }
    return found.id;
  };
  return { element, input, take };
}

/** Asks for an ID in a sheet. @param {string} [go] words on the button @returns {Promise<string>} "" if closed */
export async function askCode(go = TYPED.go) {
  const answer = await sheet(TYPED.title, (close) => {
    const field = codeField({ onGood: close });
    queueMicrotask(() => field.input.focus());
    return { body: [field.element], foot: [button(go, () => { const id = field.take(); if (id) close(id); })] };
  });
  return typeof answer === 'string' ? answer : '';
}
