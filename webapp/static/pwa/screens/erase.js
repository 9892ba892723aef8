// Before erasing is recorded: the result, the method, the tool and the witness are chosen once, then devices are swept.

import { h } from '../components/dom.js';
import { button } from '../components/frame.js';
import { choice, personChoice, textField } from '../components/form.js';
import { ERASE, ROLES } from '../messages.js';
import { absent } from './home.js';
import { openWork } from './work.js';

const LAST = 'ashiato.erase.tool';

/** @param {import('../app.js').App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function erase(app, { parts: [id] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const ok = h('div', { class: 'app-stack' });
  const bad = h('div', { class: 'app-stack', hidden: true });
  const result = choice({ label: ERASE.result, value: 'ok', onPick: (value) => { ok.hidden = value !== 'ok'; bad.hidden = value === 'ok'; },
    options: [{ value: 'ok', label: ERASE.ok, detail: ERASE.okDetail, kind: 'ok' }, { value: 'failed', label: ERASE.failed, detail: ERASE.failedDetail, kind: 'error' }] });
  const method = choice({ label: ERASE.method, value: 'purge',
    options: [{ value: 'purge', label: ERASE.purge, detail: ERASE.purgeDetail }, { value: 'clear', label: ERASE.clear, detail: ERASE.clearDetail }] });
  const tool = textField({ label: ERASE.tool, hint: ERASE.toolHint, value: localStorage.getItem(LAST) ?? '', tidy: (text) => text.normalize('NFKC').trim(),
    check: (text) => (/^[0-9A-Za-z _.:/+()-]{0,64}$/.test(text) ? '' : ERASE.toolBad) });
  const reason = choice({ label: ERASE.reason, value: 'drive_dead',
    options: Object.entries(ERASE.reasons).map(([value, label]) => ({ value, label })) });
  const witness = personChoice(work.pack, { label: ERASE.witness, hint: ERASE.witnessHint, must: ERASE.witnessMust, roles: ['officer'],
    except: work.actor, words: (role) => ROLES[role] ?? role });
  ok.append(method.element, tool.element);
  bad.append(reason.element);
  const start = () => {
    const wit = witness.some ? witness.take() : '';
    if (wit === null) return;
    const text = tool.take();
    if (text === null) return;
    localStorage.setItem(LAST, text);
    const query = new URLSearchParams(result.take() === 'failed' ? { r: 'failed', y: reason.take() ?? 'other', w: wit }
      : { r: 'ok', m: method.take() ?? 'purge', t: text, w: wit });
    app.go(`/app/job/${encodeURIComponent(id)}/erase/scan?${query}`);
  };
  return { title: ERASE.title, sub: ERASE.sub, back: `/app/job/${encodeURIComponent(id)}`,
    body: [result.element, ok, bad, witness.element], foot: [button(ERASE.start, start, { mark: 'scan' })] };
}
