// The scanning desk: picture with boxes, the bar that says what happened, and the tools; typing and photo are always there.
// A mode gives it one function, `onRead`; everything seen, typed or photographed goes through it, one after the other.

import { isExchange } from '../exchange/prefix.js';
import { speak, tell } from '../feedback.js';
import { NET, SAID, SCANNER } from '../messages.js';
import { STORAGE } from '../messages-phone.js';
import { parse } from '../scanning/codes.js';
import { decodePhoto } from '../scanning/photo.js';
import { askCode } from './codefield.js';
import { fill, h } from './dom.js';
import { button } from './frame.js';
import { icon } from './icon.js';
import { createEye } from './eye.js';
import { wedge } from './wedge.js';

/** @typedef {import('../feedback.js').Tone} Tone */
/** @typedef {import('../types.js').Source} Source */
/** One thing read. `id` = 17 characters if it is one of our codes.
 * @typedef {{kind: "ours"|"foreign"|"malformed"|"serial"|"proof"|"exchange", id: string, text: string, src: Source}} DeskRead */
/** What the mode answers once it has acted; null = say nothing.
 * @typedef {{verdict: Tone, words: string, detail: string, action?: HTMLElement|null,
 *   idle?: boolean, kept?: boolean, aloud?: string}|null} Outcome `idle`: worth a mark on the picture, not worth an interruption;
 *   `kept`: it is on disk; `aloud`: spoken where the person asked for a voice */
/** `shown`: it reads what another phone or a card shows, not stickers; nobody types that. `bid`: what its bar says before anything is read.
 * @typedef {{prefixes: string[], hud: string, serials?: boolean, typeWords?: string, shown?: boolean, bid?: typeof SCANNER.shown,
 *   wants?: (text: string) => boolean, only?: () => Set<string>|null, onRead: (read: DeskRead) => Promise<Outcome>}} DeskPlan
 *   `wants`: which other texts on a photo are its matter */

const QUIET = 4000;
const HOLD = 1300;
const HOLD_WARNING = 2500;
const TONE_GAP = 90;

/** A desk for one screen. Call `leave` when the screen goes. @param {import('../app.js').App} app @param {DeskPlan} plan */
export function desk(app, plan) {
  const { said } = app; // one bar a screen: the words of the form before are its first
  const bid = plan.bid ?? (plan.shown ? SCANNER.shown : SCANNER);
  said.rest(bid.rest, bid.hint);
  const speaker = speakerFor(said.say);
  /** @type {Map<string, import('./overlay.js').Mark>} */
  const marks = new Map();
  /** @type {Promise<unknown>} */
  let line = Promise.resolve();
  /** @param {DeskRead} read */
  const take = (read) => {
    line = line.then(() => plan.onRead(read)).then((outcome) => {
      if (!outcome) return;
      marks.set(read.id || read.text, { verdict: outcome.verdict, at: performance.now() });
      speaker(read.id || read.text, outcome, read.src !== 'camera');
    }).catch((problem) => {
      console.error(problem);
      speaker('', { verdict: 'attention', words: SAID.failed, detail: problemWords(problem) });
    });
    return line;
  };
  const hud = h('span', { class: 'app-chip' }, plan.hud);
  let serials = plan.serials ?? false;
  const eye = createEye({ prefixes: plan.prefixes, serials, marks, only: plan.only, hud: [networkChip(app), hud],
    onCode: (result) => take({ kind: result.kind, id: result.id, text: result.text, src: 'camera' }) });
  const type = async () => {
    eye.pause(true);
    const id = await askCode(plan.typeWords);
    eye.pause(false);
    if (id) await take({ kind: 'ours', id, text: id, src: 'typed' });
  };
  const tools = h('div', { class: 'app-tools' });
  const redraw = () => fill(tools, lightTool(eye, redraw), zoomTool(eye, redraw), plan.shown ? null : button(SCANNER.type, type, { rank: 'plain', mark: 'type' }),
    photoTool(plan, take, said.say), lensTool(eye, redraw));
  const deaf = wedge({ onText: (text) => void take(machineRead(text, plan.prefixes, serials)), onTrigger: async () => {
    const picture = await eye.snap();
    if (picture) await takePhoto(picture, plan, take, said.say);
  } });
  // what the bar promises is what the picture can do
  const invite = () => {
    if (said.resting()) said.rest(eye.dark() ? bid.restDark : bid.rest, eye.dark() ? bid.hintDark : bid.hint);
  };
  eye.onChange(() => { redraw(); invite(); });
  redraw();
  return { element: eye.element, said: said.element, say: said.say, speak: speaker, tools, marks, take,
    serialMode: (/** @type {boolean} */ on) => { serials = on; eye.serialMode(on); },
    /** @param {string} words */
    setHud: (words) => { hud.textContent = words; }, eye, leave: () => { deaf(); eye.leave(); } };
}

/** Words for a failure to keep. @param {unknown} problem */
function problemWords(problem) {
  const code = /** @type {{code?: string}} */ (problem)?.code ?? '';
  if (code === 'store.full') return STORAGE.fullNow;
  return code ? `${SAID.foreignHint}（${code}）` : SAID.foreignHint;
}

/** How much a verdict weighs: of several stickers in one picture, the one that needs a person stays on the bar.
 * @type {Record<Tone, number>} */
const WEIGHT = { foreign: 0, again: 0, read: 1, ok: 1, unknown: 2, attention: 3 };

/** Says outcomes, but does not nag about a sticker that stays in the picture, nor talk over a fresh record or warning.
 * What somebody typed or photographed is always answered.
 * @param {import('../app.js').App["said"]["say"]} say */
