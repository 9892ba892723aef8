// A barcode of goods means the item that it was entered as last, on this phone, with or without a network.
import assert from 'node:assert/strict';
import test from 'node:test';

import { LOG, aPhone } from './phone.js';
import { articleIn, enteredAs, keepArticle } from '../../webapp/static/pwa/supplies/articles.js';

const WATER = '4901234567894';

test('a JAN is read as scanned and as typed, of 13 and of 8 figures, and out of a GS1 code', () => {
  assert.deepEqual([WATER, ' 4901234-567894 ', '４９０１２３４５６７８９４', '(01)04901234567894(17)270331'].map(articleIn), Array(4).fill(WATER));
  assert.equal(articleIn('49968712'), '49968712');
});

test('an American number is the same with and without its zero', () => {
  assert.equal(articleIn('036000291452'), '0036000291452');
  assert.equal(articleIn('0036000291452'), '0036000291452');
});

test('a case has another number than what is in it', () => {
  assert.equal(articleIn('(01)14901234567891'), '14901234567891');
});

test('what has a wrong check digit, is no number, or is a shop\'s own names nothing', () => {
  for (const text of ['', '4901234567895', 'HWVEN9XSYWCX7K2MP', '2000000000008', '0212345678909', '20000004']) assert.equal(articleIn(text), '', text);
});

test('a barcode means what it was entered as last, in this town, also after the app was closed', async () => {
  const store = await aPhone({ name: 'gym' });
  assert.equal(await enteredAs(store, LOG, WATER), null);
  await keepArticle(store, LOG, WATER, { item: 'W01', variant: '' });
  await keepArticle(store, LOG, '49968712', { item: 'I05', variant: 'M-pants' });
  await keepArticle(store, LOG, WATER, { item: 'W02', variant: '' });
  store.close();
  const again = await aPhone({ name: 'gym', person: '' });
  assert.deepEqual(await enteredAs(again, LOG, WATER), { item: 'W02', variant: '' });
  assert.deepEqual(await enteredAs(again, LOG, '49968712'), { item: 'I05', variant: 'M-pants' });
  assert.equal(await enteredAs(again, '041009', WATER), null, 'another town has other items');
});

test('a phone forgets what was not used for longest', async () => {
  const store = await aPhone();
  await store.setMeta('articles', { [LOG]: Array.from({ length: 2_000 }, (_, n) => ({ article: String(n), item: 'W01', variant: '' })) });
  await keepArticle(store, LOG, '0', { item: 'W01', variant: '' });
  await keepArticle(store, LOG, WATER, { item: 'W02', variant: '' });
  assert.deepEqual([await enteredAs(store, LOG, '1'), await enteredAs(store, LOG, '0')], [null, { item: 'W01', variant: '' }]);
});
