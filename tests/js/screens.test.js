// What the screens say, without a screen: whose work is left, what is missing, which device a serial means, typed IDs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { judge } from '../../webapp/static/pwa/components/codefield.js';
import { dueWords, moment, shortHash, span } from '../../webapp/static/pwa/components/format.js';
import { fold, useTables } from '../../webapp/static/pwa/custody/rules.js';
import { checkSeal, manifestHash, sameSeal, tidySeal } from '../../webapp/static/pwa/screens/lock.js';
import { findDevices, searchDevices } from '../../webapp/static/pwa/screens/matching.js';
import { flowOf, isTheirTurn, missingWords, progressOf, taskOf, tasksOf } from '../../webapp/static/pwa/screens/tasks.js';

useTables(JSON.parse(readFileSync(new URL('../../webapp/static/pwa/contract/custody.json', import.meta.url), 'utf8')));
const vectors = JSON.parse(readFileSync(new URL('../vectors/codes.json', import.meta.url), 'utf8'));

const DAY = 86_400_000;
const MORNING = Date.UTC(2026, 9, 5, 0, 12); // 5 October, 9:12 in Japan

const device = (asset, done = [], fields = {}) => ({
  id: asset, code: done.length ? `CODE-${asset}` : '', asset, kind: 'notebook', kind_text: 'ノートPC', model: 'NEC VersaPro', serial: `SN${asset}`,
  drive_serial: '', cls: 3, place: '税務課', step: done.at(-1) ?? '', cage: '', done, ...fields,
});
const cage = (name, fields = {}) => ({
  code: `CAGE-${name}`, name, state: '', seal: '', lock: '', manifest: [], manifest_hash: '', loaded: [], counted: [], handed_to: '', ...fields,
});
const job = (devices, cages = []) => fold({ devices, cages }, []);
const left = (view, id, actor = 'p-me', roles = ['officer', 'driver']) => taskOf(view, id, actor, roles).left;

test('each person is offered the work that the contract gives to their role', () => {
  const view = job([device('A')]);
  const titles = (role) => tasksOf(view, [role], 'p-me').map(({ id }) => id);
  assert.deepEqual(titles('driver'), ['handover']);
  assert.deepEqual(titles('officer'), ['register', 'load', 'lock', 'handover']);
  assert.ok(titles('itad_receiver').includes('arrive') && !titles('itad_receiver').includes('handover'));
  assert.deepEqual(titles('auditor'), []);
});

test('a monitor is loaded without being erased, and never waits for the shredder', () => {
  const monitor = device('M', ['registered'], { cls: 0, kind: 'monitor' });
  const view = job([monitor, device('P', ['registered'])]);
  assert.deepEqual([left(view, 'erase'), left(view, 'load'), left(view, 'destroy')], [1, 1, 0]);
});

test('a drive that would not be erased is destroyed on site, and then the case may be loaded', () => {
  const failed = device('F', ['registered', 'sanitize_failed']);
  assert.deepEqual([left(job([failed]), 'onsite'), left(job([failed]), 'load')], [1, 0]);
  const broken = device('F', ['registered', 'sanitize_failed', 'destroyed_on_site']);
  assert.deepEqual([left(job([broken]), 'onsite'), left(job([broken]), 'load')], [0, 1]);
});

test('a driver hands on what was handed to them, and nobody else does', () => {
  const view = job([], [cage('C-01', { state: 'handed_over', handed_to: 'p-me', manifest: ['X'] }), cage('C-02', { state: 'locked', manifest: ['Y'] })]);
  const names = (actor, role) => taskOf(view, 'handover', actor, [role]).cages.map(({ name }) => name);
  assert.deepEqual(names('p-me', 'driver'), ['C-01']);
  assert.deepEqual(names('p-other', 'driver'), []);
  assert.deepEqual(names('p-other', 'officer'), ['C-02']);
});

test('the ring of a driver fills as cages leave their hands', () => {
  const cages = ['C-01', 'C-02', 'C-03'].map((name) => cage(name, { state: 'handed_over', handed_to: 'p-dock', manifest: ['X'] }));
  const view = job([], [...cages.slice(0, 2), { ...cages[2], handed_to: 'p-me' }]);
  const { done, total, task } = progressOf(view, ['driver'], 'p-me');
  assert.deepEqual([done, total, task?.cages.map(({ name }) => name)], [2, 3, ['C-03']]);
});

