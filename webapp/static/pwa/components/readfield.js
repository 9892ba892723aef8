// A number that is typed or read from a barcode: seals, locks.

import { READ } from '../messages.js';
import { createEye } from './eye.js';
import { h } from './dom.js';
import { textField } from './form.js';
import { button, sheet } from './frame.js';
import { tell } from '../feedback.js';

/**
 * A text field with a button that reads the number by camera.
 * @param {Parameters<typeof textField>[0] & {prefixes: string[]}} plan
 */
export function readField({ prefixes, ...plan }) {
  const field = textField(plan);
  const read = async () => { const text = await askBarcode(plan.label, prefixes); if (text) field.set(text); };
  const element = h('div', { class: 'app-stack' }, field.element, button(READ.go, read, { rank: 'plain', mark: 'scan' }));
  return { ...field, element };
}

/** @param {string} title @param {string[]} prefixes @returns {Promise<string>} "" if closed */
async function askBarcode(title, prefixes) {
  /** @type {ReturnType<typeof createEye>|null} */
  let eye = null;
  const answer = await sheet(title, (close) => {
    eye = createEye({ prefixes, serials: true, marks: new Map(), hud: [], onCode: (result) => {
      tell('ok');
      close(result.id || result.text);
    } });
    return { body: [eye.element, h('p', { class: 'app-note' }, READ.hint)] };
  });
  /** @type {ReturnType<typeof createEye>|null} */ (eye)?.leave();
  return typeof answer === 'string' ? answer : '';
}
