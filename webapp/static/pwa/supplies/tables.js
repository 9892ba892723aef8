// The tables of this room: contract/supplies.json, written from webapp/supplies/contract.py.

/** @typedef {import('./label.js').Tables & {items: Record<string, import('./fold.js').OwnItem & {date_word: string}>, categories: Record<string, string>,
 *   card: Record<string, string>, steps: Record<string, string>, findings: Record<string, {text: string, severity: string}>}} ReliefTables */

/** @type {ReliefTables|null} */
let loaded = null;

/** From the app's own files, so they are there offline. @returns {Promise<ReliefTables>} */
export async function reliefTables() {
  loaded ??= /** @type {ReliefTables} */ (await (await fetch(new URL('../contract/supplies.json', import.meta.url))).json());
  return loaded;
}
