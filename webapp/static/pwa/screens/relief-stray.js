// A box that stands here and is meant for another shelter: a phone that could not know took it in. A person says what becomes of it.

import { h, uid } from '../components/dom.js';
import { moment } from '../components/format.js';
import { button } from '../components/frame.js';
import { RECEIVE } from '../messages-relief.js';
import { finish } from './finish.js';
import { boxFacts } from './relief-words.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('./relief-place.js').Place} Place */
/** @typedef {import('../supplies/fold.js').Line} Line */

/** The box as a line of a list, with both ways on. @param {App} app @param {Place} place @param {Line} line @param {string} path where the person is */
export function strayLine(app, place, line, path) {
  const id = uid('stray');
  const { title, more } = boxFacts(line.box);
  return h('li', { 'data-kind': 'error' }, h('b', { id }, title),
    h('small', {}, [more, line.seen ? moment(line.seen) : ''].filter(Boolean).join('　')),
    h('small', { class: 'app-lines__reason' }, RECEIVE.meant(place.shelterName(line.box.shelter))), ...waysOn(app, place, line, path, id));
}

/** 転送, or ここで受け取る. @param {App} app @param {Place} place @param {Line} line @param {string} path @param {string} [about] id of what says which box */
export function waysOn(app, place, { box }, path, about) {
  const { title } = boxFacts(box);
  const name = place.shelterName(box.shelter);
  const say = (/** @type {"arrived"|"forwarded"} */ step, /** @type {Record<string, unknown>} */ body, /** @type {string} */ words) =>
    finish(app, () => place.record({ step, code: box.code, src: 'form', said: step === 'arrived' ? 'attention' : 'ok', body }), { words: `${words}　・　${title}`, path });
  const ways = [button(RECEIVE.forward(name), () => say('forwarded', { to: box.shelter }, RECEIVE.forwarded), { mark: 'truck' }),
    button(RECEIVE.accept, () => say('arrived', { accept: true }, RECEIVE.accepted), { mark: 'check', rank: 'second' })];
  if (about) for (const way of ways) way.setAttribute('aria-describedby', about);
  return [ways[0], h('small', {}, RECEIVE.forwardHint), ways[1], h('small', {}, RECEIVE.acceptHint)];
}
