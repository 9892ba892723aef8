// Before erasing is recorded: the result, the method, the tool and the witness are chosen once, then devices are swept.

import { h } from '../components/dom.js';
import { button } from '../components/frame.js';
import { choice, personChoice, textField } from '../components/form.js';
import { ERASE, ROLES } from '../messages.js';
import { absent } from './home.js';
import { openWork } from './work.js';

const LAST = 'ashiato.erase.tool';
/** What is written into the log is one of these names; whatever else people want to say about the tool is free text and
 * stays out of it (the vault keeps it). */
const TOOLS = ['Blancco Drive Eraser', 'nwipe', 'ATA Secure Erase', 'NVMe Sanitize', 'TCG Revert'];
const OTHER = 'other';
const MOST = 200; // characters

/** What was chosen last: the tool, and what was written beside it. @returns {{tool: string, note: string}} */
export function lastTool() {
  try {
    return { tool: '', note: '', .../** @type {object} */ (JSON.parse(localStorage.getItem(LAST) ?? '{}')) };
  } catch {
    return { tool: '', note: '' };
  }
}

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
  const last = lastTool();
  const tool = choice({ label: ERASE.tool, must: ERASE.toolMust, value: last.tool,
    options: [...TOOLS.map((value) => ({ value, label: value, detail: ERASE.tools[value] })), { value: OTHER, label: ERASE.toolOther }] });
  const note = textField({ label: ERASE.note, hint: ERASE.noteHint, value: last.note, tidy: (text) => text.normalize('NFC').trim().slice(0, MOST) });
  const reason = choice({ label: ERASE.reason, value: 'drive_dead',
    options: Object.entries(ERASE.reasons).map(([value, label]) => ({ value, label })) });
  const witness = personChoice(work.pack, { label: ERASE.witness, hint: ERASE.witnessHint, must: ERASE.witnessMust, roles: ['officer'],
    except: work.actor, words: (role) => ROLES[role] ?? role });
  ok.append(method.element, tool.element, note.element);
  bad.append(reason.element);
  const start = () => {
    const failed = result.take() === 'failed';
    const name = failed ? '' : tool.take();
    const wit = witness.some ? witness.take() : '';
    if (wit === null || name === null) return;
    if (!failed) localStorage.setItem(LAST, JSON.stringify({ tool: name, note: note.take() ?? '' }));
    const query = new URLSearchParams(failed ? { r: 'failed', y: reason.take() ?? 'other', w: wit }
      : { r: 'ok', m: method.take() ?? 'purge', t: name, w: wit });
    app.go(`/app/job/${encodeURIComponent(id)}/erase/scan?${query}`);
  };
  return { title: ERASE.title, sub: ERASE.sub, back: `/app/job/${encodeURIComponent(id)}`,
    body: [result.element, ok, bad, witness.element], foot: [button(ERASE.start, start, { mark: 'scan' })] };
}
