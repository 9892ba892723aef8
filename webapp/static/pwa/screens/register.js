// Registration binds a sticker to a device: sticker, then the maker's serial (or 管理番号), then one tap.

import { desk } from '../components/desk.js';
import { fill, h } from '../components/dom.js';
import { button, linkButton, sheet } from '../components/frame.js';
import { choice, facts, textField } from '../components/form.js';
import { icon } from '../components/icon.js';
import { tablesInUse } from '../custody/rules.js';
import { newId } from '../kernel/ids.js';
import { COUNT, REGISTER, SAID } from '../messages.js';
import { show } from '../scanning/codes.js';
import { absent } from './home.js';
import { findDevices, searchDevices } from './matching.js';
import { stranger } from './sweep.js';
import { nameOf, taskOf } from './tasks.js';
import { openWork } from './work.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../types.js').Device} Device */
/** @typedef {import('../types.js').Source} Source */
/** @typedef {import('./work.js').Work} Work */
/** @typedef {import('../components/desk.js').DeskRead} DeskRead */
/** @typedef {import('../components/desk.js').Outcome} Outcome */
/** What is in hand: the sticker, the serial as read, and the device they mean.
 * @typedef {{code: string, src: Source, serial: string, device: Device|null}} Hand */

/** Most frequent first; the names are the contract's. */
const KINDS = ['notebook', 'desktop', 'tablet', 'server', 'monitor', 'other'];
/** The highest first (in the guideline row (1) is 機密性3). */
const CLASSES = ['3', '2', '1', '0'];

/** @returns {Hand} */
const empty = () => ({ code: '', src: 'camera', serial: '', device: null });

/** @param {App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function register(app, { parts: [id] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(id)}`;
  let hand = empty();
  /** What was bound last may still be in the picture. @type {string[]} */
  let just = [];
  const panel = h('div', { class: 'app-sweep' });
  const foot = h('div', { class: 'app-sweep__next' });

  const bind = async () => {
    const { device, code } = hand;
    if (!device || !code) return;
    const name = nameOf(device);
    await keepBinding(work, hand, { device: device.id });
    just = [code, hand.serial];
    hand = empty();
    table.say('ok', SAID.kept, `${name}　・　${SAID.onDisk}`);
    redraw();
  };
  const bindNew = async () => {
    const found = await askOffList(hand.serial);
    if (!found) return;
    await keepBinding(work, { ...hand, serial: found.serial }, { device: '', device_new: newId(), cls: found.cls, kind: found.kind });
    hand = empty();
    table.say('unknown', SAID.keptUnknown, SAID.onDisk);
    redraw();
  };
  const pickDevice = async () => { const device = await askDevice(work); if (device) { hand.device = device; redraw(); } };
  const typeSerial = async () => { const serial = await askSerial(); if (serial) await table.take({ kind: 'serial', id: '', text: serial, src: 'typed' }); };
  const reset = () => { hand = empty(); table.marks.clear(); redraw(); };

  const redraw = () => {
    const task = taskOf(work.view, 'register', work.actor, []);
    const ready = Boolean(hand.code && hand.device);
    const search = hand.code && !hand.device;
    table.eye.small(Boolean(hand.code));
    fill(panel, handView(hand, ready), search ? button(REGISTER.typeSerial, typeSerial, { rank: 'second', mark: 'type' }) : null,
      search && hand.serial ? button(REGISTER.off, bindNew, { rank: 'plain' }) : null,
      hand.code || hand.serial ? null : h('p', { class: 'app-left', 'data-none': task.left === 0 }, task.left ? h('b', {}, COUNT.left(task.left)) : COUNT.none, h('span', {}, REGISTER.done(task.done))));
    fill(foot, mainButton(hand, back, bind, pickDevice), hand.code ? button(REGISTER.again, reset, { rank: 'plain' }) : null);
  };
  const table = desk(app, { prefixes: work.prefixes, hud: REGISTER.hud, serials: true, typeWords: REGISTER.typedSticker,
    onRead: async (read) => {
      const outcome = just.includes(read.id || read.text) ? null : takeRead(work, hand, read);
      redraw();
      return outcome;
    } });
  redraw();
  return { title: REGISTER.title, back, shape: 'scan',
    body: [table.element, table.said, h('div', { class: 'app-scan__panel' }, panel, table.tools)], foot: [foot], leave: table.leave };
}

/** What the thumb finds: bind when both are there, else the way on without a camera.
 * @param {Hand} hand @param {string} back @param {() => unknown} bind @param {() => unknown} pickDevice */
function mainButton({ code, device }, back, bind, pickDevice) {
  if (code && device) return button(REGISTER.go, bind, { mark: 'check' });
  return code ? button(REGISTER.pick, pickDevice, { rank: 'second', mark: 'list' }) : linkButton(REGISTER.end, back, { rank: 'second' });
}

/** Puts one read into the hand. @param {Work} work @param {Hand} hand @param {DeskRead} read @returns {Outcome} */
function takeRead(work, hand, read) {
  if (read.kind === 'ours') return takeSticker(work, hand, read);
  if (read.kind === 'serial') return takeSerial(work, hand, read.text);
  return hand.code ? takeSerial(work, hand, read.text) ?? stranger(read) : stranger(read);
}

