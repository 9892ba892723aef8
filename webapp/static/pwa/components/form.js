// Fields as the Digital Agency rules ask: label and hint above, error below, no placeholder, nothing disabled, big targets.
// Every field has `take()`: its good value, or null after saying what is missing.

import { FORM } from '../messages.js';
import { shrinkPhoto } from '../scanning/photo.js';
import { fill, h, uid } from './dom.js';
import { icon } from './icon.js';

/** @typedef {import('../types.js').Photo} Photo */

/** @param {string} id @param {string} label @param {boolean} must @param {string} [hint] */
function head(id, label, must, hint) {
  return [h('label', { class: 'field__label', for: id }, label, must ? h('span', { class: 'field__required' }, FORM.must) : null),
    hint ? h('p', { class: 'field__hint', id: `${id}-hint` }, hint) : null];
}

/** @param {string} id */
function errorLine(id) {
  const element = h('p', { class: 'field__error', id: `${id}-error` });
  return { element, set: (/** @type {string} */ words) => { element.textContent = words; } };
}

/**
 * One line of text.
 * @param {{label: string, hint?: string, must?: string, value?: string, mode?: "text"|"numeric", tidy?: (text: string) => string,
 *   check?: (text: string) => string, echo?: (text: string) => import('./dom.js').Child, onInput?: (value: string) => void}} plan
 *   `must` = the sentence when it is empty; `check` gives the sentence for what is wrong with a text, or ""; `echo` says below the
 *   field how the text so far is understood
 */
export function textField({ label, hint, must, value = '', mode = 'text', tidy = (text) => text.trim(), check, echo, onInput }) {
  const id = uid('text');
  const error = errorLine(id);
  const input = h('input', { id, type: 'text', class: 'field__input', inputmode: mode, autocomplete: 'off', spellcheck: 'false',
    'aria-describedby': `${hint ? `${id}-hint ` : ''}${id}-error`, value });
  const heard = echo ? h('p', { class: 'field__hint', role: 'status' }) : null;
  input.addEventListener('input', () => {
    error.set('');
    input.removeAttribute('aria-invalid');
    if (heard) fill(heard, echo?.(tidy(input.value)));
    onInput?.(tidy(input.value));
  });
  const take = () => {
    const text = tidy(input.value);
    const wrong = text ? check?.(text) ?? '' : must ?? '';
    if (!wrong) return text;
    error.set(`＊${wrong}`);
    input.setAttribute('aria-invalid', 'true');
    input.focus();
    return null;
  };
  return { element: h('div', { class: 'field' }, ...head(id, label, Boolean(must), hint), input, heard, error.element), input, take,
    set: (/** @type {string} */ text) => { input.value = text; input.dispatchEvent(new Event('input')); } };
}

/** A field of a form. @typedef {{element: HTMLElement, take: () => string|null}} Field */

/** What all fields say; null where one of them is not right: the first of those is brought into sight and has the focus.
 * @param {Field[]} fields @returns {string[]|null} */
export function takeAll(fields) {
  const told = fields.map((field) => field.take());
  const wrong = fields.filter((_, at) => told[at] === null).map(({ element }) => element);
  const first = wrong.find((one) => wrong.every((other) => one === other || one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING));
  if (!first) return /** @type {string[]} */ (told);
  first.querySelector('input')?.focus({ preventScroll: true });
  first.scrollIntoView({ block: first.offsetHeight > innerHeight / 2 ? 'start' : 'center' });
  return null;
}

/** @typedef {{value: string, label: string, detail?: string, kind?: "ok"|"error"}} Option */

/** More tiles than these fill the screen: what is wrong stands above them, where the eye is brought to. */
const MANY = 6;

/**
 * One of a few, each a 56 px target.
 * @param {{label: string, hint?: string, must?: string, options: Option[], value?: string, beside?: boolean, onPick?: (value: string) => void}} plan
 */
export function choice({ label, hint, must, options, value = '', beside = false, onPick }) {
  const name = uid('choice');
  const error = errorLine(name);
  const isLong = options.length > MANY;
  const set = h('fieldset', { class: 'field', 'aria-describedby': `${name}-error` },
    h('legend', { class: 'field__label' }, label, must ? h('span', { class: 'field__required' }, FORM.must) : null),
    hint ? h('p', { class: 'field__hint' }, hint) : null, isLong ? error.element : null,
    h('div', { class: 'choices', 'data-kind': 'tiles', 'data-beside': beside },
      options.map((option) => radio(name, option, option.value === value, () => { error.set(''); onPick?.(option.value); }))), isLong ? null : error.element);
  const take = () => {
    const picked = /** @type {HTMLInputElement|null} */ (set.querySelector('input:checked'))?.value ?? '';
    if (picked || !must) return picked;
    error.set(`＊${must}`);
    set.querySelector('input')?.focus();
    return null;
  };
  return { element: set, take };
}

