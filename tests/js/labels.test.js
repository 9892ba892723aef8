// A parcel's label: the phone reads what the server writes, checks the signature by itself, and says it in Japanese.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import * as base45 from '../../webapp/static/pwa/ledger/base45.js';
import { contentsInWords, read, verify } from '../../webapp/static/pwa/supplies/label.js';
import { LABEL, isCard, isLabel } from '../../webapp/static/pwa/supplies/prefix.js';

const here = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const vectors = here('../vectors/parcel_labels.json');
const tables = here('../../webapp/static/pwa/contract/supplies.json');
const [key, other] = vectors.keys;
const said = (found) => (typeof found === 'string' ? found : { key_id: found.keyId, ...found.contents });

test('labels are read as the server reads them, and are signed', async () => {
  for (const [text, wanted] of vectors.good) {
    const label = read(text);
    assert.deepEqual(said(label), wanted);
    assert.equal((await verify(label, [other, key])).verified, true);
    assert.equal((await verify(label, [other])).verified, 'unknown-key');
    assert.equal((await verify(label, [{ ...other, key_id: key.key_id }])).verified, false);
  }
});

test('what is spoiled has the same fault on both sides', () => {
  for (const [text, wanted] of vectors.bad) assert.equal(said(read(text)), wanted, text);
});

test('a changed byte anywhere is no label or not signed', async () => {
  const raw = base45.decode(vectors.good[2][0].slice(LABEL.length));
  for (let at = 0; at < raw.length; at += 1) {
    const found = read(LABEL + base45.encode(raw.with(at, raw[at] ^ 1)));
    if (typeof found === 'string') continue;
    assert.notEqual((await verify(found, [key])).verified, true, String(at));
  }
});

test('the scanner knows labels and cards by their beginning', () => {
  assert.deepEqual(['ASHIATO-L1:A', 'ASHIATO-L2:A', 'ASHIATO-C1:A', 'ASHIATO1:A', 'ASHIATO-H1:A'].map(isLabel), [true, true, false, false, false]);
  assert.deepEqual(['ASHIATO-C1:A', 'ASHIATO-L1:A'].map(isCard), [true, false]);
});

const inWords = (at, changed = {}) => contentsInWords({ ...read(vectors.good[at][0]).contents, ...changed }, tables);

test('a parcel is said in Japanese', () => {
  assert.deepEqual(inWords(0).lines, ['紙おむつ（乳児・小児） M 40個', '3個口のうち2個目']);
  assert.deepEqual(inWords(1).lines, ['アルファ化米 50食', '3個口のうち2個目', '賞味期限 2031年1月31日', 'アレルゲン 特定原材料等 不使用（差出人の申告）']);
  assert.deepEqual(inWords(2).allergens, { kind: 'contains', text: 'アレルゲン 含む: えび・落花生' });
  assert.deepEqual([inWords(3).drill, inWords(3).allergens?.kind], ['訓練', 'undeclared']);
  assert.deepEqual(inWords(4).marks.map(({ text }) => text), ['要冷蔵', '重量物', '危険物', '割れ物']);
  assert.equal(inWords(4).quantity, '1,000,000個');
  assert.deepEqual([inWords(5).title, inWords(5).part], ['手づくり布ぞうり（24cm）', '1個口']);
});

test('what this phone does not know is said, never left out', () => {
  assert.equal(inWords(1, { item: 'Z99' }).title, '品目 Z99（この電話の一覧にない品目です）');
  assert.deepEqual(inWords(1, { allergens: 2 ** 40 + 1 }).allergens, { kind: 'unknown', text: 'アレルゲン 含む: えび・ほか（新しい種類です。アプリを新しくしてください）' });
  assert.equal(inWords(0, { variant: '3L' }).title, '紙おむつ（乳児・小児） 3L');
});
