// Titles of the steps, from the contract that the server wrote (contract/custody.json).

/** @type {Record<string, string>|null} */
let titles = null;

/** @returns {Promise<Record<string, string>>} step → its name in Japanese; the bare step when the table is not there */
export async function loadTitles() {
  if (titles) return titles;
  try {
    const answer = await fetch(new URL("../contract/custody.json", import.meta.url));
    const tables = /** @type {import('../types.js').Tables} */ (await answer.json());
    titles = Object.fromEntries(Object.entries(tables.steps).map(([step, { title }]) => [step, title]));
    return titles;
  } catch {
    return {};
  }
}
