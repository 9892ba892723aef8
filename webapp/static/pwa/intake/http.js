// One question to the server, and the few answers that make a difference to a queue that must not lose anything.

/** @typedef {object} Deps what the outside world is; tests bring their own
 * @property {typeof globalThis.fetch} fetch
 * @property {() => number} now
 * @property {() => number} random 0 ≤ x < 1 */

/** ok: 2xx, JSON · unchanged: 304 · login: 401 · later: 429, 503 · offline: no answer, 5xx, or an answer that is not
 * from us (a captive portal says 200 too) · no: another 4xx, with our stable code.
 * @typedef {{kind: 'ok', status: number, body: any, sent: number, got: number} | {kind: 'unchanged'} | {kind: 'login'}
 *   | {kind: 'later', after: number} | {kind: 'offline'} | {kind: 'no', status: number, code: string, text: string}} Answer */

export const TIMEOUT = 10_000;
const LATER = 30_000;

/** @type {Deps} */
export const WORLD = {
  fetch: (input, init) => globalThis.fetch(input, init),
  now: () => Date.now(),
  random: () => Math.random(),
};

/** Ask and never throw. Cut off after `timeout` ms, body included.
 * @param {Deps} deps @param {string} path @param {RequestInit} [init] @param {number} [timeout] @returns {Promise<Answer>} */
export async function ask(deps, path, init = {}, timeout = TIMEOUT) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), timeout);
  try {
    return await answer(deps, path, { ...init, signal: stop.signal });
  } catch {
    return { kind: 'offline' };
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Deps} deps @param {string} path @param {RequestInit} init @returns {Promise<Answer>} */
async function answer(deps, path, init) {
  const sent = deps.now();
  const response = await deps.fetch(path, {
    cache: 'no-store', credentials: 'same-origin', redirect: 'error', ...init,
    headers: { Accept: 'application/json', 'X-Ashiato': '1', ...init.headers },
  });
  if (response.status === 304) return { kind: 'unchanged' };
  if (response.status === 401) return { kind: 'login' };
  if (response.status === 429 || response.status === 503) return { kind: 'later', after: retryAfter(response, deps.now()) };
  if (response.status >= 500) return { kind: 'offline' };
  const body = await response.json(); // not JSON: not our server, so the same as no answer
  if (response.ok) return { kind: 'ok', status: response.status, body, sent, got: deps.now() };
  if (typeof body?.code !== 'string') return { kind: 'offline' };
  return { kind: 'no', status: response.status, code: body.code, text: String(body.text ?? '') };
}

/** Milliseconds the server asks us to wait: seconds or a date. @param {Response} response @param {number} now */
function retryAfter(response, now) {
  const text = response.headers.get('Retry-After') ?? '';
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : LATER;
}
