// The app as screens see it: who, where the data is, the state of network and disk, and the way to another screen.

/** @typedef {import('./types.js').Me} Me */
/** @typedef {import('./types.js').SyncStatus} SyncStatus */
/** @typedef {import('./types.js').Counts} Counts */
/** @typedef {import('./types.js').Store} Store */

/** @typedef {object} App
 * @property {Store} store
 * @property {Me|null} me null until somebody has logged in on this phone
 * @property {SyncStatus} status
 * @property {Counts} counts
 * @property {ReturnType<typeof import('./components/frame.js').saidBar>} said the bar of the present screen
 * @property {boolean} update a newer build waits
 * @property {(path: string, how?: {replace?: boolean}) => void} go
 * @property {() => void} back
 * @property {(words: string, detail: string) => void} complain says at once what went wrong, on the present screen
 * @property {() => void} reload draws the present screen again
 * @property {(fn: () => void, owner: Element) => void} onChange calls `fn` at every change of the above while `owner` is on screen
 */

/** One screen. `foot` stands where the thumb is. `leave` is called once when it goes.
 * @typedef {object} Screen
 * @property {string} title
 * @property {string} [sub]
 * @property {string} [back] path of the screen above
 * @property {import('./components/dom.js').Child[]} body
 * @property {import('./components/dom.js').Child[]} [foot]
 * @property {"plain"|"scan"} [shape]
 * @property {() => void} [leave]
 * @property {boolean} [live] drawn again when the job or the outbox changes
 */

/** What a route gives to its screen: parts of the path and its query.
 * @typedef {{parts: string[], query: URLSearchParams}} Where */

/** @typedef {(app: App, where: Where) => Screen|Promise<Screen>} Draw */

const KEY = 'ashiato.settings';

/** `camera`: the lens chosen on this phone, "" for the one at the back.
 * @typedef {{large: boolean, hand: "right"|"left", sound: boolean, voice: boolean, camera: string}} Settings */

/** What the person chose on this phone. @returns {Settings} */
export function settings() {
  const chosen = { large: false, hand: /** @type {"right"|"left"} */ ('right'), sound: true, voice: false, camera: '' };
  try {
    return { ...chosen, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') };
  } catch {
    return chosen;
  }
}

/** Keeps a choice and puts it into effect. @param {Partial<Settings>} change @returns {Settings} */
export function choose(change) {
  const chosen = { ...settings(), ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
  wear(chosen);
  return chosen;
}

/** Puts choices on the page. @param {Settings} chosen */
export function wear(chosen) {
  document.documentElement.dataset.large = String(chosen.large);
  document.documentElement.dataset.hand = chosen.hand;
}

/** @param {App} app @returns {string[]} the person's roles, none before the first login */
export const rolesOf = (app) => app.me?.person.roles ?? [];

/** Who is on this phone while it has a day pass; not a person of any list. */
export const GUEST = 'pass';

/** Whether a day pass is all there is: nobody to log in, nothing to send. @param {App} app */
export const isGuest = (app) => app.me?.person.id === GUEST;
