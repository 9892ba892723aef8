// Receiving: boxes one after the other before the camera. A small code or a signed label is an arrival, kept before any sound.

import { desk } from '../components/desk.js';
import { fill, h } from '../components/dom.js';
import { clock } from '../components/format.js';
import { button, linkButton, notice, sheet } from '../components/frame.js';
import { tell } from '../feedback.js';
import { COUNT_BOX, RECEIVE, RELIEF } from '../messages-relief.js';
import { SAID } from '../messages.js';
import { decide } from '../supplies/fold.js';
import { read as readLabel, verify } from '../supplies/label.js';
import { isCard, isLabel } from '../supplies/prefix.js';
import { boxIn, boxPanel, isPast, signature, wordsOf } from './relief-box.js';
import { fetching, openPlace } from './relief-place.js';
import { stranger } from './sweep.js';

/** @typedef {import('./relief-place.js').Place} Place */
/** @typedef {import('../supplies/label.js').Checked} Checked */
/** @typedef {import('../supplies/fold.js').Judged} Judged */
/** @typedef {import('../components/desk.js').Outcome} Outcome */
/** @typedef {import('../types.js').Source} Source */

const JUST = 10_000; // both codes of one label are read within a moment
const ASKED = 3_000; // who leaves a question open still holds the box before the camera

/** @param {import('../app.js').App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function reliefScan(app, { parts: [id] }) {
  const place = await openPlace(app, id);
  if (!place) return fetching(app);
  const hand = new Hand(place);
  const table = desk(app, { prefixes: place.prefixes, hud: RECEIVE.hud(place.name), typeWords: RECEIVE.typed, wants: isLabel, onRead: async (read) => {
    const outcome = await hand.take(read, table);
    if (hand.holds) table.eye.small(true);
    return outcome?.kept ? { ...outcome, aloud: RECEIVE.aloud(place.lines('here').length + place.lines('counted').length) } : outcome;
  } });
  hand.draw();
  return { title: RECEIVE.title, back: place.base, shape: 'scan',
    body: [table.element, table.said, h('div', { class: 'app-scan__panel' }, hand.panel, table.tools)], foot: [hand.foot], leave: table.leave };
}

/** Who holds the phone: the box in hand, and what was read of labels. */
class Hand {
  panel = h('div', { class: 'app-sweep' });
  foot = h('div', { class: 'app-sweep__next' });
  /** What large QR said, by code. @type {Map<string, Checked>} */
  #labels = new Map();
  /** Until when the camera's word about a code is no news. @type {Map<string, number>} */
  #settled = new Map();
  #code = '';

  /** @param {Place} place */
  constructor(place) {
    this.place = place;
  }

  /** A box is shown, with the way to its count. */
  get holds() { return this.#code !== ''; }

  /** @param {import('../components/desk.js').DeskRead} read @param {ReturnType<typeof desk>} table @returns {Promise<Outcome>} */
  async take(read, table) {
    if (read.kind === 'ours') return this.#scanned(read.id, read.src, table);
    if (isCard(read.text)) return { verdict: 'foreign', words: RECEIVE.card, detail: RECEIVE.cardHint };
    return isLabel(read.text) ? this.#labelled(read, table) : stranger(read);
  }

  /** @param {import('../components/desk.js').DeskRead} read @param {ReturnType<typeof desk>} table @returns {Promise<Outcome>} */
  async #labelled({ text, src }, table) {
    const { words } = this.place.tables;
    const label = readLabel(text);
    if (typeof label === 'string') return { verdict: 'unknown', words: words[label] ?? words.broken, detail: SAID.foreignHint };
    const { keys, log } = this.place;
    const checked = label.contents.log === log ? await verify(label, keys) : { contents: label.contents, verified: /** @type {const} */ ('unknown-key') };
    if (checked.verified === false) return { verdict: 'attention', words: words.forged, detail: RECEIVE.forgedHint };
    this.#labels.set(label.contents.parcel, checked);
    return this.#scanned(label.contents.parcel, src, table);
  }

  /** @param {string} code @param {Source} src @param {ReturnType<typeof desk>} table @returns {Promise<Outcome>} */
  async #scanned(code, src, table) {
    const checked = this.#labels.get(code) ?? null;
    const judged = decide(this.place.view, this.place.pack, code, checked?.contents ?? null);
    this.#code = code;
    if (judged.kind === 'again' || this.#isJust(code, src)) return this.#again(code, src, judged);
    const outcome = judged.kind === 'elsewhere' ? await this.#elsewhere(code, src, judged, table) : await this.#arrived(code, src, judged);
    this.draw();
    return outcome;
  }

  /** Both codes of a label come one after the other: the second is no second scan. @param {string} code @param {Source} src @param {Judged} judged
   * @returns {Outcome} */
  #again(code, src, { line }) {
    this.draw();
    if (this.#isJust(code, src) || !line) return null;
    const at = clock(line.state === 'counted' ? line.story.counted_when ?? 0 : line.seen ?? 0);
    return { verdict: 'again', words: line.state === 'counted' ? RECEIVE.againCounted(at) : RECEIVE.again(at), detail: [this.place.nameOf(line.box), RECEIVE.by[line.by]].filter(Boolean).join('　・　') };
  }

