// Checking a proof, wherever it comes from: camera, photo, file, pasted text. The phone app and the public page show it.

import { CameraError } from '../scanning/camera.js';
import { decodePhoto } from '../scanning/photo.js';
import { PREFIX } from '../ledger/prefix.js';
import { pins, trusted } from '../ledger/pins.js';
import { examineFile, examinePaper } from '../ledger/verdict.js';
import { PROOF } from '../messages-proof.js';
import { fill, h, uid } from './dom.js';
import { button } from './frame.js';
import { icon } from './icon.js';
import { lookFor } from './reader.js';
import { entryNames, says, signatures, word } from './verdict.js';

/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('../ledger/verdict.js').Verdict} Verdict */

const MOST_FILE = 1_000_000;
const isProof = (/** @type {string} */ text) => text.startsWith(PREFIX);

/** @param {Store} store */
export function checker(store) {
  const element = h('div', { class: 'app-stack' });
  const said = h('p', { class: 'app-note proof__said', role: 'status' });
  const begin = (words = '') => {
    said.textContent = words;
    fill(element, h('p', { class: 'app-lead' }, PROOF.lead), button(PROOF.scan, scan, { mark: 'scan', big: true }),
      photoButton(readPhoto), said, byFile());
  };
  /** @param {(known: import('../ledger/verdict.js').Trusted[]) => Promise<Verdict>} examine */
  const judge = async (examine) => {
    said.textContent = PROOF.working;
    try {
      const [verdict, names] = await Promise.all([pins(store).then(trusted).then(examine), entryNames()]);
      show(verdict, names);
    } catch (problem) { // a browser that cannot unpack or hash says nothing about the paper
      console.error(problem);
      said.textContent = PROOF.tooOld;
    }
  };
  /** @param {Verdict} verdict @param {import('./verdict.js').Names} names */
  const show = (verdict, names) => {
    fill(element, word(verdict), signatures(verdict), says(verdict, names), button(PROOF.again, () => begin(), { rank: 'second' }));
    scrollTo(0, 0);
    /** @type {HTMLElement|null} */ (element.querySelector('.proof__word'))?.focus({ preventScroll: true });
  };
  /** @param {string} text */
  const take = (text) => judge((known) => examinePaper(text, known));
  const scan = async () => {
    try {
      const text = await lookFor(isProof);
      if (text) await take(text);
    } catch (problem) {
      if (!(problem instanceof CameraError)) throw problem;
      said.textContent = problem.code === 'camera.denied' ? PROOF.denied : PROOF.noCamera;
    }
  };
  /** @param {File} file */
  const readPhoto = async (file) => {
    said.textContent = PROOF.working;
    const reads = await decodePhoto(file, { here: true }).catch(() => []);
    const text = reads.find((read) => isProof(read.text))?.text;
    if (text) await take(text);
    else said.textContent = PROOF.unreadable;
  };
  const byFile = () => fileForm((proof, entry) => judge((known) => examineFile(proof, entry, known)), take);
  begin();
  return { element, take };
}

/** @param {(file: File) => Promise<void>} use */
function photoButton(use) {
  const input = h('input', { type: 'file', accept: 'image/*', class: 'visually-hidden' });
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    input.value = '';
    if (file) void use(file);
  });
  return h('label', { class: 'button', 'data-kind': 'second' }, icon('photo'), h('span', {}, PROOF.photo), input);
}

/** @param {(proof: Uint8Array, entry: Uint8Array) => Promise<void>} judge @param {(text: string) => Promise<void>} take */
function fileForm(judge, take) {
  const proof = fileField(PROOF.proofFile, PROOF.proofHint, '.tlog-proof');
  const entry = fileField(PROOF.entryFile, PROOF.entryHint, '.json,application/json');
  const id = uid('paste');
  const text = h('textarea', { id, class: 'field__input proof__paste', rows: '4', spellcheck: 'false', autocapitalize: 'characters', 'aria-describedby': `${id}-hint` });
  const error = h('p', { class: 'field__error', role: 'alert' });
  const go = async () => {
    error.textContent = '';
    const pasted = text.value.trim();
    if (pasted) return take(pasted);
    const [one, other] = [proof.files?.[0], entry.files?.[0]];
    if (!one || !other) error.textContent = PROOF.fileMust;
    else if (one.size > MOST_FILE || other.size > MOST_FILE) error.textContent = PROOF.fileLarge;
    else await judge(await bytes(one), await bytes(other));
  };
  const paste = h('div', { class: 'field' }, h('label', { class: 'field__label', for: id }, PROOF.paste), h('p', { class: 'field__hint', id: `${id}-hint` }, PROOF.pasteHint), text);
  return h('details', { class: 'proof__other' }, h('summary', {}, PROOF.other),
    h('div', { class: 'app-stack' }, proof.parentElement, entry.parentElement, paste, error, button(PROOF.fileGo, go, { rank: 'second' })));
}

/** @param {string} label @param {string} hint @param {string} accept */
function fileField(label, hint, accept) {
  const id = uid('file');
  const input = h('input', { id, type: 'file', class: 'field__input', accept, 'aria-describedby': `${id}-hint` });
  h('div', { class: 'field' }, h('label', { class: 'field__label', for: id }, label), h('p', { class: 'field__hint', id: `${id}-hint` }, hint), input);
  return input;
}

/** @param {File} file */
const bytes = async (file) => new Uint8Array(await file.arrayBuffer());
