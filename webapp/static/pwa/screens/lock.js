// Locking freezes what is in the cage: the list and its hash, the seal, the closed door.

import { button, linkButton, notice, sheet } from '../components/frame.js';
import { h } from '../components/dom.js';
import { facts, photoField } from '../components/form.js';
import { readField } from '../components/readfield.js';
import { sha256, shortHash } from '../components/format.js';
import { LOCK } from '../messages.js';
import { isValid, normalise } from '../scanning/codes.js';
import { finish } from './finish.js';
import { absent } from './home.js';
import { missingWords, nameOf, taskOf } from './tasks.js';
import { openWork } from './work.js';
import { rolesOf } from '../app.js';

/** Seal numbers as they are kept: half width, upper case, no spaces, one kind of hyphen. @param {string} text */
export const tidySeal = (text) => text.normalize('NFKC').toUpperCase().replace(/\s/g, '').replace(/[\p{Pd}ー−]/gu, '-');

/** Whether two seal numbers mean the same seal: hyphens do not count. @param {string} one @param {string} other */
export const sameSeal = (one, other) => tidySeal(one).replaceAll('-', '') === tidySeal(other).replaceAll('-', '');

/** What a log may hold as a seal number (webapp/custody/entries.py); "" = fine. @param {string} text */
export const checkSeal = (text) => (/^[0-9A-Z_.:/+()-]{1,64}$/.test(text) ? '' : LOCK.sealBad);

/** The hash of a manifest (contract: sorted codes joined by a line feed). @param {string[]} codes */
export const manifestHash = (codes) => sha256([...codes].sort().join("\n"));

/** @param {import('../app.js').App} app @param {import('../app.js').Where} where @returns {Promise<import('../app.js').Screen>} */
export async function lock(app, { parts: [id, code] }) {
  const work = await openWork(app, id);
  if (!work) return absent();
  const back = `/app/job/${encodeURIComponent(id)}`;
  const name = work.cageName(code);
  const manifest = [...(work.view.cages.get(code)?.loaded ?? [])].sort();
  if (manifest.length === 0) {
    return { title: LOCK.title, sub: name, back, body: [notice('warn', LOCK.empty)], foot: [linkButton(LOCK.toLoad, `${back}/load/${code}`)] };
  }
  const hash = await manifestHash(manifest);
  const seal = readField({ prefixes: work.prefixes, label: LOCK.seal, hint: LOCK.sealHint, must: LOCK.sealMust, tidy: tidySeal, check: checkSeal });
  const lockField = readField({ prefixes: work.prefixes, label: LOCK.lock, hint: LOCK.lockHint, tidy: (text) => normalise(text) ?? text.trim(), check: (text) => (isValid(text) ? '' : LOCK.lockBad) });
  const photo = photoField({ label: LOCK.photo, hint: LOCK.photoHint, must: LOCK.photoMust });
  const record = async () => {
    const number = seal.take();
    const picture = photo.take();
    const lockCode = lockField.take();
    if (number === null || picture === null || lockCode === null) return;
    const judged = work.decide('locked', code, '');
    await finish(app, () => work.record({ step: 'locked', code, src: 'form', said: judged.said,
      body: { seal: number, lock: lockCode, manifest, manifest_hash: hash, count: manifest.length } }, { photos: [picture] }),
    { words: LOCK.done(name), judged, work, path: back });
  };
  const left = taskOf(work.view, 'load', work.actor, rolesOf(app)).devices;
  const list = () => sheet(LOCK.inside(manifest.length), () => ({ body: [h('ul', { class: 'app-lines' }, manifest.map((each) => {
    const device = work.view.devices.get(each);
    return h('li', {}, h('b', {}, device ? nameOf(device) : each), device ? h('small', {}, device.model) : null);
  }))] }));
  return { title: LOCK.title, sub: name, back,
    body: [h('div', { class: 'app-panel' }, h('p', { class: 'app-panel__figure' }, h('strong', {}, manifest.length), ' 台'),
      h('p', { class: 'app-note' }, LOCK.frozen), facts([[LOCK.mark, h('span', { class: 'app-hash' }, shortHash(hash))]]),
      button(LOCK.list, list, { rank: 'plain', mark: 'list' })),
    left.length ? notice('warn', LOCK.notIn(left.length), `${missingWords(left)}　${LOCK.notInHint}`) : null,
    seal.element, lockField.element, photo.element],
    foot: [button(LOCK.go, record, { mark: 'lock' })] };
}
