// What the phone says at once: the shared table and vectors, and the job as it looks with this phone's own scans folded in.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { decide, decideStep, fold, missing, sentence, useTables } from '../../webapp/static/pwa/custody/rules.js';

const here = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const tables = useTables(here('../../webapp/static/pwa/contract/custody.json'));
const vectors = here('../vectors/custody_decide.json');

let n = 0;
const device = (code, fields = {}) => ({
  id: `id-${code}`, code, asset: code, kind: 'notebook', kind_text: '', model: '', serial: '', drive_serial: '', cls: 3,
  place: '', step: 'sanitized', cage: '', done: ['registered', 'sanitized'], ...fields,
});
const cage = (code, fields = {}) => ({
  code, name: code, state: '', seal: '', lock: '', manifest: [], manifest_hash: '', loaded: [], counted: [], handed_to: '', departed: null, arrived: null, ...fields,
});
const pack = (devices = [], cages = []) => ({ devices, cages });
const kept = (step, code, fields = {}, state = 'pending') => {
  const scan = { id: `scan-${++n}`, step, code, parent: '', body: {}, ...fields };
  return { id: scan.id, state, p: JSON.stringify(scan) };
};
const inCage = { cage: 'C1', step: 'loaded', done: ['registered', 'sanitized', 'loaded'] };

for (const { name, cls, done, step, same_person: samePerson, expect } of vectors.cases) {
  test(`vector: ${name}`, () => assert.equal(decideStep(tables, cls, done, step, samePerson) || null, expect));
}

test('a device of the job in its turn is ok', () => {
  const view = fold(pack([device('D1')], [cage('C1')]), []);
  const { said, finding, device: found } = decide(view, 'loaded', 'D1', 'C1');
  assert.deepEqual([said, finding, found.asset], ['ok', '', 'D1']);
});

test('a code that no device of the job carries is unknown, not wrong', () => {
  const view = fold(pack([], [cage('C1')]), []);
  assert.deepEqual(decide(view, 'loaded', 'X', 'C1'), { said: 'unknown', finding: 'UNKNOWN_CODE', device: null });
});

test('a fresh sticker is right for registering; the one of a cage is not', () => {
  const view = fold(pack([], [cage('C1')]), []);
  assert.deepEqual([decide(view, 'registered', 'NEW').said, decide(view, 'registered', 'C1').finding], ['ok', 'DOUBLE_BIND']);
});

test('what was just kept is known at once, before any network', () => {
  const scans = [
    kept('registered', 'S1', { body: { device: 'id-' } }),
    kept('sanitized', 'S1'),
    kept('loaded', 'S1', { parent: 'C1' }),
  ];
  const view = fold(pack([device('', { id: 'id-', done: [], step: '' })], [cage('C1')]), scans);
  assert.deepEqual(view.devices.get('S1').done, ['registered', 'sanitized', 'loaded']);
  assert.deepEqual([view.devices.get('S1').cage, view.cages.get('C1').loaded], ['C1', ['S1']]);
  assert.equal(decide(view, 'loaded', 'S1', 'C1').finding, 'DOUBLE_SCAN');
  assert.equal(decide(view, 'loaded', 'S1', 'C2').finding, 'WRONG_CAGE');
});

test('a device that is not on the list can be registered and goes the same way', () => {
  const view = fold(pack(), [kept('registered', 'S1', { body: { device: '', device_new: 'new', cls: 2, kind: 'desktop' } })]);
  assert.deepEqual([view.devices.get('S1').id, view.devices.get('S1').cls], ['new', 2]);
  assert.equal(decide(view, 'sanitized', 'S1').said, 'ok');
});

test('folding again what the pack already knows changes nothing', () => {
  const known = pack([device('D1', inCage)], [cage('C1', { loaded: ['D1'] })]);
  const scans = [kept('loaded', 'D1', { parent: 'C1' }, 'sent')];
  assert.deepEqual(fold(known, scans), fold(known, []));
});

test('an old scan of this phone does not pull back what the pack knows by now', () => {
  const known = pack([device('D1', { ...inCage, step: 'counted', done: [...inCage.done, 'counted'] })],
    [cage('C1', { state: 'opened', seal: '7', manifest: ['D1'], counted: ['D1'] })]);
  const scans = [kept('loaded', 'D1', { parent: 'C1' }, 'sent'), kept('locked', 'C1', { body: { seal: 'old', manifest: [] } }, 'sent')];
  assert.deepEqual(fold(known, scans).cages.get('C1'), { ...known.cages[0], loaded: ['D1'] });
  assert.equal(fold(known, scans).devices.get('D1').step, 'counted');
});

