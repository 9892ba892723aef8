// What a GS1 code on a box says: which article, which lot, until when. The rest of GS1's 500 fields stays text. Pure.
// GS1 General Specifications 3.2: 01 and 17 have a fixed length, 10 ends with FNC1 (read as 1D hex) or with the text.

const FNC1 = '\u001d';
const FIELD = /^(?:01(\d{14})|17(\d{2})(0[1-9]|1[0-2])([0-2]\d|3[01])|10([!-z]{1,20}))/; // a lot has printed characters only

/** `expires`: ISO date; day 00 means the last day of the month. @typedef {{gtin: string, lot: string, expires: string}} Gs1 */

/** The article (14 digits), lot and expiry in a text, as printed in brackets or as encoded; null if there is no valid article
 * or a field that we do not know. @param {string} text @returns {Gs1|null} */
export function parseGs1(text) {
  let rest = text.replace(/^\]d2/, '').replace(/\((\d\d)\)/g, `${FNC1}$1`);
  const found = { gtin: '', lot: '', expires: '' };
  while (rest !== '') {
    if (rest.startsWith(FNC1)) rest = rest.slice(1);
    const field = FIELD.exec(rest);
    if (!field) return null;
    const [whole, gtin, year, month, day, lot] = field;
    if (gtin) found.gtin = gtin;
    if (lot) found.lot = lot;
    if (year && month && day) found.expires = date(Number(year), Number(month), Number(day));
    rest = rest.slice(whole.length);
  }
  return hasCheckDigit(found.gtin) ? found : null;
}

/** Whether the last digit of a JAN or GTIN is the one that belongs there. @param {string} digits */
export function hasCheckDigit(digits) {
  if (!/^(\d{8}|\d{12,14})$/.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, place) => total + Number(digit) * (place % 2 ? 3 : 1), 0);
  return sum % 10 === 0;
}

/** @param {number} year of this century @param {number} month @param {number} day */
const date = (year, month, day) => new Date(Date.UTC(2000 + year, day ? month - 1 : month, day)).toISOString().slice(0, 10);
