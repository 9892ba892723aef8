// A job opened on this phone: the pack fetched ahead, what was kept since, and the one way to record something in it.

import { decide, fold } from '../custody/rules.js';
import { withPasses } from '../exchange/pass.js';
import { kept as keptScans, keep } from '../intake/outbox.js';
import { jobs as jobsOf, pack as packOf } from '../intake/packs.js';
import { SAID } from '../messages.js';
import { PASS } from '../messages-handover.js';
import { isValid, show } from '../scanning/codes.js';

/** @typedef {import('../types.js').Kept} Kept */
/** @typedef {import('../types.js').View} View */
/** @typedef {import('../types.js').Step} Step */
/** @typedef {import('../types.js').Source} Source */
/** @typedef {{step: Step, code: string, parent?: string, src?: Source, wit?: string[], body?: Record<string, unknown>,
 *   said?: import('../types.js').Said}} Act */
/** @typedef {{open?: Record<string, unknown>, photos?: import('../types.js').Photo[], name?: string}} With */

/** A job at hand. `view` is the job as this phone sees it now; `record` keeps one scan and resolves when it is on disk. */
export class Work {
  /** The pack as it came, without the substitutes that this phone knows of. */
  #fetched;

  /** @param {import('../app.js').App} app @param {import('../types.js').Pack} pack @param {Kept[]} kept
   * @param {Map<string, string>} [elsewhere] codes of this phone's other jobs → title of the job */
  constructor(app, pack, kept, elsewhere = new Map()) {
    this.app = app;
    this.#fetched = pack;
    this.pack = withPasses(pack, kept, PASS.name);
    this.kept = kept;
    this.elsewhere = elsewhere;
    /** @type {View} */
    this.view = fold(pack, kept);
  }

  get id() { return this.pack.job.id; }

  /** How many devices the job has; a driver is told the number, not the things. */
  get size() { return this.view.list.length || (this.pack.job.counts?.listed ?? 0); }

  /** Whether this person may know what lies inside the cages (drivers may not). */
  get inside() { return this.view.list.length > 0; }

  get actor() { return this.pack.actor; }

  get prefixes() { return this.pack.codes.prefixes; }

  /** What the phone thinks of a step before it is recorded. @param {Step} step @param {string} code @param {string} [parent] */
  decide(step, code, parent = '') {
    const judged = decide(this.view, step, code, parent);
    const foreign = judged.finding === 'UNKNOWN_CODE' && this.elsewhere.has(code);
    return foreign ? { ...judged, said: /** @type {const} */ ('attention'), finding: 'WRONG_LOT' } : judged;
  }

  /** Keeps one scan on disk; the view then includes it. Rejects when nothing was kept.
   * @param {Act} act @param {With} [more] @returns {Promise<Kept>} */
  async record(act, { open, photos = [], name } = {}) {
    const { log, id } = this.pack.job;
    const fields = { log, job: id, actor: this.actor, base: this.pack.rev, parent: '', src: /** @type {Source} */ ('camera'), ...act };
    const summary = { step: act.step, code: act.code, cage: this.cageName(act.parent ?? ''), name: name ?? this.nameOf(act.code) };
    const row = await keep(this.app.store, fields, { open, photos, summary });
    this.kept = [...this.kept, row];
    this.view = fold(this.pack, this.kept);
    return row;
  }

  /** Reads again what this phone holds: something was kept that this did not record. */
  async refresh() {
    this.kept = await keptScans(this.app.store, { job: this.id });
    this.pack = withPasses(this.#fetched, this.kept, PASS.name);
    this.view = fold(this.pack, this.kept);
  }

  /** "ノートPC MGM-0042", a cage's name, or the code itself. @param {string} code */
  nameOf(code) {
    const device = this.view.devices.get(code);
    if (device) return `${device.kind_text || device.kind}　${device.asset}`;
    return this.view.cages.get(code)?.name || this.elsewhere.get(code) || (isValid(code) ? show(code) : code);
  }

  /** @param {string} code */
  cageName(code) {
    return code ? this.view.cages.get(code)?.name || code : '';
  }

  /** Name of a person by pseudonym. @param {string} p */
  person(p) {
    return this.pack.people.find((person) => person.p === p)?.name ?? '';
  }

  /** Sentence of a discrepancy code. @param {string} finding */
  findingWords(finding) {
    return this.view.tables.discrepancies[finding]?.title ?? finding;
  }

  /** What a judged and kept scan says on screen.
   * @param {import('../types.js').Decision} judged @param {string} name @param {HTMLElement|null} [action] */
  outcome(judged, name, action = null) {
    const detail = `${name}　・　${SAID.onDisk}`;
    if (judged.said === 'ok') return { verdict: /** @type {const} */ ('ok'), words: SAID.kept, detail, kept: true };
    if (judged.said === 'unknown') return { verdict: /** @type {const} */ ('unknown'), words: SAID.keptUnknown, detail, action, kept: true };
    const words = this.findingWords(judged.finding);
    return { verdict: /** @type {const} */ ('attention'), words, detail: `${SAID.kept}　・　${detail}`, action, kept: true };
  }
}

/** Opens a job from this phone's disk. @param {import('../app.js').App} app @param {string} jobId @returns {Promise<Work|null>} null = not here yet */
export async function openWork(app, jobId) {
  const pack = await packOf(app.store, jobId);
  return pack ? new Work(app, pack, await keptScans(app.store, { job: jobId }), await elsewhereThan(app, jobId)) : null;
}

/** What this phone knows of other jobs: an ITAD centre has several towns on one dock. @param {import('../app.js').App} app
 * @param {string} jobId @returns {Promise<Map<string, string>>} */
async function elsewhereThan(app, jobId) {
  const others = (await jobsOf(app.store)).filter((job) => job.id !== jobId);
  const packs = await Promise.all(others.map((job) => packOf(app.store, job.id)));
  return new Map(packs.flatMap((pack) => (pack?.devices ?? []).filter(({ code }) => code).map(({ code }) => [code, pack?.job.title ?? ''])));
}
