// What the browser promises about this phone's disk, and how much room there is: told as it is, before it is too late.

/** ok · low: warn now · full: the next scan may not fit · unknown: this browser does not say.
 * @typedef {{persisted: boolean|null, usage: number|null, quota: number|null, state: "ok"|"low"|"full"|"unknown"}} Room */

const MB = 1_000_000;
/** About 600 photos, or a day of scanning. */
const LOW = 200 * MB;
const FULL = 20 * MB;

/** How things stand now. Never throws. @param {StorageManager|undefined} [storage] @returns {Promise<Room>} */
export async function room(storage = globalThis.navigator?.storage) {
  const persisted = await answer(() => storage?.persisted?.());
  const { usage = null, quota = null } = (await answer(() => storage?.estimate?.())) ?? {};
  return { persisted, usage, quota, state: stateOf(usage, quota) };
}

/** Ask the browser not to clear this phone's records by itself. @param {StorageManager|undefined} [storage]
 * @returns {Promise<boolean|null>} its answer; null where it cannot be asked */
export const askToKeep = (storage = globalThis.navigator?.storage) => answer(() => storage?.persist?.());

/** @template T @param {() => Promise<T>|undefined} question @returns {Promise<T|null>} */
async function answer(question) {
  try {
    return (await question()) ?? null;
  } catch {
    return null;
  }
}

/** @param {number|null} usage @param {number|null} quota @returns {Room["state"]} */
function stateOf(usage, quota) {
  if (usage === null || quota === null) return 'unknown';
  const free = quota - usage;
  if (free < FULL) return 'full';
  return free < LOW ? 'low' : 'ok';
}
