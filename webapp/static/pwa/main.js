// Boot: the disk, the person, the tables; then the screen of the address, and news as it comes.

import { settings, wear } from './app.js';
import { fill, h } from './components/dom.js';
import { bar, button, linkButton, notice, saidBar } from './components/frame.js';
import { shield } from './components/shield.js';
import { loadTables } from './custody/rules.js';
import { setSound, setVoice, unlock } from './feedback.js';
import { counts, subscribe } from './intake/outbox.js';
import { me as whoAmI, watch } from './intake/packs.js';
import { onStatus, startSync, useDoorkeeper } from './intake/sync.js';
import { openStore } from './kernel/store.js';
import { registerApp } from './kernel/update.js';
import { APP } from './messages.js';
import { createRouter } from './router.js';
import { carriedWords } from './screens/finish.js';
import { screenFor } from './screens/routes.js';
import { letIn } from './supplies/card.js';

/** @typedef {import('./app.js').App} App */
/** @typedef {import('./app.js').Screen} Screen */

const REDRAW = 250;
const TICK = 30_000;

/** The element that holds the app. */
const root = /** @type {HTMLElement} */ (document.getElementById('app'));

/** @type {Map<() => void, Element>} */
const listeners = new Map();
/** @type {Screen|null} */
let present = null;
let drawing = 0;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let redraw;
/** A finger on the screen: what it presses must not be exchanged under it. */
let pressed = false;
/** @type {(() => void)|null} */
let applyUpdate = null;
/** @type {WakeLockSentinel|null} */
let awake = null;

/** @returns {Promise<App>} */
async function open() {
  const store = await openStore();
  await loadTables();
  const router = createRouter(() => void draw(app));
  /** @type {App} */
  const app = {
    store, me: await whoAmI(store), counts: await counts(store), update: false, said: saidBar(),
    status: { online: navigator.onLine, syncing: false, needsLogin: false, lastContact: null, problem: '', build: '' },
    go: router.go, back: () => router.up('/app/'),
    complain: (words, detail) => app.said.say('attention', words, detail),
    reload: () => void draw(app, true),
    onChange: (fn, owner) => { listeners.set(fn, owner); },
  };
  router.follow(root);
  return app;
}

/** Tells everybody on screen; forgets those that left it. */
function changed() {
  for (const [fn, owner] of [...listeners]) {
    if (owner.isConnected) fn();
    else listeners.delete(fn);
  }
}

/** Draws the screen of the address. `quiet`: the same screen again; focus and scroll stay.
 * @param {App} app @param {boolean} [quiet] */
async function draw(app, quiet = false) {
  drawing += 1;
  const mine = drawing;
  if (!quiet) {
    leave();
    app.said = saidBar();
  }
  const next = await screenFor(app, location).catch((problem) => broken(problem));
  if (mine !== drawing) return next.leave?.();
  if (quiet && pressed) {
    next.leave?.();
    return soon(app);
  }
  if (quiet) leave();
  present = next;
  begin(quiet);
  show(app, next, quiet);
}

function leave() {
  for (const dialog of root.querySelectorAll('dialog[open]')) /** @type {HTMLDialogElement} */ (dialog).close();
  present?.leave?.();
  present = null;
  if (awake) void awake.release().catch(() => undefined);
  awake = null;
}

/** The first screen ends what the shell began with; each later one is safe from the tap that led to it. @param {boolean} quiet */
function begin(quiet) {
  if (root.hasAttribute('aria-busy')) root.removeAttribute('aria-busy');
  else if (!quiet) shield();
}

/** @param {App} app @param {Screen} screen @param {boolean} quiet */
function show(app, screen, quiet) {
  const keep = quiet ? scrollY : 0;
  const focused = quiet ? document.activeElement?.getAttribute('href') : null;
  root.dataset.shape = screen.shape ?? 'plain';
  fill(root, bar(app, screen), updateBar(app, screen), screen.shape === 'scan' ? null : app.said.element, h('div', { class: 'app-body' }, screen.body), footOf(screen));
  document.title = screen.title === APP.name ? APP.name : `${screen.title} ・ ${APP.name}`;
  if (focused) /** @type {HTMLElement|null} */ (root.querySelector(`a[href="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true });
  scrollTo(0, keep);
  if (!quiet) arrived(app, screen);
}

/** @param {Screen} screen */
function footOf({ foot = [] }) {
  const buttons = foot.filter(Boolean);
  return buttons.length ? h('div', { class: 'app-foot' }, h('div', { class: 'app-foot__inner' }, buttons)) : null;
}

/** Tells those who cannot see where they are, and what the screen before left to say. @param {App} app @param {Screen} screen */
function arrived(app, screen) {
  /** @type {HTMLElement|null} */ (root.querySelector('h1'))?.focus({ preventScroll: true });
  const words = carriedWords();
  if (words) app.said.say(words.verdict, words.words, words.detail);
  if (screen.shape === 'scan') void stayAwake();
}

/** Offered between jobs, never in the middle of scanning. @param {App} app @param {Screen} screen */
function updateBar(app, screen) {
  if (!app.update || screen.shape === 'scan') return null;
  return h('div', { class: 'app-update', role: 'status' }, h('p', {}, h('b', {}, APP.update), h('small', {}, APP.updateLater)),
    button(APP.updateNow, () => applyUpdate?.(), { rank: 'second' }));
}

/** @param {unknown} problem @returns {Screen} */
function broken(problem) {
  console.error(problem);
  return { title: APP.name, back: '/app/', body: [notice('error', APP.broken, String(/** @type {Error} */ (problem)?.message ?? problem))],
    foot: [linkButton(APP.toHome, '/app/')] };
}

async function stayAwake() {
  try {
    awake = await navigator.wakeLock?.request('screen') ?? null;
  } catch {
    awake = null; // low battery, or a phone that has no such thing
  }
}

/** Draws a living screen again, soon, unless somebody is writing on it. @param {App} app */
function soon(app) {
  clearTimeout(redraw);
  redraw = setTimeout(() => {
    if (pressed) return soon(app);
    const busy = root.querySelector('dialog[open]') || document.activeElement instanceof HTMLInputElement;
    if (present?.live && !busy) void draw(app, true);
  }, REDRAW);
}

/** @param {App} app */
async function newsFromDisk(app) {
  app.me = await whoAmI(app.store);
  app.counts = await counts(app.store);
  changed();
  soon(app);
}

async function boot() {
  wear(settings());
  setSound(settings().sound);
  setVoice(settings().voice);
  addEventListener('pointerdown', unlock, { passive: true });
  addEventListener('pointerdown', () => { pressed = true; }, { passive: true });
  for (const end of ['pointerup', 'pointercancel']) addEventListener(end, () => setTimeout(() => { pressed = false; }), { passive: true });
  addEventListener('keydown', unlock);
  const app = await open();
  await draw(app);
  onStatus((status) => { app.status = status; changed(); if (!app.me) soon(app); });
  subscribe(app.store, () => void newsFromDisk(app));
  watch(app.store, () => void newsFromDisk(app));
  setInterval(changed, TICK);
  document.addEventListener('visibilitychange', () => { if (document.visibilityState === 'visible' && present?.shape === 'scan') void stayAwake(); });
  useDoorkeeper(letIn);
  startSync(app.store);
  void registerApp({ alone: (work) => app.store.alone(work), onUpdate: (apply) => { applyUpdate = apply; app.update = true; soon(app); } });
}

boot().catch((problem) => {
  console.error(problem);
  root.removeAttribute('aria-busy');
  fill(root, h('h1', {}, APP.name), notice('error', APP.broken, String(problem?.message ?? problem)));
});
