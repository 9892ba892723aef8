// Typing an ID without a camera: says what it is.

import { codeField } from '../components/codefield.js';
import { button, linkButton } from '../components/frame.js';
import { APP, TYPED } from '../messages.js';

/** @param {import('../app.js').App} app @returns {import('../app.js').Screen} */
export function typed(app) {
  const open = (/** @type {string} */ id) => app.go(`/app/scan?code=${id}`);
  const field = codeField({ onGood: open });
  const go = () => { const id = field.take(); if (id) open(id); };
  return { title: TYPED.title, back: '/app/', body: [field.element], foot: [button(TYPED.look, go), linkButton(APP.scan, '/app/scan', { rank: 'second', mark: 'scan' })] };
}
