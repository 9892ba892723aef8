// 当日券: an officer's phone lets a substitute's phone in, for one job and twelve hours, from screen to camera. The substitute has no
// account: the pass gives a random name in the log, and with it goes what a driver must know of the job.

import { GUEST } from '../app.js';
import { randomHex } from '../kernel/ids.js';
import { result } from '../kernel/store.js';
import { keyOf, makeKey, verify } from '../intake/keys.js';
import { carryAll, keep } from '../intake/outbox.js';
import { DealError } from './deal.js';
import { trustIn } from './trust.js';

export { GUEST };

/** @typedef {import('../types.js').Pack} Pack */
/** @typedef {import('../types.js').Kept} Kept */
/** @typedef {import('../types.js').Store} Store */
/** @typedef {import('./deal.js').Act} Act */
/** @typedef {import('./text.js').Signed} Signed */
/** @typedef {import('../screens/work.js').Work} Work */

const KIND = 'phone.pass';
const LIVES = 12 * 3_600_000;
const CARRIED = ['locked', 'handed_over'];
/** Of whom a driver must know: who gives, and who may take. */
const MET = ['officer', 'itad_receiver', 'itad_checker', 'itad_manager'];

/** @param {{kind?: string}} scan */
export const isPass = ({ kind }) => kind === KIND;

/** A pack with the substitutes whose passes this phone holds: they can take and give, and their signatures can be checked.
 * @param {Pack} pack @param {Kept[]} kept @param {string} name what a substitute is called @returns {Pack} */
export function withPasses(pack, kept, name) {
  const passes = kept.map(({ p }) => JSON.parse(p)).filter(isPass).map(({ body }) => body);
  const fresh = passes.filter(({ holder }) => !pack.people.some(({ p }) => p === holder));
  if (passes.length === 0) return pack;
  const keys = passes.map(({ dev, key, holder, until }) => ({ dev, key, p: holder, until }));
  const people = fresh.map(({ holder, role }) => ({ p: holder, name, role, roles: [role], org: '' }));
  return { ...pack, people: [...pack.people, ...people], phones: [...(pack.phones ?? []), ...keys] };
}

/** The pass under which the owner of this phone works, to be shown beside what it signs. @param {Work} work @returns {Signed[]} */
export const vouchers = (work) => work.kept.filter(({ p }) => p.includes(KIND))
  .filter(({ p }) => isPass(JSON.parse(p)) && JSON.parse(p).body.holder === work.actor).map(({ p, s }) => ({ p, s }));

/** Passes that came with what another phone showed: kept, and carried, if an officer's phone that this one knows has signed them.
 * @param {Work} work @param {Act[]} acts */
export async function honour(work, acts) {
  for (const { p, s, scan } of acts) {
    if (scan.body?.job === work.id && (await trustIn(work.pack, { p, s }, scan)) === 'known') await carryAll(work.app.store, [{ p, s, job: work.id }]);
  }
  await work.refresh();
}

/** The substitute's part: a key, and the words by which its phone shows that it holds it. Nobody may be logged in here.
 * @param {Store} store @param {string} name @returns {Promise<Signed>} */
export async function introduce(store, name) {
  const me = { person: { id: GUEST, name, login: '', roles: [], organisation: { id: '', name: '', kind: '' } }, logs: [], server_at: 0, build: '' };
  if (!(await store.meta('me'))) await store.setMeta('me', me);
  const { dev, base64, sign } = await makeKey(store);
  const p = JSON.stringify({ v: 1, kind: 'phone.introduced', dev, key: base64 });
  return { p, s: await sign(p) };
}

/** What a substitute's phone says of itself, if it holds the key. Throws DealError. @param {Act[]} acts
 * @returns {Promise<{dev: string, key: string}>} */
export async function introduced([act]) {
  const { kind, dev, key } = /** @type {any} */ (act?.scan ?? {});
  if (kind !== 'phone.introduced' || typeof dev !== 'string' || typeof key !== 'string') throw new DealError('not_a_phone');
  if (!(await verify(key, act.p, act.s))) throw new DealError('forged');
  return { dev, key };
}

/** The officer's part: a signed pass for this job. @param {Work} work @param {{dev: string, key: string}} phone
 * @returns {Promise<Kept>} */
export async function issue(work, { dev, key }) {
  const { log, id } = work.pack.job;
  const body = { dev, key, holder: `p-${randomHex(10)}`, role: 'driver', job: id, until: Date.now() + LIVES };
  const row = await keep(work.app.store, { log, kind: KIND, actor: work.actor, job: id, src: 'form', base: work.pack.rev, said: 'ok', body });
  await work.refresh();
  return row;
}

