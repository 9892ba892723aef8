// What the large QR of a parcel's label says, and whether its municipality signed it: without any network. Reads what
// webapp/supplies/label.py writes; both pass tests/vectors/parcel_labels.json. docs/parcel-label.md is the format.

import { hex } from '../kernel/ids.js';
import { ALPHABET, BODY, checkChar } from '../scanning/codes.js';
import { MOST_NAME, PackedError, Reader, isDay, isSignedBy, opened } from './packed.js';
import { LABEL } from './prefix.js';

/** One parcel. Days are yyyymmdd, `best_before` 0 = none; `allergens` null = not declared, else bit i stands for the i-th of the
 * contract's list; `name` only for items that the base list does not have.
 * @typedef {{log: string, parcel: string, k: number, n: number, item: string, unit: string, quantity: number, shelter: string, issued: number,
 *   variant: string, name: string, best_before: number, allergens: number|null, cold: boolean, heavy: boolean, dangerous: boolean,
 *   fragile: boolean, drill: boolean}} Contents */
/** @typedef {{contents: Contents, keyId: string, sealed: import('./packed.js').Sealed}} Label */
/** A public key of a municipality's labels. @typedef {{key_id: string, key: string}} LabelKey */
/** verified: true, by a key of this log · false: by none of the keys it says · "unknown-key": that key has not come to this phone
 * @typedef {{contents: Contents, verified: boolean|"unknown-key"}} Checked */

/** The tables that this needs of contract/supplies.json.
 * @typedef {{items: Record<string, {name: string, edible: boolean, date_word: string, variants: Record<string, string>}>, units: Record<string, string>,
 *   allergens: {code: string, name: string}[], marks: Record<string, string>, words: Record<string, string>}} Tables */

/** What a person reads of a parcel. `allergens.kind`: contains 含む · none 不使用 · undeclared 申告なし · unknown: this phone's list
 * is older than the label's; null where it is nothing to eat.
 * @typedef {{title: string, quantity: string, part: string, bestBefore: string, allergens: {kind: "contains"|"none"|"undeclared"|"unknown", text: string}|null,
 *   marks: {mark: string, text: string}[], drill: string, lines: string[]}} Words */

const PURPOSE = 'ashiato/label/v1\n';
const MOST_CHARACTERS = 480;
const MOST_QUANTITY = 1_000_000;
const MOST_PARCELS = 10_000;
const MOST_WORD = 32;
/** In the order of their bits. */
const MARKS = /** @type {const} */ (['cold', 'heavy', 'dangerous', 'fragile']);
const [DRILL, DECLARED, NAMED] = [16, 32, 64];

const ITEM = /^[A-Z][0-9A-Z]{1,7}$/;
const VARIANT = /^[0-9A-Za-z._-]{0,24}$/;
const UNIT = /^[0-9a-z_]{1,32}$/;

/** What a scanned text says; nothing is verified. Total: whatever the text, there is an answer.
 * @param {string} text @returns {Label|import('./packed.js').Fault} */
export function read(text) {
  try {
    return labelIn(opened(LABEL, text, MOST_CHARACTERS));
  } catch (problem) {
    if (problem instanceof PackedError) return problem.fault;
    throw problem;
  }
}

/** Whether the municipality signed it, as far as this phone knows its keys. @param {Label} label @param {LabelKey[]} keys of its log
 * @returns {Promise<Checked>} */
export async function verify({ contents, keyId, sealed }, keys) {
  const known = keys.filter(({ key_id: id }) => id === keyId);
  if (known.length === 0) return { contents, verified: 'unknown-key' };
  const good = await Promise.all(known.map(({ key }) => isSignedBy(key, PURPOSE, sealed)));
  return { contents, verified: good.includes(true) };
}