function speakerFor(say) {
  let lastKey = '';
  let lastAt = -Infinity;
  let lastTone = -Infinity;
  let lastWeight = 0;
  /** @param {NonNullable<Outcome>} outcome @param {number} now */
  const lighter = ({ verdict }, now) =>
    WEIGHT[verdict] < lastWeight && now - lastAt < (lastWeight === WEIGHT.attention ? HOLD_WARNING : HOLD);
  /** @param {string} key @param {NonNullable<Outcome>} outcome @param {number} now */
  const nags = (key, outcome, now) => isIdle(outcome) && now - lastAt < (key === lastKey ? QUIET : HOLD);
  /** @param {string} key @param {NonNullable<Outcome>} outcome @param {boolean} [asked] */
  return (key, outcome, asked = false) => {
    const now = performance.now();
    if (!asked && nags(key, outcome, now)) return;
    if (asked || !lighter(outcome, now)) {
      [lastKey, lastAt, lastWeight] = [key, now, WEIGHT[outcome.verdict]];
      say(outcome.verdict, outcome.words, outcome.detail, outcome.action ?? null);
      speak(aloud(outcome));
    }
    if (outcome.verdict === 'attention' || now - lastTone > TONE_GAP) tell(outcome.verdict);
    lastTone = now;
  };
}

/** What is spoken: counts where a mode gives them, and what needs a person. @param {NonNullable<Outcome>} outcome */
const aloud = (outcome) => outcome.aloud ?? (outcome.verdict === 'ok' || isIdle(outcome) ? '' : outcome.words);

/** Worth a mark on the picture, not an interruption. @param {NonNullable<Outcome>} outcome */
const isIdle = ({ idle, verdict }) => idle === true || verdict === 'again' || verdict === 'foreign';

/** @param {import('../app.js').App} app */
function networkChip(app) {
  const words = h('span', {});
  const chip = h('span', { class: 'app-chip app-chip--net' }, h('i', { 'aria-hidden': 'true' }), words);
  const draw = () => {
    chip.dataset.state = app.status.online ? 'fresh' : 'offline';
    words.textContent = app.status.online ? NET.online : NET.offline;
  };
  draw();
  app.onChange(draw, chip);
  return chip;
}

/** @param {ReturnType<typeof createEye>} eye @param {() => void} redraw */
function lightTool(eye, redraw) {
  if (!eye.canLight()) return null;
  const tool = button(eye.lit() ? SCANNER.lightOn : SCANNER.light, () => eye.light(!eye.lit()).then(redraw), { rank: 'plain', mark: 'light' });
  tool.setAttribute('aria-pressed', String(eye.lit()));
  return tool;
}

/** @param {ReturnType<typeof createEye>} eye @param {() => void} redraw */
function zoomTool(eye, redraw) {
  const steps = eye.zooms();
  if (steps.length < 2) return null;
  const at = steps.indexOf(eye.zoomed());
  const next = steps[(at + 1) % steps.length];
  return button(SCANNER.zoom(next), () => eye.zoom(next).then(redraw), { rank: 'plain', mark: 'zoom' });
}

/** @param {DeskPlan} plan @param {(read: DeskRead) => Promise<unknown>} take @param {import('../app.js').App["said"]["say"]} say */
function photoTool(plan, take, say) {
  const input = h('input', { type: 'file', accept: 'image/*', capture: 'environment', class: 'visually-hidden' });
  input.addEventListener('change', async () => {
    const file = input.files?.[0];
    input.value = '';
    if (file) await takePhoto(file, plan, take, say);
  });
  return h('label', { class: 'button', 'data-kind': 'quiet' }, icon('photo'), h('span', {}, SCANNER.photo), input);
}

/** @param {File} file @param {DeskPlan} plan @param {(read: DeskRead) => Promise<unknown>} take
 * @param {import('../app.js').App["said"]["say"]} say */
async function takePhoto(file, plan, take, say) {
  say('busy', SCANNER.reading, '');
  const found = await readPhoto(file, plan);
  if (found.length === 0) {
    say('unknown', SCANNER.photoNone, SAID.foreignHint);
    tell('unknown');
  }
  for (const read of found) await take(read);
}

/** What a scanner of its own typed. It has checked the symbol itself, so a bare ID counts; its check character is tested here.
 * @param {string} text @param {string[]} prefixes @param {boolean} serials @returns {DeskRead} */
function machineRead(text, prefixes, serials) {
  if (isExchange(text)) return { kind: 'exchange', id: '', text, src: 'wedge' };
  const found = parse(text, prefixes);
  if (found.kind === 'code') return { kind: 'ours', id: found.id, text, src: 'wedge' };
  return { kind: found.kind === 'malformed' && serials ? 'serial' : found.kind, id: '', text, src: 'wedge' };
}

/** Phones with several lenses focus differently at arm's length. @param {ReturnType<typeof createEye>} eye @param {() => void} redraw */
function lensTool(eye, redraw) {
  return eye.lenses() < 2 ? null : button(SCANNER.lens, () => eye.turn().then(redraw), { rank: 'plain', mark: 'sync' });
}

/** @param {File} file @param {DeskPlan} plan @returns {Promise<DeskRead[]>} what is looked for in the photo, each once */
async function readPhoto(file, { prefixes, shown = false, wants = () => false }) {
  try {
    const reads = await decodePhoto(file, { prefixes, here: shown });
    const wanted = reads.filter(({ kind, text }) => kind === (shown ? 'exchange' : 'ours') || wants(text));
    const texts = new Map(wanted.map(({ kind, id, text }) => [id || text, kind]));
    return [...texts].map(([text, kind]) => ({ kind, id: kind === 'ours' ? text : '', text, src: 'photo' }));
  } catch (problem) {
    console.warn(problem);
    return [];
  }
}
