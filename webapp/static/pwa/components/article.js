// Asks for the barcode of goods: by camera, or its figures typed (a Bluetooth scanner types them too).

import { tell } from '../feedback.js';
import { ARTICLE } from '../messages-relief.js';
import { articleIn } from '../supplies/articles.js';
import { isLabel } from '../supplies/prefix.js';
import { createEye } from './eye.js';
import { h } from './dom.js';
import { textField } from './form.js';
import { button, sheet } from './frame.js';

/** @param {string[]} prefixes @returns {Promise<string>} the article's number, or "" if closed */
export async function askArticle(prefixes) {
  /** @type {ReturnType<typeof createEye>|null} */
  let eye = null;
  const answer = await sheet(ARTICLE.title, (close) => {
    const said = h('p', { class: 'app-note', role: 'status' }, ARTICLE.hint);
    const field = textField({ label: ARTICLE.label, hint: ARTICLE.labelHint, mode: 'numeric',
      check: (text) => (articleIn(text) ? '' : ARTICLE.wrong) });
    const typed = () => {
      const text = field.take();
      if (text) close(articleIn(text));
      if (text !== '') return;
      said.textContent = ARTICLE.must; // the picture is another way: the field is none that must be filled in
      field.input.focus();
    };
    field.input.addEventListener('keydown', (event) => { if (event.key === 'Enter' && !event.isComposing) typed(); });
    eye = createEye({ prefixes, goods: true, marks: new Map(), hud: [], words: ARTICLE, onCode: ({ kind, text }) => {
      const article = articleIn(text);
      tell(article ? 'read' : 'unknown');
      if (article) close(article);
      else said.textContent = kind === 'ours' || isLabel(text) ? ARTICLE.ours : ARTICLE.other;
    } });
    return { body: [eye.element, said, field.element], foot: [button(ARTICLE.go, typed, { rank: 'second' })] };
  });
  /** @type {ReturnType<typeof createEye>|null} */ (eye)?.leave();
  return typeof answer === 'string' ? answer : '';
}
