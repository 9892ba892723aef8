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

test('the outline of a confirmed code outlives missed frames, then goes', () => {
  const [fusion, { text }] = [watching(), label()];
  fusion.see([read(text, 'QRCode', 5)], 0);
  assert.deepEqual(fusion.see([], 500).results.map(({ quad }) => quad[0]), [[5, 0]]);
  assert.deepEqual(fusion.see([], 700).results, []);
});

const square = (x, y = 0, side = 40) => [[x, y], [x + side, y], [x + side, y + side], [x, y + side]];
const at = (text, x, more = {}) => ({ text, format: 'QRCode', quad: square(x), ...more });
const FRAME = { width: 1280, height: 720 };

test('a label that a frame missed moves along with the others and keeps its number', () => {
  const [fusion, one, other] = [watching(), label(), label()];
  const { results } = fusion.see([at(one.text, 100), at(other.text, 300)], 0);
  const moved = fusion.see([at(one.text, 150)], 33).results.find(({ id }) => id === other.id);
  assert.deepEqual([moved.quad[0], moved.track], [[350, 0], results.find(({ id }) => id === other.id).track]);
  assert.equal(fusion.see([at(one.text, 200), at(other.text, 400)], 66).results.find(({ id }) => id === other.id).age, 66);
});

test('two labels of one code have two outlines and are one event', () => {
  const [fusion, { text }] = [watching(), label()];
  const { results, fresh } = fusion.see([at(text, 100), at(text, 500)], 0);
  assert.deepEqual([results.length, fresh.length], [2, 1]);
  const next = fusion.see([at(text, 505), at(text, 102)], 33);
  assert.deepEqual(next.fresh, []);
  assert.deepEqual(next.results.map(({ track, quad }) => [track, quad[0][0]]), results.map(({ track }, n) => [track, [102, 505][n]]));
});

test('where a frame missed a code, the next one looks closely; where its look at the whole read it, not', () => {
  const [fusion, { text }] = [watching(), label()];
  fusion.see([at(text, 100, { whole: true, tone: 'plain', times: 1 })], 0);
  assert.deepEqual(fusion.again(FRAME, 33), []);
  fusion.see([], 33);
  const [look] = fusion.again(FRAME, 66);
  assert.ok(look.rect.x < 100 && look.rect.x + look.rect.width > 140, JSON.stringify(look));
});

test('a symbol that three frames saw and did not understand is looked at in a different way each time', () => {
  const fusion = watching();
  const tones = [0, 33, 66].map((now) => {
    fusion.see([{ text: '', format: 'QRCode', quad: square(200 + now / 10), partial: true }], now);
    return fusion.again(FRAME, now).map(({ tone, times }) => `${tone} ${times}`);
  });
  assert.deepEqual(tones, [['sharp 2'], ['even 2'], ['light 2']]);
  assert.deepEqual(fusion.see([], 100).results, [], 'and is no result');
});

test('a hundred lost labels ask for no more close looks than a frame can take', () => {
  const fusion = watching();
  fusion.see(Array.from({ length: 100 }, (_, n) => at(label().text, n * 10)), 0);
  fusion.see([], 33);
  assert.ok(fusion.again(FRAME, 40).length <= 12);
});

test('the outline follows the code', () => {
  const [fusion, { text }] = [watching(), label()];
  fusion.see([read(text, 'QRCode', 5)], 0);
  assert.deepEqual(fusion.see([read(text, 'QRCode', 9)], 33).results.map(({ quad }) => quad[0]), [[9, 0]]);
});
