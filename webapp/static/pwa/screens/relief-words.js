// What a record about relief goods says: which box and how many, in the words of what this phone knows now, not only of then.

import { COUNT_BOX, OUTSIDE, RECEIVE } from '../messages-relief.js';
import { show } from '../scanning/codes.js';
import { blank } from '../supplies/fold.js';
import { isOver } from '../supplies/story.js';
import { openPlace } from './relief-place.js';

/** @typedef {import('../types.js').Kept} Kept */
/** @typedef {import('../types.js').Scan} Scan */
/** @typedef {import('./relief-place.js').Place} Place */
/** Shelters by id. @typedef {Map<string, Place>} Places */

const GAP = '　';

/** Whether it is about relief goods. @param {Kept} row */
export const isRelief = (row) => row.p.includes('"kind":"supplies.scan"');

/** The shelters that these records were made at, as far as this phone knows them. @param {import('../app.js').App} app @param {Kept[]} rows
 * @returns {Promise<Places>} */
export async function placesOf(app, rows) {
  const ids = [...new Set(rows.filter(isRelief).map((row) => scanOf(row).place))].filter(Boolean);
  const places = await Promise.all(ids.map((id) => openPlace(app, id)));
  return new Map(places.flatMap((place) => (place ? [[place.id, place]] : [])));
}

/** @param {Kept} row @returns {Scan} */
const scanOf = (row) => JSON.parse(row.p);

/** The box of a record with its shelter; null for goods without a label, and where the shelter is not on this phone.
 * @param {Places} places @param {Kept} row */
export function standsAt(places, row) {
  const place = isRelief(row) ? places.get(scanOf(row).place) : undefined;
  const line = place && row.code ? place.view.lines.get(place.view.standsFor(row.code)) : undefined;
  return place && line ? { place, line } : null;
}

/** "紙おむつ M 40個", and "1/2 追跡番号 …". @param {import('../supplies/fold.js').Box} box */
export function boxFacts(box) {
  const quantity = box.quantity ? `${box.quantity.toLocaleString('ja-JP')}${box.unit}` : '';
  return { title: [box.text || RECEIVE.unknownBox, quantity].filter(Boolean).join(GAP),
    more: [box.n > 1 ? `${box.k}/${box.n}` : '', RECEIVE.number(show(box.code))].filter(Boolean).join(GAP) };
}

/** What a record is about, so that two of one kind can be told apart. @param {Places} places @param {Kept} row @returns {{what: string, more: string}} */
export function recordWords(places, row) {
  const scan = scanOf(row);
  const place = places.get(scan.place);
  if (!place || !row.code) return row.code ? { what: row.summary.name ?? '', more: RECEIVE.number(show(row.code)) } : outsideWords(place, row, scan);
  const box = { ...blank(row.code, scan.place), ...row.summary.box, ...standsAt(places, row)?.line.box, code: row.code };
  const { title, more } = boxFacts(row.step === 'counted' ? { ...box, quantity: 0 } : box);
  return { what: title, more: [said(place, scan), more].filter(Boolean).join(GAP) };
}

/** Goods without a label. @param {Place|undefined} place @param {Kept} row @param {Scan} scan */
function outsideWords(place, { summary }, { body, at, off }) {
  const unit = place?.tables.units[place.itemOf(String(body.item))?.unit ?? ''] ?? '';
  const quantity = body.quantity ? `${Number(body.quantity).toLocaleString('ja-JP')}${unit}` : '';
  return { what: [summary.name, quantity].filter(Boolean).join(GAP), more: isOver(Number(body.best_before ?? 0), at + (off ?? 0)) ? OUTSIDE.pastShort : '' };
}

/** Counts, or where it went. @param {Place} place @param {Scan} scan */
function said(place, { step, body }) {
  if (step === 'forwarded') return `${place.shelterName(String(body.to))}へ`;
  if (step === 'arrived') return body.accept === true ? RECEIVE.accept : '';
  if (step !== 'counted') return '';
  return body.as_listed ? COUNT_BOX.listedShort : COUNT_BOX.result({ ...NONE, ...body });
}

const NONE = { good: 0, damaged: 0, expired: 0, missing: 0 };
