// What the time of a scan is worth when people, networks and sleep move the phone's clocks.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BOOT, worth } from '../../webapp/static/pwa/intake/phone.js';

const NOON = 1_790_000_000_000;
const HOUR = 3_600_000;
const YEAR = 365 * 24 * HOUR;
const NEVER = -Infinity;
/** Compared at noon, when the phone was 5 minutes fast and its page 10 s old. */
const clock = { off: -300_000, rtt: 80, at: NOON, mono: 10_000, boot: BOOT };
/** @param {number} now @param {{off: number|null}} known */
const real = (now, { off }) => now + (off ?? 0);

test('a scan an hour later is known to the round trip', () => {
  const known = worth(clock, NOON + HOUR, NEVER, 10_000 + HOUR);
  assert.deepEqual(known, { off: -300_000, off_age: HOUR, off_err: 40 });
});

test('a clock that is set back a year while the app is open changes nothing', () => {
  const now = NOON + HOUR - YEAR;
  const known = worth(clock, now, NEVER, 10_000 + HOUR);
  assert.equal(real(now, known), NOON - 300_000 + HOUR);
  assert.equal(known.off_err, 40);
});

test('a phone that slept goes by its wall clock, with a minute of doubt', () => {
  const known = worth(clock, NOON + HOUR, NEVER, 10_000 + HOUR / 2);
  assert.deepEqual(known, { off: -300_000, off_age: HOUR, off_err: 60_040 });
});

test('so does an app that was started anew', () => {
  assert.deepEqual(worth({ ...clock, boot: 'before' }, NOON + HOUR, NEVER, 500), { off: -300_000, off_age: HOUR, off_err: 60_040 });
});

test('a clock that was set back a year while the app was closed keeps the order of the scans and claims no more', () => {
  const [floor, now] = [NOON, NOON - YEAR];
  const known = worth({ ...clock, boot: 'before' }, now, floor, 500);
  assert.equal(real(now, known), floor);
  assert.equal(known.off_age, null);
});

test('a new comparison that differs by a moment does not turn two scans round', () => {
  const known = worth(clock, NOON, NOON - 300_000 + 30, 10_000);
  assert.deepEqual(known, { off: -300_000 + 30, off_age: 0, off_err: 70 });
});

test('a phone that never reached the server says so', () => {
  assert.deepEqual(worth(null, NOON, NEVER, 1), { off: null, off_age: null, off_err: null });
});
