// Days as people read them off a package, with the rules of webapp/supplies/quantities.py `parse_best_before`; and one more: goods are
// here and are recorded whatever their date, so a past day is a day, and 「11月1日」 is the nearest one, shown with its year. Pure.

const DAY = 86_400_000;
const FAR_YEARS = 30;
/** @type {Record<string, number>} 元年 is one more than this */
const ERAS = { 令和: 2018, R: 2018, 平成: 1988, H: 1988 };
const WRITTEN = /^(?:(令和|平成|R|H)\.?)?(\d{1,4}|元)[年./-](\d{1,2})(?:月|[./-](?=\d)|$)(?:(\d{1,2})日?)?$/;
const NO_YEAR = /^(\d{1,2})月(\d{1,2})日?$/;
const AROUND = /^(?:賞味|消費|使用)?(?:期限)?:?|(?:まで|迄)$|\([日月火水木金土]\)/g;
const DASHES = /[‐‑‒–—―−ー]/g;

/** The day as yyyymmdd, or 0 for what is none. A month alone is its last day, as on packages. @param {string} text @param {number} today yyyymmdd */
export function dayIn(text, today) {
  const typed = text.normalize('NFKC').toUpperCase().replace(/\s/g, '').replace(DASHES, '-').replace(AROUND, '');
  if (/^\d+$/.test(typed)) return near(inDigits(typed), today);
  const [, month, day] = NO_YEAR.exec(typed) ?? [];
  return month ? nearest(Number(month), Number(day), today) : near(written(typed, today), today);
}

/** yyyymmdd, yymmdd as in barcodes, or yyyymm where that makes no sense. @param {string} typed */
function inDigits(typed) {
  const part = (/** @type {number} */ from, /** @type {number} */ to) => Number(typed.slice(from, to));
  if (typed.length === 8) return dayOf(part(0, 4), part(4, 6), part(6, 8));
  if (typed.length !== 6) return 0;
  return part(2, 4) > 12 && typed.startsWith('20') ? dayOf(part(0, 4), part(4, 6), 0) : dayOf(2000 + part(0, 2), part(2, 4), part(4, 6));
}

/** @param {string} typed @param {number} today */
function written(typed, today) {
  const [, era, number, month, day = '0'] = WRITTEN.exec(typed) ?? [];
  if (!number) return 0;
  const told = number === '元' ? 1 : Number(number);
  const year = era ? told + ERAS[era] : number.length === 4 ? told : isShort(typed, day, told, today) ? told + 2000 : 0;
  return dayOf(year, Number(month), Number(day));
}

/** 27.3.1, as on cans; a smaller number might be 令和, 27/3 the 27th of March. @param {string} typed @param {string} day @param {number} year @param {number} today */
const isShort = (typed, day, year, today) => /^\d\d[年.]/.test(typed) && day !== '0' && year >= Math.floor(today / 10_000) % 100;

/** A day of the calendar; 0 is the last of its month. @param {number} year @param {number} month @param {number} day @returns {number} */
function dayOf(year, month, day) {
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const fits = year >= 1900 && month >= 1 && month <= 12 && day <= last;
  return fits ? year * 10_000 + month * 100 + (day || last) : 0;
}

/** Thirty years away is a slip. @param {number} day @param {number} today */
const near = (day, today) => (Math.abs(day - today) <= FAR_YEARS * 10_000 ? day : 0);

/** Of the years around the one that brings it nearest to today. @param {number} month @param {number} day @param {number} today */
function nearest(month, day, today) {
  const year = Math.floor(today / 10_000);
  const found = day ? [year - 1, year, year + 1].map((each) => dayOf(each, month, day)).filter(Boolean) : [];
  return found.sort((one, other) => away(one, today) - away(other, today))[0] ?? 0;
}

/** @param {number} one @param {number} other */
const away = (one, other) => Math.abs(at(one) - at(other)) / DAY;

/** @param {number} day */
const at = (day) => Date.UTC(Math.floor(day / 10_000), Math.floor(day / 100) % 100 - 1, day % 100);
