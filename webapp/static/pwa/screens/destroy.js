// Destruction: checker, method and particle size once; then, device by device: sticker, photo, one tap.

import { desk } from '../components/desk.js';
import { fill, h } from '../components/dom.js';
import { button, linkButton } from '../components/frame.js';
import { choice, facts, personChoice, photoField, textField } from '../components/form.js';
import { COUNT, DESTROY, FORM, ROLES, SAID, TASKS } from '../messages.js';
import { absent } from './home.js';
import { stranger } from './sweep.js';
import { missingWords, nameOf, taskOf } from './tasks.js';
import { openWork } from './work.js';

/** @typedef {import('../components/desk.js').DeskRead} DeskRead */
/** @typedef {import('../components/desk.js').Outcome} Outcome */
/** @typedef {import('./work.js').Work} Work */

/** The two places where drives are destroyed: at the centre, and on site when erasing failed. @typedef {"destroy"|"onsite"} Place */

/** @type {Record<Place, {step: "destroyed"|"destroyed_on_site", checkers: string[]}>} */
const PLACES = {
  destroy: { step: 'destroyed', checkers: ['itad_checker', 'itad_manager', 'itad_receiver'] },
  onsite: { step: 'destroyed_on_site', checkers: ['officer', 'itad_technician', 'itad_manager'] },
};
const LAST = 'ashiato.destroy.size';
const MOST_MM = 1_000;

/** The choices that hold for the whole sitting. @param {Place} place @returns {import('../app.js').Draw} */
export const destroy = (place) => async (app, { parts: [id] }) => {
  const work = await openWork(app, id);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(id)}`;
  const checker = personChoice(work.pack, { label: DESTROY.checker, hint: DESTROY.checkerHint, must: DESTROY.checkerMust, roles: PLACES[place].checkers,
    except: work.actor, words: (role) => ROLES[role] ?? role });
  const method = choice({ label: DESTROY.method, value: 'shred', options: Object.entries(DESTROY.methods).map(([value, label]) => ({ value, label })) });
  const size = textField({ label: DESTROY.size, hint: DESTROY.sizeHint, must: DESTROY.sizeMust, mode: 'numeric', value: localStorage.getItem(LAST) ?? '',
    tidy: (text) => text.normalize('NFKC').replace(/\D/g, ''), check: (text) => (Number(text) >= 1 && Number(text) <= MOST_MM ? '' : DESTROY.sizeBad) });
  const start = () => {
    const other = checker.some ? checker.take() : '';
    const mm = size.take();
    if (other === null || mm === null) return;
    localStorage.setItem(LAST, mm);
    app.go(`${back}/${place}/scan?${new URLSearchParams({ w: other, m: method.take() ?? 'shred', mm })}`);
  };
  return { title: TASKS[place].title, sub: DESTROY.sub, back,
    body: [facts([[DESTROY.me, app.me?.person.name ?? '']]), checker.element, method.element, size.element],
    foot: [button(DESTROY.start, start, { mark: 'scan' })] };
};

/** Device after device. @param {Place} place @returns {import('../app.js').Draw} */
export const destroyScan = (place) => async (app, { parts: [id], query }) => {
  const { step } = PLACES[place];
  const work = await openWork(app, id);
  if (!work) return absent();
  const base = `/app/job/${encodeURIComponent(id)}`;
  /** @type {DeskRead|null} */
  let hand = null;
  const panel = h('div', { class: 'app-sweep' });
  const foot = h('div', { class: 'app-sweep__next' });
  const table = desk(app, { prefixes: work.prefixes, hud: TASKS[place].title, onRead: async (read) => {
    const outcome = read.kind === 'ours' ? takeDevice(work, step, read, hand) : stranger(read);
    if (read.kind === 'ours' && outcome && outcome.verdict !== 'again') {
      hand = read;
      redraw();
    }
    return outcome;
  } });
  const photo = photoField({ label: DESTROY.photo, hint: DESTROY.photoHint, must: DESTROY.photoMust, snap: table.eye.snap,
    onTaken: () => redraw() });
  const record = async () => {
    const picture = photo.take();
    if (!hand || !picture) return;
    const { id: code, src } = hand;
    const judged = work.decide(step, code);
    try {
      await work.record({ step, code, src, wit: query.get('w') ? [query.get('w') ?? ''] : [], said: judged.said,
        body: { method: query.get('m') ?? 'shred', particle_mm: Number(query.get('mm')) } }, { photos: [picture] });
      const outcome = work.outcome(judged, work.nameOf(code));
      table.speak(code, outcome);
      hand = null;
      photo.clear();
      redraw();
    } catch (problem) {
      console.error(problem);
      app.complain(SAID.failedForm, /** @type {{code?: string}} */ (problem)?.code ?? '');
    }
  };
  const reset = () => { hand = null; photo.clear(); redraw(); };
  const redraw = () => {
    const task = taskOf(work.view, place, work.actor, []);
    const device = hand ? work.view.devices.get(hand.id) : null;
    fill(panel, ...(hand ? [h('div', { class: 'app-match', 'data-ready': true }, h('p', { class: 'app-match__name' }, device ? nameOf(device) : hand.id),
      device ? facts([['型名', device.model], ['ドライブ', device.drive_serial]]) : null), photo.element]
      : [h('div', { class: 'app-count' }, h('p', { class: 'app-count__figure', role: 'status' }, h('strong', {}, task.done), h('span', {}, COUNT.of(task.total)))),
        task.left ? h('p', { class: 'app-left' }, h('b', {}, COUNT.left(task.left)), missingWords(task.devices)) : h('p', { class: 'app-left', 'data-none': true }, COUNT.none)]));
    table.eye.small(hand !== null && photo.taken());
    if (!hand) return fill(foot, linkButton(DESTROY.end, base));
    const next = photo.taken() ? button(DESTROY.go, record, { mark: 'check' }) : button(FORM.photoTake, photo.shoot, { mark: 'photo' });
    fill(foot, next, button(DESTROY.other, reset, { rank: 'plain' }));
  };
  redraw();
  return { title: TASKS[place].title, back: `${base}/${place}`, shape: 'scan',
    body: [table.element, table.said, h('div', { class: 'app-scan__panel' }, panel, table.tools)], foot: [foot], leave: table.leave };
};

/** A device comes into the hand; nothing is recorded yet. @param {Work} work @param {"destroyed"|"destroyed_on_site"} step
 * @param {DeskRead} read @param {DeskRead|null} hand @returns {Outcome} */
function takeDevice(work, step, read, hand) {
  if (hand?.id === read.id) return null;
  const device = work.view.devices.get(read.id);
  if (device?.done.includes(step)) return { verdict: 'again', words: SAID.again, detail: work.nameOf(read.id) };
  const judged = work.decide(step, read.id);
  if (judged.said === 'attention') return { verdict: 'attention', words: work.findingWords(judged.finding), detail: `${work.nameOf(read.id)}　・　${DESTROY.readHint}` };
  return { verdict: judged.said === 'ok' ? 'read' : 'unknown', words: DESTROY.read, detail: `${work.nameOf(read.id)}　・　${DESTROY.readHint}` };
}
