// A shelter opened on this phone: the pack fetched ahead, what was kept since, and the one way to record something there.

import { keep, kept as keptScans } from '../intake/outbox.js';
import { shelterPack, want } from '../intake/relief.js';
import { syncNow } from '../intake/sync.js';
import { blank, fold } from '../supplies/fold.js';
import { labelKeys } from '../supplies/label-keys.js';
import { reliefTables } from '../supplies/tables.js';
import { notice } from '../components/frame.js';
import { RECEIVE, RELIEF } from '../messages-relief.js';
import { show } from '../scanning/codes.js';

/** @typedef {import('../app.js').App} App */
/** @typedef {import('../supplies/fold.js').ShelterPack} ShelterPack */
/** @typedef {import('../supplies/fold.js').Box} Box */
/** @typedef {import('../supplies/tables.js').ReliefTables} ReliefTables */
/** @typedef {{step: "arrived"|"counted"|"forwarded"|"outside"|"void", code: string, body: Record<string, unknown>, src?: import('../types.js').Source,
 *   said?: import('../types.js').Said, job?: string}} Act */

/** A shelter at hand. `view` is the shelter as this phone sees it now. */
export class Place {
  /** @param {App} app @param {ShelterPack} pack @param {boolean} fetched @param {import('../types.js').Kept[]} kept @param {ReliefTables} tables
   * @param {import('../supplies/label.js').LabelKey[]} keys */
  constructor(app, pack, fetched, kept, tables, keys) {
    this.app = app;
    this.pack = pack;
    this.fetched = fetched;
    this.kept = kept;
    this.tables = tables;
    this.keys = keys;
    this.view = fold(pack, kept);
  }

  get id() { return this.pack.shelter.id; }

  get base() { return `/app/relief/${encodeURIComponent(this.id)}`; }

  get name() { return this.pack.shelter.name; }

  get log() { return this.pack.shelter.log; }

  get prefixes() { return this.pack.codes.prefixes; }

  /** Lines of boxes in one standing, the latest first. @param {import('../supplies/fold.js').Standing} state */
  lines(state) {
    return [...this.view.lines.values()].filter((line) => line.state === state).sort((one, other) => (other.seen ?? 0) - (one.seen ?? 0) || one.box.k - other.box.k);
  }

  /** The box of a code: of the pack, of a label that was read before, or nothing but its number. @param {string} code @returns {Box} */
  boxOf(code) {
    return this.view.lines.get(this.view.standsFor(code))?.box ?? blank(code, this.id);
  }

  /** @param {Box} box */
  nameOf(box) {
    return box.text || `${RECEIVE.unknownBox}　${show(box.code)}`;
  }

  /** @param {string} id */
  shelterName(id) {
    return this.pack.shelters.find((each) => each.id === id)?.name ?? RECEIVE.other;
  }

  /** "紙おむつ M", of the town's own list or the base one. @param {string} code @param {string} variant */
  itemText(code, variant) {
    const item = this.itemOf(code);
    return item ? [item.name, item.variants[variant] ?? variant].filter(Boolean).join(' ') : code;
  }

  /** @param {string} code @returns {import('../supplies/fold.js').OwnItem|null} */
  itemOf(code) {
    return this.pack.items[code] ?? this.tables.items[code] ?? null;
  }

  /** Keeps one scan on disk; the view then includes it. Rejects when nothing was kept.
   * @param {Act} act @param {{name?: string, box?: Partial<Box>}} [more] */
  async record({ job, ...act }, { name, box } = {}) {
    const disaster = job ?? (this.boxOf(act.code).disaster || this.#onlyDisaster());
    const fields = { kind: 'supplies.scan', log: this.log, job: disaster, place: this.id, actor: this.pack.actor, base: this.pack.rev, ...act };
    const summary = { step: act.step, code: act.code, name: name ?? this.nameOf(this.boxOf(act.code)), cage: this.name, ...(box ? { box } : {}) };
    const row = await keep(this.app.store, fields, { summary });
    this.kept = [...this.kept, row];
    this.view = fold(this.pack, this.kept);
    return row;
  }

  #onlyDisaster() {
    return this.pack.disasters.length === 1 ? this.pack.disasters[0].id : '';
  }
}

/** Opens a shelter from this phone's disk; a shelter whose card was read needs no pack. null: not here yet.
 * @param {App} app @param {string} id @returns {Promise<Place|null>} */
export async function openPlace(app, id) {
  await want(app.store, id);
  const fetched = await shelterPack(app.store, id);
  const pack = fetched ?? bare(app, id);
  if (!pack) return null;
  return new Place(app, pack, Boolean(fetched), await keptScans(app.store), await reliefTables(), await labelKeys(app.store, pack.shelter.log));
}

/** What a screen says when the shelter is not on this phone yet; it comes by itself. @param {App} app @returns {import('../app.js').Screen} */
export function fetching(app) {
  void syncNow(app.store);
  return { title: RELIEF.heading, back: '/app/', live: true, body: [notice('info', RELIEF.fetching, RELIEF.fetchingHint)], foot: [] };
}

/** The person's own shelter before the server has told anything. @param {App} app @param {string} id @returns {ShelterPack|null} */
function bare({ me }, id) {
  const log = me?.logs[0];
  const own = me?.person.organisation;
  if (!log || own?.id !== id) return null;
  return { rev: '0', server_at: 0, shelter: { id, log: log.id, name: own.name, town: log.name, open: true, rev: '0' }, actor: log.actor, disasters: [],
    shelters: [], parcels: [], needs: [], items: {}, label_keys: [], codes: { prefixes: [location.origin.toUpperCase()] } };
}
