// How often the scanning loop looks: fast while something moves, seldom while nothing does, and awake at once.
import assert from 'node:assert/strict';
import test from 'node:test';

import { REARM } from '../../webapp/static/pwa/scanning/fusion.js';
import { differs, preview } from '../../webapp/static/pwa/scanning/grey.js';
import { LOOK_EACH, Pace, PEEK_EACH, STILL } from '../../webapp/static/pwa/scanning/pace.js';

const FRAME = 1000 / 30;
const SIZE = { width: 1280, height: 720 };

/** What is done with each frame of a camera from `from` to `to`, ms; `moves` tells what a look or a peek finds. */
function film(pace, from, to, moves = () => false) {
  const turns = [];
  for (let now = from; now < to; now += FRAME) {
    const turn = pace.turn(now);
    if (turn !== 'rest') pace.saw(moves(now), now);
    turns.push({ turn, now });
  }
  return turns;
}

const count = (turns, wanted) => turns.filter(({ turn }) => turn === wanted).length;

/** A desk as a camera sees it: a shade, noise of ±`noise` levels, and what lies on it. */
function desk(noise = 0, things = []) {
  const { width, height } = SIZE;
  const data = new Uint8Array(width * height);
  let random = 1;
  for (let n = 0; n < data.length; n += 1) {
    random = (random * 48_271) % 2_147_483_647;
    data[n] = 120 + Math.round((random / 2_147_483_647 - 0.5) * 2 * noise);
  }
  for (const { x, y, side, shade } of things) {
    for (let row = y; row < y + side; row += 1) data.fill(shade, row * width + x, row * width + x + side);
  }
  return preview({ data, ...SIZE });
}

test('while something moves every frame is looked at', () => {
  const turns = film(new Pace(), 0, 5_000, () => true);
  assert.equal(count(turns, 'look'), turns.length);
});

test('after two seconds without movement three frames a second are looked at, and none is missed before', () => {
  const pace = new Pace();
  pace.wake(0);
  assert.ok(film(pace, 0, STILL).every(({ turn }) => turn === 'look'));
  const looks = count(film(pace, STILL + FRAME, STILL + 10_000), 'look');
  assert.ok(looks >= 25 && looks <= 31, `${looks} looks in ten seconds`);
});

test('movement is noticed within a tenth of a second, and the next frame is looked at', () => {
  const pace = new Pace();
  pace.wake(0);
  film(pace, 0, 6_000);
  const turns = film(pace, 6_000, 7_000, (now) => now >= 6_050);
  const noticed = turns.findIndex(({ turn, now }) => turn !== 'rest' && now >= 6_050);
  assert.ok(turns[noticed].now <= 6_050 + PEEK_EACH + FRAME);
  assert.ok(turns.slice(noticed + 1).every(({ turn }) => turn === 'look'));
});

test('who asks for something else is served at once', () => {
  const pace = new Pace();
  film(pace, 0, 6_000);
  pace.wake(6_000);
  assert.equal(pace.turn(6_001), 'look');
  assert.equal(pace.still(6_001), false);
});

test('a code that lies still is seen thrice before it could count again', () => assert.ok(LOOK_EACH * 3 < REARM));

test('the noise of a camera is no movement', () => assert.equal(differs(desk(24), desk(20)), false));

test('a label that appears is movement, dark or light, however small it may be read', () => {
  for (const shade of [90, 230]) assert.ok(differs(desk(8), desk(8, [{ x: 600, y: 300, side: 29 * 2, shade }])));
});

test('what creeps moves too: the picture is held against the last that moved', () => {
  const creeping = (n) => desk(0, [{ x: 600 + n, y: 300, side: 90, shade: 80 }]);
  assert.equal(differs(creeping(0), creeping(1)), false);
  assert.ok(differs(creeping(0), creeping(12)));
});

test('the first picture is new', () => assert.ok(differs(null, desk())));