/** @param {import('./packed.js').Sealed} sealed @returns {Label} */
function labelIn(sealed) {
  const reader = new Reader(sealed.payload);
  const [flags] = reader.take(1);
  const log = String(numberIn(reader.take(3))).padStart(6, '0');
  const keyId = hex(reader.take(8));
  const [parcel, shelter] = [codeOf(reader.take(10)), reader.uuid()];
  const [k, n, quantity, best_before, issued] = Array.from({ length: 5 }, () => reader.varint());
  const allergens = flags & DECLARED ? reader.varint() : null;
  const [item, variant, unit] = Array.from({ length: 3 }, () => reader.short(MOST_WORD));
  const name = flags & NAMED ? reader.short(MOST_NAME) : '';
  reader.end();
  const marks = /** @type {Record<typeof MARKS[number], boolean>} */ (Object.fromEntries(MARKS.map((mark, bit) => [mark, (flags & 1 << bit) !== 0])));
  const contents = { log, parcel, k, n, item, unit, quantity, shelter, issued, variant, name, best_before, allergens, ...marks, drill: (flags & DRILL) !== 0 };
  if (flags > 127 || (flags & NAMED && !name) || !isPossible(contents)) throw new PackedError('no label says this');
  return { contents, keyId, sealed };
}

/** @param {Contents} contents */
function isPossible({ log, k, n, item, variant, unit, quantity, best_before: last, issued }) {
  const words = log.length === 6 && ITEM.test(item) && VARIANT.test(variant) && UNIT.test(unit);
  return words && isCount(k, n) && isCount(n, MOST_PARCELS) && isCount(quantity, MOST_QUANTITY) && (last === 0 || isDay(last)) && isDay(issued);
}

/** @param {number} number @param {number} most */
const isCount = (number, most) => number >= 1 && number <= most;

/** @param {Uint8Array} raw the largest first */
const numberIn = (raw) => raw.reduce((sum, byte) => sum * 256 + byte, 0);

/** The code whose 80 random bits these are. @param {Uint8Array} raw */
function codeOf(raw) {
  const number = raw.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const body = Array.from({ length: BODY }, (_, at) => ALPHABET[Number((number >> BigInt(5 * (BODY - 1 - at))) & 31n)]).join('');
  return body + checkChar(body);
}

/** The parcel in Japanese, from this phone's tables alone. @param {Contents} contents @param {Tables} tables @returns {Words} */
export function contentsInWords(contents, tables) {
  const { words } = tables;
  const title = titleOf(contents, tables);
  const quantity = `${contents.quantity.toLocaleString('ja-JP')}${tables.units[contents.unit] ?? words.unit}`;
  const part = contents.n === 1 ? words.only : fill(words.part, { k: contents.k, n: contents.n });
  const bestBefore = dateOf(contents, tables);
  const isEaten = contents.allergens !== null || tables.items[contents.item]?.edible === true;
  const allergens = isEaten ? allergensOf(contents.allergens, tables) : null;
  const marks = MARKS.filter((mark) => contents[mark]).map((mark) => ({ mark, text: tables.marks[mark] }));
  const drill = contents.drill ? words.drill : '';
  const lines = [drill, `${title} ${quantity}`, part, bestBefore, allergens?.text ?? '', marks.map(({ text }) => text).join('・')];
  return { title, quantity, part, bestBefore, allergens, marks, drill, lines: lines.filter(Boolean) };
}

/** What it is, with its size or kind. @param {Contents} contents @param {Tables} tables */
function titleOf({ item, name, variant }, { items, words }) {
  const known = items[item];
  const what = name || (known?.name ?? fill(words.unknown_item, { code: item }));
  return [what, known?.variants[variant] ?? variant].filter(Boolean).join(' ');
}

/** @param {Contents} contents @param {Tables} tables */
function dateOf({ item, best_before: last }, { items, words }) {
  return last ? fill(words.dated, { word: items[item]?.date_word ?? words.date_word, day: dayInWords(last) }) : '';
}

/** @param {number|null} mask @param {Tables} tables @returns {NonNullable<Words['allergens']>} */
function allergensOf(mask, { allergens, words }) {
  if (mask === null) return { kind: 'undeclared', text: words.undeclared };
  if (mask === 0) return { kind: 'none', text: words.free };
  const names = allergens.filter((_, bit) => Math.floor(mask / 2 ** bit) % 2 === 1).map(({ name }) => name);
  const strange = mask >= 2 ** allergens.length;
  if (strange) names.push(words.strange_allergen);
  return { kind: strange ? 'unknown' : 'contains', text: fill(words.contains, { names: names.join('・') }) };
}

/** 2027年1月31日 @param {number} day yyyymmdd */
export const dayInWords = (day) => `${Math.floor(day / 10_000)}年${Math.floor(day / 100) % 100}月${day % 100}日`;

/** @param {string} sentence @param {Record<string, string|number>} values */
const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
