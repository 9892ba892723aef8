// Which device of the list is meant by a serial or a 管理番号, as makers and town halls write them. Pure.

/** @typedef {import('../types.js').Device} Device */

/** One form of a number: full width, case, spaces and hyphens do not count. @param {string} text */
export function plain(text) {
  return text.normalize('NFKC').toUpperCase().replace(/[\s\p{Pd}ー−_]/gu, '');
}

/**
 * Devices whose serial or 管理番号 is `text`; makers print "S" or "S/N" before it on some barcodes.
 * @param {Device[]} list @param {string} text @returns {Device[]}
 */
export function findDevices(list, text) {
  const wanted = plain(text);
  if (!wanted) return [];
  const forms = new Set([wanted, wanted.replace(/^(S\/?N:?|S(?=[0-9A-Z]{7,}))/, '')]);
  return list.filter((device) => [device.serial, device.asset].some((number) => number && forms.has(plain(number))));
}

/**
 * Devices without a sticker that fit what was typed, at most 40.
 * @param {Device[]} list @param {string} text @returns {Device[]}
 */
export function searchDevices(list, text) {
  const words = text.split(/\s+/).map(plain).filter(Boolean);
  const free = list.filter((device) => !device.code);
  const fits = (/** @type {Device} */ device) => {
    const all = plain([device.asset, device.serial, device.place, device.model, device.kind_text].join(''));
    return words.every((word) => all.includes(word));
  };
  return free.filter(fits).slice(0, 40);
}