/** @param {string} name @param {Option} option @param {boolean} on @param {() => void} pick */
function radio(name, option, on, pick) {
  const input = h('input', { type: 'radio', class: 'choice__box', name, value: option.value, checked: on, onchange: pick });
  return h('label', { class: 'choice', 'data-kind': option.kind }, input, h('span', { class: 'app-choice__words' },
    h('b', {}, option.label), option.detail ? h('small', {}, option.detail) : null));
}

/**
 * A person of the job.
 * @param {import('../types.js').Pack} pack
 * @param {{label: string, hint?: string, must?: string, roles: string[], except?: string, words: (role: string) => string, value?: string}} plan
 */
export function personChoice(pack, { label, hint, must, roles, except = '', words, value }) {
  const fitting = (/** @type {import('../types.js').Pack["people"][number]} */ person) => (person.roles ?? [person.role]).find((role) => roles.includes(role));
  const people = pack.people.filter((person) => person.p !== except && fitting(person));
  const options = people.map((person) => ({ value: person.p, label: person.name, detail: [person.org, words(fitting(person) ?? '')].filter(Boolean).join('　') }));
  return { ...choice({ label, hint: options.length ? hint : FORM.nobody, must, options, value: value ?? (options.length === 1 ? options[0].value : '') }),
    some: options.length > 0 };
}

/**
 * A photo: taken with the phone's camera, shrunk, stripped and hashed before anything else.
 * @param {{label: string, hint?: string, must?: string, snap?: (() => Promise<File|null>)|null, onTaken?: (photo: Photo) => void}} plan
 * `snap` takes the picture from a camera that is already running
 */
export function photoField({ label, hint, must, snap = null, onTaken }) {
  const id = uid('photo');
  const error = errorLine(id);
  /** @type {Photo|null} */
  let photo = null;
  const box = h('div', { class: 'app-photo', 'data-taken': false });
  const input = h('input', { id, type: 'file', accept: 'image/*', capture: 'environment', class: 'visually-hidden', 'aria-describedby': `${id}-error` });
  /** @param {File} file */
  const use = async (file) => {
    error.set('');
    draw(FORM.photoBusy);
    try {
      photo = await shrinkPhoto(file);
      draw();
      onTaken?.(photo);
    } catch (problem) {
      console.warn(problem);
      photo = null;
      draw();
      error.set(FORM.photoWhy[/** @type {{code?: string}} */ (problem)?.code ?? ''] ?? FORM.photoBad);
    }
  };
  input.addEventListener('change', () => { const file = input.files?.[0]; input.value = ''; if (file) use(file); });
  const shoot = async () => { const file = await snap?.(); if (file) await use(file); else input.click(); };
  /** With a camera already running the screen's main button takes the first picture. */
  const taker = () => {
    const inside = [icon('photo'), h('span', {}, photo ? FORM.photoAgain : FORM.photoTake)];
    if (!snap) return h('label', { class: 'button', 'data-kind': 'second', for: id }, inside);
    return photo ? h('button', { type: 'button', class: 'button', 'data-kind': 'second', onclick: shoot }, inside) : null;
  };
  const draw = (busy = '') => {
    const image = photo ? h('img', { class: 'app-photo__view', src: URL.createObjectURL(photo.blob), alt: FORM.photoAlt(label),
      width: photo.width, height: photo.height }) : null;
    box.dataset.taken = String(Boolean(photo));
    fill(box, image, h('p', { class: 'app-photo__words', role: 'status' }, busy || (photo ? FORM.photoTaken : '')), taker());
  };
  draw();
  const take = () => {
    if (photo || !must) return photo;
    error.set(`＊${must}`);
    box.scrollIntoView({ block: 'center' });
    if (!snap) input.focus();
    return null;
  };
  const element = h('div', { class: 'field' }, h('p', { class: 'field__label', id: `${id}-label` }, label,
    must ? h('span', { class: 'field__required' }, FORM.must) : null), hint ? h('p', { class: 'field__hint' }, hint) : null, input, box, error.element);
  input.setAttribute('aria-labelledby', `${id}-label`);
  return { element, take, taken: () => photo !== null, shoot, clear: () => { photo = null; draw(); } };
}

/** Facts as label and value. @param {[string, import('./dom.js').Child][]} rows */
export function facts(rows) {
  return h('dl', { class: 'app-facts' }, rows.filter(([, value]) => value !== '' && value !== null).map(([label, value]) =>
    h('div', {}, h('dt', {}, label), h('dd', {}, value))));
}