  /** @param {string} code @param {Source} src */
  #isJust(code, src) {
    return src === 'camera' && Date.now() < (this.#settled.get(code) ?? 0);
  }

  /** @param {string} code @param {Source} src @param {Judged} judged @param {boolean} [accept] @returns {Promise<Outcome>} */
  async #arrived(code, src, { said, finding }, accept = false) {
    const row = await this.#record('arrived', code, src, { accept }, said);
    const { place } = this;
    const box = place.boxOf(code);
    const detail = `${place.nameOf(box)}　・　${SAID.onDisk}`;
    const undo = linkButton(SAID.undo, `/app/correct?scan=${row.id}`, { rank: 'plain' });
    if (isPast(box)) return { verdict: 'attention', words: COUNT_BOX.past, detail: `${RECEIVE.kept}　・　${detail}`, action: undo, kept: true };
    if (accept) return { verdict: 'ok', words: RECEIVE.accepted, detail, action: undo, kept: true };
    if (finding) return { verdict: 'attention', words: place.tables.findings[finding].text, detail: `${RECEIVE.kept}　・　${detail}`, action: undo, kept: true };
    return said === 'unknown' ? { verdict: 'unknown', words: RECEIVE.keptUnknown, detail, action: undo, kept: true }
      : { verdict: 'ok', words: RECEIVE.kept, detail, kept: true };
  }

  /** A person says what happens to a box that is meant for others. @param {string} code @param {Source} src @param {Judged} judged
   * @param {ReturnType<typeof desk>} table @returns {Promise<Outcome>} */
  async #elsewhere(code, src, judged, table) {
    const name = this.place.shelterName(judged.to);
    const words = wordsOf(this.place, this.place.boxOf(code), this.#labels.get(code) ?? null);
    table.eye.pause(true);
    tell('attention');
    const answer = await sheet(RECEIVE.elsewhere, (close) => ({
      body: [notice('warn', RECEIVE.meant(name)), boxPanel(words)],
      foot: [button(RECEIVE.forward(name), () => close('forward'), { mark: 'truck' }), h('p', { class: 'app-note' }, RECEIVE.forwardHint),
        button(RECEIVE.accept, () => close('accept'), { mark: 'check', rank: 'second' }), h('p', { class: 'app-note' }, RECEIVE.acceptHint)] }));
    table.eye.pause(false);
    if (answer === 'accept') return this.#arrived(code, src, judged, true);
    if (answer !== 'forward') {
      this.#settled.set(code, Date.now() + ASKED);
      return { verdict: 'unknown', words: RECEIVE.undecided, detail: RECEIVE.undecidedHint };
    }
    await this.#record('forwarded', code, src, { to: judged.to }, 'ok');
    return { verdict: 'ok', words: RECEIVE.forwarded, detail: `${name}　・　${SAID.onDisk}`, kept: true };
  }

  /** @param {"arrived"|"forwarded"} step @param {string} code @param {Source} src @param {Record<string, unknown>} body @param {import('../types.js').Said} said */
  async #record(step, code, src, body, said) {
    const checked = this.#labels.get(code);
    const box = checked ? boxIn(this.place, checked) : undefined;
    const row = await this.place.record({ step, code, src, said, body }, { box, name: box?.text });
    this.#settled.set(code, Date.now() + JUST);
    return row;
  }

  /** The figures, and the box in hand with the way to its count. */
  draw() {
    const { place } = this;
    const [here, counted, due] = [place.lines('here').length, place.lines('counted').length, place.lines('expected').length];
    const line = this.#code ? place.view.lines.get(place.view.standsFor(this.#code)) : null;
    fill(this.panel, h('div', { class: 'app-count' }, h('p', { class: 'app-count__figure', role: 'status' }, h('strong', {}, here + counted), h('span', {}, RECEIVE.of(here + counted + due))),
      h('p', { class: 'app-count__words' }, RELIEF.waiting(here))),
    this.#code ? this.#inHand(line ?? null) : h('p', { class: 'app-note' }, RECEIVE.lead));
    fill(this.foot, linkButton(RELIEF.toCount(here), place.base, { rank: line?.state === 'here' ? 'second' : 'main', mark: 'list' }));
  }

  /** @param {import('../supplies/fold.js').Line|null} line */
  #inHand(line) {
    const checked = this.#labels.get(this.#code) ?? null;
    const words = wordsOf(this.place, line?.box ?? this.place.boxOf(this.#code), checked);
    return boxPanel(words, signature(this.place, checked),
      line?.state === 'here' ? linkButton(RECEIVE.count, `${this.place.base}/count/${line.box.code}?from=scan`, { mark: 'list' }) : null);
  }
}
