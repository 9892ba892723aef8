// The end of every form: keep on disk, only then sound, words and the next screen. A failure keeps the form as it is.

import { tell } from '../feedback.js';
import { SAID } from '../messages.js';
import { STORAGE } from '../messages-phone.js';

/** @typedef {import('../types.js').Kept} Kept */

/** Words to show on the next screen, once. @type {{verdict: import('../feedback.js').Tone, words: string, detail: string}|null} */
let carried = null;

/** Takes the words left by the last form, if any. */
export function carriedWords() {
  const words = carried;
  carried = null;
  return words;
}

let busy = false;

/**
 * Runs `keepAll`; when everything is on disk: sound, words, and on to `path`. A second tap meanwhile does nothing.
 * @param {import('../app.js').App} app @param {() => Promise<unknown>} keepAll
 * @param {{words: string, judged?: import('../types.js').Decision, work?: import('./work.js').Work, path: string, replace?: boolean}} after
 */
export async function finish(app, keepAll, { words, judged, work, path, replace = true }) {
  if (busy) return;
  busy = true;
  try {
    await keepAll();
    const odd = judged?.said === 'attention' && work;
    carried = odd ? { verdict: 'attention', words: work.findingWords(judged.finding), detail: `${SAID.kept}　・　${words}　・　${SAID.onDisk}` }
      : { verdict: 'ok', words: SAID.kept, detail: `${words}　・　${SAID.onDisk}` };
    tell(carried.verdict);
    app.go(path, { replace });
  } catch (problem) {
    console.error(problem);
    tell('attention');
    const code = /** @type {{code?: string}} */ (problem)?.code ?? '';
    app.complain(SAID.failedForm, code === 'store.full' ? STORAGE.fullNow : code);
  } finally {
    busy = false;
  }
}