test('what another phone corrected stays corrected, although this phone once sent it', () => {
  const load = { ...kept('loaded', 'D1', { parent: 'C1' }, 'sent'), receipt: { status: 'recorded', index: 41 } };
  const before = { ...pack([device('D1')], [cage('C1')]), rev: '41' };
  const after = { ...pack([device('D1')], [cage('C1')]), rev: '43' };
  assert.deepEqual(fold(before, [load]).cages.get('C1').loaded, ['D1'], 'not in this pack yet');
  assert.deepEqual(fold(after, [load]).cages.get('C1').loaded, [], 'the pack has seen it, and its correction');
});

test('a correction of a scan that the pack contains takes it back at once', () => {
  const load = { ...kept('loaded', 'D1', { parent: 'C1' }, 'sent'), receipt: { status: 'recorded', index: 41 } };
  const undo = kept('void', 'D1', { parent: 'C1', body: { target: load.id, reason: 'wrong_cage' } });
  const known = { ...pack([device('D1', inCage)], [cage('C1', { loaded: ['D1'] })]), rev: '42' };
  assert.deepEqual(fold(known, [load, undo]).cages.get('C1').loaded, []);
  const elsewhere = kept('void', 'D1', { parent: 'C1', body: { target: 'a scan of another phone' } });
  assert.deepEqual(fold(known, [elsewhere]).cages.get('C1').loaded, ['D1']);
});

test('a refused scan is left out', () => {
  const view = fold(pack([device('D1')], [cage('C1')]), [kept('loaded', 'D1', { parent: 'C1' }, 'refused')]);
  assert.deepEqual(view.cages.get('C1').loaded, []);
});

test('the pack is not touched by folding', () => {
  const before = pack([device('D1')], [cage('C1')]);
  const text = JSON.stringify(before);
  fold(before, [kept('loaded', 'D1', { parent: 'C1' })]);
  assert.equal(JSON.stringify(before), text);
});

test('a correction takes its scan back, whether the pack had it or not', () => {
  const load = kept('loaded', 'D1', { parent: 'C1' });
  const undo = kept('void', 'D1', { parent: 'C1', body: { target: load.id, reason: 'wrong_cage' } });
  const reload = kept('loaded', 'D1', { parent: 'C2' });
  const cages = [cage('C1', { loaded: ['D1'] }), cage('C2')];
  for (const fresh of [pack([device('D1', inCage)], cages), pack([device('D1')], [cage('C1'), cage('C2')])]) {
    const undone = fold(fresh, [load, undo]);
    assert.deepEqual([undone.devices.get('D1').done, undone.cages.get('C1').loaded], [['registered', 'sanitized'], []]);
    const view = fold(fresh, [load, undo, reload]);
    assert.deepEqual([view.devices.get('D1').cage, view.cages.get('C1').loaded, view.cages.get('C2').loaded], ['C2', [], ['D1']]);
  }
});

test('a wrong sticker taken back is free again', () => {
  const bind = kept('registered', 'S1', { body: { device: 'id-' } });
  const undo = kept('void', 'S1', { body: { target: bind.id, reason: 'wrong_sticker' } });
  const view = fold(pack([device('', { id: 'id-', done: [] })]), [bind, undo]);
  assert.equal(view.devices.has('S1'), false);
  assert.equal(decide(view, 'registered', 'S1').said, 'ok');
});

test('locking freezes the manifest; unlocking by correction frees it', () => {
  const lock = kept('locked', 'C1', { body: { seal: '7734012', lock: '', manifest: ['D1'], manifest_hash: 'h', count: 1 } });
  const locked = fold(pack([device('D1', inCage)], [cage('C1')]), [lock]).cages.get('C1');
  assert.deepEqual([locked.state, locked.seal, locked.manifest], ['locked', '7734012', ['D1']]);
  const undo = kept('void', 'C1', { body: { target: lock.id, reason: 'wrong_count' } });
  const freed = fold(pack([device('D1', inCage)], [cage('C1')]), [lock, undo]).cages.get('C1');
  assert.deepEqual([freed.state, freed.manifest], ['', []]);
});

test('a device of a sealed cage is not scanned on the way', () => {
  const view = fold(pack([device('D1', inCage), device('D2')], [cage('C1', { state: 'locked', manifest: ['D1'] })]), []);
  assert.equal(decide(view, 'drive_extracted', 'D1').finding, 'SCAN_IN_TRANSIT');
  assert.equal(decide(view, 'loaded', 'D2', 'C1').finding, 'SCAN_IN_TRANSIT');
});

test('counting names what is too many, what belongs elsewhere and what is missing', () => {
  const devices = [device('D1', inCage), device('D2', inCage), device('D3', { ...inCage, cage: 'C2' }), device('D4')];
  const opened = cage('C1', { state: 'opened', manifest: ['D1', 'D2'] });
  const view = fold(pack(devices, [opened]), [kept('counted', 'D1', { parent: 'C1' })]);
  assert.equal(decide(view, 'counted', 'D2', 'C1').finding, '');
  assert.equal(decide(view, 'counted', 'D1', 'C1').finding, 'DOUBLE_SCAN');
  assert.equal(decide(view, 'counted', 'D3', 'C1').finding, 'WRONG_CAGE');
  assert.equal(decide(view, 'counted', 'D4', 'C1').finding, 'EXTRA');
  assert.deepEqual(missing(view, 'C1'), ['D2']);
  assert.deepEqual(missing(view, 'nowhere'), []);
});

