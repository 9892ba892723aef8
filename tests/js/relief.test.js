// The phone's fold of a box is the server's, and a shelter's view is the pack with what this phone has kept.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { decide, fold } from '../../webapp/static/pwa/supplies/fold.js';
import { story } from '../../webapp/static/pwa/supplies/story.js';

const VECTORS = JSON.parse(readFileSync(new URL('../vectors/parcel_stories.json', import.meta.url), 'utf8'));
const NOON = 1_795_316_400_000;

const box = (code, more = {}) => ({ code, k: 1, n: 1, item: 'I05', variant: 'M', text: '紙おむつ M', unit: '個', quantity: 40, best_before: 0, allergens: null,
  edible: false, match: `m-${code}`, state: 'shipped', expected: true, stopped: false, shelter: 'gym', disaster: 'd', eta: null, void: false, replaced_by: '', scans: [], ...more });
const pack = (parcels, more = {}) => ({ rev: '10', server_at: NOON, shelter: { id: 'gym', log: '063622', name: '体育館', town: '', open: true, rev: '10' }, actor: 'p-1',
  disasters: [], shelters: [], parcels, needs: [], items: {}, label_keys: [], codes: { prefixes: [] }, ...more });
let number = 0;
const kept = (step, code, body = {}, more = {}) => {
  number += 1;
  const scan = { id: `k${String(number).padStart(4, '0')}`, log: '063622', kind: 'supplies.scan', step, code, place: 'gym', at: NOON + number, off: 0, body };
  return { id: scan.id, p: JSON.stringify(scan), state: 'pending', receipt: null, summary: {}, kept_at: scan.at, step, code, ...more };
};
const stateOf = (parcels, rows, code = 'A') => fold(pack(parcels), rows).lines.get(code)?.state;

test('every story of a box is the one that the server tells', () => {
  for (const { box: listed, shelter, scans, story: told } of VECTORS) assert.deepEqual(story(listed, shelter, scans), told);
});

test('a box is expected, then here, then counted, and a taken back count leaves it here', () => {
  const [arrived, counted] = [kept('arrived', 'A', { accept: false }), kept('counted', 'A', { as_listed: true })];
  assert.equal(stateOf([box('A')], []), 'expected');
  assert.equal(stateOf([box('A')], [arrived]), 'here');
  assert.equal(stateOf([box('A')], [arrived, counted]), 'counted');
  assert.equal(stateOf([box('A')], [arrived, counted, kept('void', 'A', { target: counted.id })]), 'here');
});

test('a refused scan counts for nothing, and one that the pack contains counts once', () => {
  assert.equal(stateOf([box('A')], [kept('arrived', 'A', {}, { state: 'refused' })]), 'expected');
  assert.equal(stateOf([box('A')], [kept('arrived', 'A', {}, { state: 'sent', receipt: { index: 9 } })]), 'expected', 'somebody else has taken it back since');
  assert.equal(stateOf([box('A')], [kept('arrived', 'A', {}, { state: 'sent', receipt: { index: 10 } })]), 'here');
});

test('a box for another shelter is asked about, and stays where it is accepted', () => {
  const other = box('A', { shelter: 'school' });
  const asked = decide(fold(pack([other]), []), pack([other]), 'A');
  assert.deepEqual([asked.kind, asked.to, asked.finding], ['elsewhere', 'school', 'PARCEL_ELSEWHERE']);
  assert.equal(stateOf([other], [kept('arrived', 'A', { accept: true })]), 'here');
  assert.equal(stateOf([other], [kept('forwarded', 'A', { to: 'school' })]), 'away');
});

test('a box for another shelter that was taken in unknowing stands here until somebody says what becomes of it', () => {
  const taken = { id: 's1', step: 'arrived', place: 'gym', at: NOON, body: { accept: false }, who: 'shelter' };
  const stray = box('A', { shelter: 'school', scans: [taken] });
  const view = fold(pack([stray]), []);
  assert.deepEqual((({ state, seen, by }) => [state, seen, by])(view.lines.get('A')), ['stray', NOON, 'shelter']);
  assert.equal(decide(view, pack([stray]), 'A').kind, 'elsewhere');
  assert.equal(stateOf([stray], [kept('arrived', 'A', { accept: true })]), 'here');
  assert.equal(stateOf([stray], [kept('forwarded', 'A', { to: 'school' })]), 'away');
  assert.equal(stateOf([stray], [kept('void', 'A', { target: 's1' })]), 'none');
  assert.equal(stateOf([box('A', { shelter: 'school', scans: [taken, { ...taken, id: 's2', place: 'school', at: NOON + 1 }] })], []), 'none', 'it has come there since');
});

test('what other shelters have sent on is not what this one has', () => {
  const passed = (to, place) => ({ id: `${to}${place}`, step: 'forwarded', place, at: NOON, body: { to }, who: 'shelter' });
  assert.equal(stateOf([box('A', { scans: [passed('gym', 'hall')] })], []), 'expected');
  assert.equal(stateOf([box('A', { shelter: 'school', scans: [passed('school', 'hall')] })], []), 'none');
  assert.equal(stateOf([box('A', { shelter: 'school', scans: [passed('school', 'gym')] })], []), 'away');
});

test('a label that was replaced says so and stands for its box', () => {
  const parcels = [box('A', { void: true, replaced_by: 'B' }), box('B')];
  const view = fold(pack(parcels), [kept('arrived', 'A')]);
  assert.equal(view.lines.get('B')?.state, 'here');
  assert.equal(view.lines.has('A'), false);
  assert.deepEqual((({ kind, finding }) => [kind, finding])(decide(fold(pack(parcels), []), pack(parcels), 'A')), ['take', 'PARCEL_VOID']);
});

test('a box that the pack does not know is kept all the same, with what its label said', () => {
  const empty = pack([]);
  assert.equal(decide(fold(empty, []), empty, 'X').said, 'unknown');
  assert.equal(decide(fold(empty, []), empty, 'X', { shelter: 'gym' }).said, 'ok');
  assert.equal(decide(fold(empty, []), empty, 'X', { shelter: 'school' }).kind, 'elsewhere');
  const view = fold(empty, [kept('arrived', 'X', {}, { summary: { box: { text: '毛布', quantity: 5 } } })]);
  assert.deepEqual([view.lines.get('X')?.state, view.lines.get('X')?.box.quantity], ['here', 5]);
  assert.equal(decide(view, empty, 'X').kind, 'again');
});

test('goods without a label are listed until they are taken back', () => {
  const came = kept('outside', '', { item: 'B01', variant: '', quantity: 12, best_before: 0 });
  assert.equal(fold(pack([]), [came]).outside.length, 1);
  assert.equal(fold(pack([]), [came, kept('void', '', { target: came.id })]).outside.length, 0);
});
