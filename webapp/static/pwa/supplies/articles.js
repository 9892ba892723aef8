// Makers' barcodes (JAN) of goods that come without a label of ours, and the item that each was entered as on this phone.
// The log knows no products: a barcode only chooses the item on the form, and a person says how many.

import { result } from '../kernel/store.js';
import { hasCheckDigit, parseGs1 } from '../scanning/gs1.js';

/** @typedef {import('../types.js').Store} Store */
/** What goods with this barcode were entered as; `variant` "" where nobody said. @typedef {{item: string, variant: string}} Known */
/** @typedef {Known & {article: string}} Row */

const KEY = 'articles';
/** As many as a supermarket has kinds of what shelters need; the longest unused goes first. */
const MOST = 2_000;
/** Numbers that each shop or company gives itself: they name nothing elsewhere (GS1 General Specifications 1.4, restricted circulation). */
const OWN = /^(2\d{12}|0[24]\d{11}|[02]\d{7})$/;

/** The article's number in a text that was scanned or typed: 13 or 8 figures whose check digit is right, or those in a GS1 code; "" if
 * there is none that means the same everywhere. A case of twelve has a number of its own (14 figures). @param {string} text */
export function articleIn(text) {
  const told = text.normalize('NFKC').replace(/[\s-]/g, '');
  const number = (parseGs1(told)?.gtin ?? told).replace(/^0(?=\d{13}$)/, '').replace(/^(?=\d{12}$)/, '0');
  return hasCheckDigit(number) && !OWN.test(number) ? number : '';
}

/** What goods with this barcode were last entered as on this phone, or null. @param {Store} store @param {string} log @param {string} article
 * @returns {Promise<Known|null>} */
export async function enteredAs(store, log, article) {
  const { item, variant } = (await rows(store))[log]?.find((row) => row.article === article) ?? {};
  return item ? { item, variant: variant ?? '' } : null;
}

/** From now on this barcode means that item here. @param {Store} store @param {string} log @param {string} article @param {Known} known */
export const keepArticle = (store, log, article, { item, variant }) => store.write(['meta'], async (tx) => {
  const meta = tx.objectStore('meta');
  /** @type {Record<string, Row[]>} */
  const all = (await result(meta.get(KEY))) ?? {};
  const others = (all[log] ?? []).filter((row) => row.article !== article);
  await result(meta.put({ ...all, [log]: [...others, { article, item, variant }].slice(-MOST) }, KEY));
}, 'relaxed');

/** By log: a town has items of its own. @param {Store} store @returns {Promise<Record<string, Row[]>>} */
const rows = async (store) => (await store.meta(KEY)) ?? {};
