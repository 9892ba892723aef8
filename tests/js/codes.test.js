// The phone reads an ID exactly as the server does: the same vectors, and the same promises on random IDs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import * as codes from '../../webapp/static/pwa/scanning/codes.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/codes.json', import.meta.url), 'utf8'));
const made = Array.from({ length: 200 }, () => codes.newId());

test('check characters, grouping and typed forms are those of the shared vectors', () => {
  for (const [body, char] of vectors.check) assert.equal(codes.checkChar(body), char);
  for (const [id, shown] of vectors.show) assert.equal(codes.show(id), shown);
  for (const { text, id } of vectors.normalise) assert.equal(codes.normalise(text), id, JSON.stringify(text));
});

test('texts are parsed as the shared vectors say', () => {
  for (const { text, is } of vectors.parse) {
    assert.deepEqual(codes.parse(text, vectors.prefixes), is, JSON.stringify(text));
  }
});

test('a base that needs byte mode is not printed', () => {
  for (const { base, id, text } of vectors.qr_text) {
    if (text === null) assert.throws(() => codes.qrText(base, id), RangeError);
    else assert.equal(codes.qrText(base, id), text);
  }
});

test('new IDs are valid, distinct and read back from their label', () => {
  assert.equal(new Set(made).size, made.length);
  for (const id of made) {
    assert.ok(codes.isValid(id));
    const text = codes.qrText('https://ashiato.example', id);
    assert.deepEqual(codes.parse(text, ['https://ashiato.example']), { kind: 'code', id, labelled: true });
  }
});

test('every wrong character and every swap of neighbours is caught', () => {
  for (const id of made.slice(0, 5)) {
    for (let i = 0; i < codes.LENGTH; i++) {
      for (const char of codes.ALPHABET) {
        const misread = id.slice(0, i) + char + id.slice(i + 1);
        assert.equal(codes.isValid(misread), misread === id);
      }
      const swapped = id.slice(0, i) + id.slice(i, i + 2).split('').reverse().join('') + id.slice(i + 2);
      assert.equal(codes.isValid(swapped), swapped === id);
    }
  }
});

test('2,900 bytes of rubbish are malformed', () => {
  const rubbish = Array.from({ length: 2900 }, (_, i) => String.fromCharCode((i * 7919) % 256)).join('');
  assert.equal(codes.parse(rubbish, vectors.prefixes).kind, 'malformed');
});

test('a check character needs 16 of the alphabet', () => {
  for (const body of ['', '0'.repeat(15), '0'.repeat(17), 'U'.repeat(16), 'a'.repeat(16)]) {
    assert.throws(() => codes.checkChar(body), RangeError);
  }
});
