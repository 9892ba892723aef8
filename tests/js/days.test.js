// Days as people type them from a package: what the site reads, the phone reads too; a past day is a day.
import assert from 'node:assert/strict';
import test from 'node:test';

import { dayIn } from '../../webapp/static/pwa/supplies/days.js';

const TODAY = 20261122;
const all = (words, day) => { for (const text of words) assert.equal(dayIn(text, TODAY), day, text); };

test('a day is read however it is written', () => {
  all(['20270301', '270301', '2027-03-01', '2027/3/1', '2027.3.1', '２０２７年３月１日', '令和9年3月1日', 'R9.3.1', '27.3.1', '賞味期限 2027年3月1日まで', '2027年3月1日(月)'], 20270301);
});

test('a month alone is its last day, as on packages', () => {
  all(['2027年2月', '202702', '2027/2', '令和9年2月', '270200'], 20270228);
});

test('a day that is past is a day all the same', () => all(['20261101', '2026/11/1'], 20261101));

test('a day without a year is the nearest one there is', () => {
  all(['11月1日', '１１月１日'], 20261101);
  all(['1月31日'], 20270131);
  all(['5月20日'], 20270520);
  all(['5月25日'], 20260525);
});

test('what might be something else, or is in no calendar, is none', () => {
  all(['令和8年', '2027', '9.3.1', '11/27', '2027年2月30日', '13月1日', '2月30日', '20990101', '来週', '月', ''], 0);
});
