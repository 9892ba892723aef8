// The tables of the custody room: contract/custody.json, written from webapp/custody/steps.py and messages.py.

/** @typedef {import('../types.js').Tables} Tables */

/** @type {Tables|null} */
let loaded = null;

/** The tables of the custody room, once at boot: from the app's own files, so they are there offline.
 * @returns {Promise<Tables>} */
export async function loadTables() {
  loaded ??= useTables(await (await fetch(new URL('../contract/custody.json', import.meta.url))).json());
  return loaded;
}

/** @param {Tables} tables @returns {Tables} */
export const useTables = (tables) => (loaded = tables);

/** The tables in use. Throws before `loadTables`. @returns {Tables} */
export function tablesInUse() {
  if (!loaded) throw new Error('the tables are not loaded');
  return loaded;
}