/** The pass and the job in brief, both signed by the officer's phone. @param {Work} work @param {Kept} row @returns {Promise<Signed[]>} */
export async function papers(work, { p, s }) {
  const { job, people, phones = [], codes } = work.pack;
  const met = people.filter(({ role, roles = [role] }) => roles.some((each) => MET.includes(each)));
  const brief = {
    v: 1, kind: 'job.brief', log: job.log, id: job.id, title: job.title, municipality: job.municipality, prefixes: codes.prefixes,
    people: met.map((one) => [one.p, one.name, one.role, one.org]),
    phones: phones.filter(({ p: holder }) => met.some((one) => one.p === holder)).map(({ dev, key, p: holder, until }) => [dev, key, holder, until]),
    cages: [...work.view.cages.values()].filter(({ state }) => CARRIED.includes(state))
      .map(({ code, name, state, seal, manifest, manifest_hash: hash, handed_to: to }) => [code, name, state, seal, manifest.length, hash, to]),
  };
  const words = JSON.stringify(brief);
  const key = await keyOf(work.app.store);
  return [{ p, s }, { p: words, s: key ? await key.sign(words) : '' }];
}

/** The substitute's phone takes its pass and the job. Throws DealError if they are another phone's, or not one officer's.
 * @param {Store} store @param {Act[]} acts @param {string} name @returns {Promise<string>} the job */
export async function install(store, [pass, brief], name) {
  if (!arePapers(pass, brief)) throw new DealError('not_a_pass');
  const { body } = pass.scan;
  const own = await keyOf(store);
  if (!own || body.dev !== own.dev || body.key !== own.base64) throw new DealError('other_phone');
  const said = /** @type {any} */ (brief.scan);
  if (!(await signedByOne(said.phones, pass, brief))) throw new DealError('forged');
  await keepPapers(store, pass, said, name);
  return String(body.job);
}

/** @param {Act|undefined} pass @param {Act|undefined} brief */
function arePapers(pass, brief) {
  const said = /** @type {any} */ (brief?.scan ?? {});
  return pass !== undefined && isPass(pass.scan) && said.kind === 'job.brief' && Array.isArray(said.phones) && said.id === pass.scan.body?.job;
}

/** Whether pass and brief are signed by the phone that the pass says it is from. @param {string[][]} phones @param {Act} pass
 * @param {Act} brief */
async function signedByOne(phones, pass, brief) {
  const keys = phones.filter(([dev]) => dev === pass.scan.dev).map(([, key]) => key);
  const good = await Promise.all(keys.map(async (key) => (await verify(key, pass.p, pass.s)) && verify(key, brief.p, brief.s)));
  return good.includes(true);
}

/** @param {Store} store @param {Act} pass @param {any} brief @param {string} name */
async function keepPapers(store, pass, brief, name) {
  const { holder, role, job: id } = /** @type {Record<string, string>} */ (pass.scan.body);
  const { log, title, municipality } = brief;
  const job = { id, log, title, municipality, carrier: '', itad: '', rev: '0', due: null, counts: {}, open: 0 };
  const me = { person: { id: GUEST, name, login: '', roles: [role], organisation: { id: '', name: '', kind: '' } }, logs: [{ id: log, name: municipality, actor: holder }], server_at: 0, build: '' };
  await store.write(['meta', 'packs'], async (tx) => {
    const meta = tx.objectStore('meta');
    meta.put(me, 'me');
    meta.put([job], 'jobs');
    meta.put(Date.now(), 'refreshed');
    await result(tx.objectStore('packs').put({ id, pack: packOf(brief, job, holder) }));
  });
  await carryAll(store, [{ p: pass.p, s: pass.s, job: id }]);
  store.announce('packs');
}

/** @param {any} brief @param {Pack["job"]} job @param {string} actor @returns {Pack} */
const packOf = ({ people, phones, cages, prefixes }, job, actor) => ({
  rev: '0', server_at: Date.now(), job, actor, devices: [], codes: { prefixes }, policy: {},
  people: people.map((/** @type {string[]} */ [p, name, role, org]) => ({ p, name, role, roles: [role], org })),
  phones: phones.map((/** @type {any[]} */ [dev, key, p, until]) => ({ dev, key, p, until })),
  // how many lie in a cage is a driver's to know; which ones is not
  cages: cages.map((/** @type {any[]} */ [code, name, state, seal, count, manifest_hash, handed_to]) => ({
    code, name, state, seal, lock: '', manifest: Array.from({ length: count }, () => ''), manifest_hash, loaded: [], counted: [], handed_to, departed: null, arrived: null,
  })),
});
