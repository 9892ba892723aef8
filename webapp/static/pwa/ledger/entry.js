// What an entry of a log says, for people who do not read JSON.

import { text } from './bytes.js';

/** @typedef {{kind: string, step: string, code: string, at: number|null, recorded: number|null, roles: string[], seal: string,
 *   job: string, log: string, id: string, actor: string, photos: number, closed: boolean, raw: string}} Said */

/** The facts in an entry's bytes; null if it is not one of ours. @param {Uint8Array} raw @returns {Said|null} */
export function read(raw) {
  try {
    const letters = text(raw);
    const line = JSON.parse(letters);
    const data = typeof line.p === 'string' ? JSON.parse(line.p) : line.body;
    if (line.v !== 1 || typeof line.kind !== 'string') return null;
    return { ...where(line), ...what(data ?? {}), raw: letters };
  } catch {
    return null;
  }
}

/** @param {any} line */
function where({ kind, log, id, rec, by }) {
  return { kind, log: word(log), id: word(id), recorded: number(rec), actor: word(by?.actor), roles: Array.isArray(by?.roles) ? by.roles.map(String) : [] };
}

/** @param {any} data */
function what({ step, code, at, job, body, ev, commit }) {
  return { step: word(step), code: word(code), at: number(at), job: word(job), seal: word(body?.seal),
    photos: Array.isArray(ev) ? ev.length : 0, closed: word(commit) !== '' };
}

/** @param {unknown} value */
const word = (value) => (typeof value === 'string' ? value : '');

/** @param {unknown} value */
const number = (value) => (typeof value === 'number' && Number.isSafeInteger(value) ? value : null);