test('figures never fall behind what the server last said', () => {
  const view = job([device('A', ['registered'])]);
  const figures = flowOf(view, { registered: 0, departed: 12, ended: 3 });
  assert.deepEqual([figures.registered, figures.departed, figures.ended], [1, 12, 3]);
});

test('what is missing is named: one whole, three by number, the rest counted', () => {
  const some = ['MGM-0057', 'MGM-0058', 'MGM-0060', 'MGM-0061'].map((asset) => device(asset));
  assert.equal(missingWords(some.slice(0, 1)), 'MGM-0057 ノートPC（税務課）');
  assert.equal(missingWords(some), 'MGM-0057、MGM-0058、MGM-0060 ほか1台');
  assert.equal(missingWords([]), '');
});

test('a serial is found as makers print it and as people type it', () => {
  const list = [device('MGM-0001', [], { serial: '8XESH7460P' }), device('MGM-0002', [], { serial: 'R7P3-B9Q47Q' })];
  const assets = (text) => findDevices(list, text).map(({ asset }) => asset);
  for (const text of ['8XESH7460P', '８ｘｅｓｈ７４６０ｐ', 'S8XESH7460P', 'S/N: 8XESH7460P', 'mgm-0001']) assert.deepEqual(assets(text), ['MGM-0001'], text);
  assert.deepEqual(assets('R7P3B9Q47Q'), ['MGM-0002']);
  assert.deepEqual([assets(''), assets('NOBODY')], [[], []]);
});

test('two devices with one serial are both found, so that a person chooses', () => {
  const twins = [device('MGM-0001', [], { serial: 'SAME' }), device('MGM-0002', [], { serial: 'SAME' })];
  assert.equal(findDevices(twins, 'same').length, 2);
});

test('the list offers only devices without a sticker', () => {
  const list = [device('MGM-0001', ['registered']), device('MGM-0002')];
  assert.deepEqual(searchDevices(list, '税務').map(({ asset }) => asset), ['MGM-0002']);
  assert.deepEqual(searchDevices(list, '税務 0001'), []);
});

test('a typed ID answers while it is typed', () => {
  const good = vectors.show[0][0];
  assert.deepEqual(judge(''), { id: '', words: '', state: 'empty' });
  assert.equal(judge(good.slice(0, 5).toLowerCase()).words, 'あと 12文字');
  assert.equal(judge(`${good.slice(0, 4)} - ${good.slice(4)}`).id, good);
  const wrong = good.slice(0, 16) + (good[16] === '0' ? '1' : '0');
  assert.equal(judge(wrong).state, 'bad');
  assert.equal(judge(`${good.slice(0, 5)}U`).words, '＊「U」は番号に使われない文字です');
});

test('seal numbers mean the same whatever the hyphen', () => {
  assert.equal(tidySeal(' ａｂ－７７ ３４'), 'AB-7734');
  assert.deepEqual([sameSeal('AB-7734', 'ab7734'), sameSeal('7734012', '7734021')], [true, false]);
  assert.deepEqual([checkSeal('7734012'), checkSeal('封印12') === ''], ['', false]);
});

test('the hash of a list does not depend on the order of scanning', async () => {
  assert.equal(await manifestHash(['B', 'A']), await manifestHash(['A', 'B']));
  assert.match(shortHash(await manifestHash(['A', 'B'])), /^[0-9a-f]{4} [0-9a-f]{4} [0-9a-f]{4}$/);
});

test('times are those of Japan', () => {
  assert.equal(moment(MORNING, MORNING + 3_600_000), '9:12');
  assert.equal(moment(MORNING, MORNING + DAY), '10月5日 9:12');
  assert.deepEqual([span(30_000), span(72 * 60_000), span(3 * DAY)], ['1分', '1時間12分', '3日']);
  assert.deepEqual([dueWords(MORNING + 5 * DAY, MORNING), dueWords(MORNING + 1, MORNING), dueWords(MORNING - 2 * DAY, MORNING)],
    ['あと 5日', '今日まで', '期限を 2日 過ぎています']);
});

test('a driver at the dock waits for the phone of the officer, who waits for nobody', () => {
  const view = job([], [cage('1', { state: 'locked' })]);
  assert.deepEqual(['driver', 'officer'].map((role) => isTheirTurn(view, 'handover', [role])), [true, false]);
  assert.equal(isTheirTurn(job([], [cage('1', { state: 'handed_over', handed_to: 'p-me' })]), 'handover', ['driver']), false);
});