test('counting before the opening is recorded says so', () => {
  const view = fold(pack([device('D1', inCage)], [cage('C1', { state: 'arrived', manifest: ['D1'] })]), []);
  assert.equal(decide(view, 'counted', 'D1', 'C1').finding, 'OPEN_UNLOGGED');
});

test('a cage goes its way step by step', () => {
  const at = (state) => fold(pack([device('D1')], [cage('C1', { state })]), []);
  for (const [state, step, finding] of [
    ['', 'locked', ''], ['locked', 'locked', 'DOUBLE_SCAN'], ['locked', 'handed_over', ''], ['handed_over', 'handed_over', ''],
    ['handed_over', 'arrived', ''], ['locked', 'arrived', 'SKIPPED'], ['opened', 'arrived', 'OUT_OF_ORDER'],
  ]) {
    assert.equal(decide(at(state), step, 'C1').finding, finding, `${state} → ${step}`);
  }
  assert.equal(decide(at(''), 'locked', 'NEW').said, 'ok', 'an empty cage that no pack has seen');
  assert.equal(decide(at(''), 'arrived', 'D1').finding, 'UNKNOWN_CODE');
});

test('every finding has a sentence without holes', () => {
  for (const code of Object.keys(tables.discrepancies)) {
    assert.doesNotMatch(sentence(tables, code), /[{}]/);
    assert.notEqual(sentence(tables, code), code);
  }
  assert.equal(sentence(tables, 'no.such.code'), 'no.such.code');
});

test('tables of the phone cover every step and finding it can say', () => {
  for (const step of [...tables.order, ...tables.cage_order]) assert.ok(tables.steps[step].title);
  const said = ['DOUBLE_SCAN', 'ZOMBIE', 'OUT_OF_ORDER', 'SAME_PERSON', 'SKIPPED', 'VOID_CODE', 'DOUBLE_BIND', 'UNKNOWN_CODE',
    'WRONG_CAGE', 'EXTRA', 'OPEN_UNLOGGED', 'SCAN_IN_TRANSIT'];
  for (const code of said) assert.ok(tables.discrepancies[code], code);
});

const offered = (fields = {}) => kept('handed_over', 'C1', { actor: 'p-officer', body: { to: 'p-driver' }, ...fields });
const people = [{ p: 'p-officer', role: 'officer' }, { p: 'p-driver', role: 'driver' }, { p: 'p-dock', role: 'itad_receiver' }];
const standing = (cages, scans) => {
  const { state, handed_to: to } = fold({ ...pack([], cages), people }, scans).cages.get('C1');
  return [state, to];
};

test('a cage that was taken belongs to whoever took it', () => {
  const offer = offered();
  const scans = [offer, kept('accepted', 'C1', { actor: 'p-other', body: { offer: offer.id } })];
  assert.deepEqual(standing([cage('C1', { state: 'locked' })], scans), ['handed_over', 'p-other']);
});

test('a cage that was refused stays with its giver, whether the pack had the hand-over or not', () => {
  const offer = offered();
  const refused = kept('declined', 'C1', { actor: 'p-driver', body: { offer: offer.id, reason: 'seal' } });
  assert.deepEqual(standing([cage('C1', { state: 'locked' })], [offer, refused]), ['locked', '']);
  const known = { ...offer, state: 'sent', receipt: { index: 3 } };
  const late = { ...pack([], [cage('C1', { state: 'handed_over', handed_to: 'p-driver' })]), people, rev: '9' };
  assert.equal(fold(late, [known, refused]).cages.get('C1').state, 'locked');
});

test('a driver whose cage the dock refuses has it still', () => {
  const onward = offered({ actor: 'p-driver', body: { to: 'p-dock' } });
  const refused = kept('declined', 'C1', { actor: 'p-dock', body: { offer: onward.id } });
  const onTheRoad = { state: 'handed_over', handed_to: 'p-driver' };
  assert.deepEqual(standing([cage('C1', onTheRoad)], [onward, refused]), ['handed_over', 'p-driver']);
  assert.deepEqual(standing([cage('C1', { ...onTheRoad, handed_to: 'p-dock' })], [{ ...onward, state: 'refused' }, refused]), ['handed_over', 'p-driver']);
});

test('an answer is never out of turn on the phone: its offer says what it answers', () => {
  const view = fold(pack([], [cage('C1', { state: 'locked' })]), []);
  assert.deepEqual(['accepted', 'declined'].map((step) => decide(view, step, 'C1').finding), ['', '']);
  assert.equal(decide(view, 'accepted', 'unknown').finding, 'UNKNOWN_CODE');
});
