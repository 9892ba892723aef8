// From frames to events: what counts at once, what must be seen twice, and when a code counts again.
import assert from 'node:assert/strict';
import test from 'node:test';

import { newId, qrText } from '../../webapp/static/pwa/scanning/codes.js';
import { Fusion } from '../../webapp/static/pwa/scanning/fusion.js';

const BASE = 'https://ashiato.example';
const label = (id = newId()) => ({ text: qrText(BASE, id), id });
const read = (text, format = 'QRCode', x = 0) => ({ text, format, quad: [[x, 0], [1, 0], [1, 1], [0, 1]] });
const watching = () => new Fusion([BASE]);
const kinds = ({ fresh }) => fresh.map(({ kind }) => kind);

test('one sight of our label is enough, and it is told once per pass', () => {
  const [fusion, { text, id }] = [watching(), label()];
  assert.deepEqual(fusion.see([read(text)], 0).fresh.map((found) => [found.kind, found.id, found.confirmed]), [['ours', id, true]]);
  for (let now = 33; now < 5_000; now += 33) assert.deepEqual(fusion.see([read(text)], now).fresh, []);
});

test('twenty labels in one frame are twenty events', () => {
  const reads = Array.from({ length: 20 }, () => read(label().text));
  assert.equal(watching().see(reads, 0).fresh.length, 20);
});

test('out of view for 1.2 s, a code counts again; for less it does not', () => {
  const [fusion, { text }] = [watching(), label()];
  fusion.see([read(text)], 0);
  fusion.see([], 600);
  assert.deepEqual(fusion.see([read(text)], 1_100).fresh, []);
  fusion.see([], 2_299);
  fusion.see([], 2_300);
  assert.deepEqual(kinds(fusion.see([read(text)], 2_400)), ['ours']);
});

test('a code can be made to count again while it is in view', () => {
  const [fusion, { text, id }] = [watching(), label()];
  fusion.see([read(text)], 0);
  fusion.rearm(id);
  assert.deepEqual(kinds(fusion.see([read(text)], 33)), ['ours']);
});

test("makers' serials and others' codes need the same text in two frames", () => {
  const fusion = watching();
  const reads = [read('PF3X9K2Q', 'Code128'), read('https://other.example/x')];
  assert.deepEqual(kinds(fusion.see(reads, 0)), []);
  assert.deepEqual(kinds(fusion.see(reads, 40)).sort(), ['foreign', 'serial']);
});

test('two misreads that are far apart do not make a sight', () => {
  const fusion = watching();
  fusion.see([read('850372')], 0);
  assert.deepEqual(fusion.see([read('850372')], 1_100).fresh, []);
});

test('a misread of our label is not taken, nor a bare ID without its address', () => {
  const [fusion, { text, id }] = [watching(), label()];
  const wrong = text.slice(0, -1) + (text.endsWith('0') ? '1' : '0');
  for (const now of [0, 33]) {
    const { fresh } = fusion.see([read(wrong), read(id)], now);
    assert.ok(fresh.every((found) => found.kind === 'malformed' && found.id === ''));
  }
});

test('the outline of a confirmed code outlives a missed frame, then goes', () => {
  const [fusion, { text }] = [watching(), label()];
  fusion.see([read(text, 'QRCode', 5)], 0);
  assert.deepEqual(fusion.see([], 200).results.map(({ quad }) => quad[0]), [[5, 0]]);
  assert.deepEqual(fusion.see([], 400).results, []);
});

test('the outline follows the code', () => {
  const [fusion, { text }] = [watching(), label()];
  fusion.see([read(text, 'QRCode', 5)], 0);
  assert.deepEqual(fusion.see([read(text, 'QRCode', 9)], 33).results.map(({ quad }) => quad[0]), [[9, 0]]);
});
