// GS1 codes of supplies: article, lot, expiry, and nothing guessed.
import assert from 'node:assert/strict';
import test from 'node:test';

import { hasCheckDigit, parseGs1 } from '../../webapp/static/pwa/scanning/gs1.js';

const WHOLE = { gtin: '04901234567894', lot: 'AB-12', expires: '2027-03-31' };

test('article, expiry and lot are read as printed in brackets and as encoded, in any order', () => {
  assert.deepEqual(parseGs1('(01)04901234567894(17)270331(10)AB-12'), WHOLE);
  assert.deepEqual(parseGs1('010490123456789417270331' + '10AB-12'), WHOLE);
  assert.deepEqual(parseGs1(']d20104901234567894' + '10AB-12\u001d' + '17270331'), WHOLE);
});

test('day 00 is the last day of its month', () => {
  assert.equal(parseGs1('(01)04901234567894(17)280200')?.expires, '2028-02-29');
});

test('what is no article, has a wrong check digit, an unknown field or no such month stays text', () => {
  for (const text of ['', 'ABC-123', '(01)04901234567895', '(17)270331', '(01)04901234567894(99)X', '(01)04901234567894(17)271331']) {
    assert.equal(parseGs1(text), null, text);
  }
});

test('a JAN ends with its check digit', () => {
  assert.deepEqual(['4901234567894', '4901234567895', '49968712', '49012345'].map(hasCheckDigit), [true, false, true, false]);
});
