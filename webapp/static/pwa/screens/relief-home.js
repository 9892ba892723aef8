// Shelters on the first screen: one has its camera right there, many are a list.

import { h } from '../components/dom.js';
import { card, linkButton } from '../components/frame.js';
import { ring } from '../components/ring.js';
import { receives, shelterPack, shelters as sheltersOf } from '../intake/relief.js';
import { APP } from '../messages.js';
import { RELIEF } from '../messages-relief.js';
import { openPlace } from './relief-place.js';

/** @typedef {import('../app.js').App} App */

/** @param {App} app @returns {Promise<import('../components/dom.js').Child[]>} nothing for who has no shelter */
export async function reliefCards(app) {
  if (!receives(app.me)) return [];
  const list = await listOf(app);
  if (list.length === 0) return app.me?.person.organisation.kind === 'shelter' ? [h('p', { class: 'app-note' }, APP.loading)] : [];
  const cards = await Promise.all(list.map((shelter) => shelterCard(app, shelter)));
  const own = list.length === 1 ? linkButton(RELIEF.take, `/app/relief/${list[0].id}/scan`, { mark: 'scan', big: true }) : null;
  return [own, h('h2', {}, RELIEF.heading), h('ul', { class: 'app-cards' }, cards.map((each) => h('li', {}, each)))];
}

/** The server's list, or the own shelter of a card that the server has not seen yet. @param {App} app */
async function listOf(app) {
  const list = await sheltersOf(app.store);
  const own = app.me?.person.organisation;
  if (list.length || own?.kind !== 'shelter') return list;
  return [{ id: own.id, name: own.name, open: true, log: '', town: '', rev: '' }];
}

/** @param {App} app @param {{id: string, name: string, open: boolean}} shelter */
async function shelterCard(app, { id, name, open }) {
  const href = `/app/relief/${encodeURIComponent(id)}`;
  const known = await shelterPack(app.store, id);
  const place = known || app.me?.person.organisation.id === id ? await openPlace(app, id) : null;
  if (!place) return card(name, href, ring({ done: 0, total: 0, text: '—', label: name }), open ? null : h('p', {}, RELIEF.closed));
  const [stray, here, due, done] = [place.lines('stray').length, place.lines('here').length, place.lines('expected').length, place.lines('counted').length];
  const all = here + done + due;
  return card(name, href, ring({ done: here + done, total: all, label: RELIEF.summary(here, due), text: all ? undefined : '—' }),
    isDrill(place.pack) ? h('p', {}, h('span', { class: 'tag', 'data-kind': 'warn' }, RELIEF.drill)) : null,
    ...strayWords(stray), h('p', { class: here ? 'card__missing' : '' }, RELIEF.summary(here, due)), open ? null : h('p', {}, RELIEF.closed));
}

/** Boxes that are meant for other shelters. @param {number} boxes */
const strayWords = (boxes) => (boxes ? [h('p', { class: 'card__missing' }, RELIEF.stray(boxes))] : []);

/** Nothing but drills: beside the real thing the mark would mislead. @param {import('../supplies/fold.js').ShelterPack} pack */
const isDrill = ({ disasters }) => disasters.length > 0 && disasters.every(({ drill }) => drill);