/** @param {Work} work @param {Hand} hand @param {DeskRead} read @returns {Outcome} */
function takeSticker(work, hand, read) {
  if (hand.code === read.id) return null;
  if (work.view.cages.has(read.id)) return { verdict: 'attention', words: REGISTER.isCage, detail: work.cageName(read.id) };
  const owner = work.view.devices.get(read.id);
  if (owner) return { verdict: 'again', words: REGISTER.used(owner.asset), detail: REGISTER.usedHint };
  hand.code = read.id;
  hand.src = read.src;
  return { verdict: 'read', words: `${REGISTER.sticker}を${REGISTER.read}`, detail: hand.device ? show(read.id) : REGISTER.waitSerial };
}

/** @param {Work} work @param {Hand} hand @param {string} text @returns {Outcome} */
function takeSerial(work, hand, text) {
  const found = findDevices(work.view.list, text);
  const free = found.filter((device) => !device.code);
  if (found.length > 0 && free.length === 0) return { verdict: 'again', words: REGISTER.bound(found[0].asset), detail: text };
  if (hand.serial === text && hand.device) return null;
  hand.serial = text;
  hand.device = free.length === 1 ? free[0] : null;
  if (hand.device) return { verdict: 'read', words: REGISTER.matched, detail: nameOf(hand.device) };
  if (free.length > 1) return { verdict: 'unknown', words: REGISTER.several(text, free.length), detail: REGISTER.severalHint };
  return { verdict: 'unknown', words: REGISTER.notFound(text), detail: REGISTER.notFoundHint };
}

/** @param {Work} work @param {Hand} hand @param {Record<string, unknown>} body */
async function keepBinding(work, hand, body) {
  const judged = work.decide('registered', hand.code);
  const serial = hand.serial || hand.device?.serial || '';
  await work.record({ step: 'registered', code: hand.code, src: hand.src, body, said: judged.said },
    { open: serial ? { serial } : undefined, name: hand.device ? nameOf(hand.device) : REGISTER.offTitle });
}

/** The two things in hand, and the PC they mean. @param {Hand} hand @param {boolean} ready */
function handView(hand, ready) {
  /** @param {string} label @param {string} value @param {string} wait @param {boolean} now */
  const row = (label, value, wait, now) => h('div', { class: 'app-hand', 'data-state': value ? 'done' : now ? 'now' : 'later' },
    h('span', { class: 'app-hand__mark', 'aria-hidden': 'true' }, value ? icon('check') : null),
    h('p', {}, h('small', {}, label), h('b', { class: value ? 'app-hand__value' : '' }, value || wait)));
  const device = hand.device;
  return h('div', { class: 'app-stack', role: 'status' }, row(REGISTER.sticker, hand.code && show(hand.code), REGISTER.waitSticker, !hand.code),
    row(REGISTER.serial, device ? (hand.serial || device.serial || device.asset) : '', hand.serial ? REGISTER.notFound(hand.serial) : REGISTER.waitSerial, Boolean(hand.code)),
    device ? h('div', { class: 'app-match', 'data-ready': ready }, h('p', { class: 'app-match__name' }, nameOf(device)),
      facts([['型名', device.model], ['製造番号', device.serial], ['機密性', tablesInUse().classes[String(device.cls)] ?? '']])) : null);
}

/** @returns {Promise<string>} */
async function askSerial() {
  const answer = await sheet(REGISTER.typeSerial, (close) => {
    const field = textField({ label: REGISTER.serialLabel, hint: REGISTER.serialHint, must: REGISTER.serialMust });
    queueMicrotask(() => field.input.focus());
    return { body: [field.element], foot: [button(REGISTER.serialGo, () => { const text = field.take(); if (text) close(text); })] };
  });
  return typeof answer === 'string' ? answer : '';
}

/** @param {Work} work @returns {Promise<Device|null>} */
async function askDevice(work) {
  const answer = await sheet(REGISTER.listTitle, (close) => {
    const list = h('ul', { class: 'app-lines app-lines--pick' });
    const draw = (/** @type {string} */ text) => {
      const found = searchDevices(work.view.list, text);
      fill(list, found.map((device) => h('li', {}, h('button', { type: 'button', onclick: () => close(device) }, h('b', {}, nameOf(device)),
        h('small', {}, [device.model, device.serial].filter(Boolean).join('　'))))), found.length ? null : h('li', {}, REGISTER.none));
    };
    const field = textField({ label: REGISTER.search, onInput: draw });
    draw('');
    return { body: [field.element, list] };
  });
  return /** @type {Device|null} */ (answer ?? null);
}

/** @param {string} serial @returns {Promise<{serial: string, kind: string, cls: string}|null>} */
async function askOffList(serial) {
  const answer = await sheet(REGISTER.offTitle, (close) => {
    const number = textField({ label: REGISTER.serialLabel, hint: REGISTER.serialHint, value: serial, must: REGISTER.serialMust });
    const kind = choice({ label: REGISTER.offKind, value: 'notebook', options: KINDS.map((value) => ({ value, label: tablesInUse().kinds[value] ?? value })) });
    const cls = choice({ label: REGISTER.offCls, hint: REGISTER.offHint, value: '3',
      options: CLASSES.map((value) => ({ value, label: tablesInUse().classes[value] ?? value })) });
    const done = () => { const text = number.take(); if (text) close({ serial: text, kind: kind.take() ?? 'other', cls: cls.take() ?? '3' }); };
    return { body: [number.element, kind.element, cls.element], foot: [button(REGISTER.off, done)] };
  });
  return /** @type {{serial: string, kind: string, cls: string}|null} */ (answer ?? null);
}
