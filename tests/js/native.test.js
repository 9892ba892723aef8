// The phone's own reader, which no test machine has: played here by an object, so that what we do with it is known.
import assert from 'node:assert/strict';
import test from 'node:test';

import { Native, probeNative, PROBE } from '../../webapp/static/pwa/scanning/native.js';

class Canvas {
  width = 1280;
  height = 720;
  getContext() {
    return { fillRect() {} };
  }
}
globalThis.OffscreenCanvas = Canvas;

const quad = [{ x: 0, y: 0 }, { x: 1, y: 0 }, { x: 1, y: 1 }, { x: 0, y: 1 }];
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const phone = (detect, formats = ['qr_code']) => ({
  BarcodeDetector: class {
    static getSupportedFormats = async () => formats;
    detect = detect;
  },
});
const reads = (text, ms = 0) => async () => (await wait(ms), [{ rawValue: text, format: 'qr_code', cornerPoints: quad }]);
const ours = async () => 40;

test('a reader that reads the probe quicker than ours is used', async () => {
  const native = await probeNative(ours, phone(reads(PROBE)));
  assert.deepEqual(await native?.read(new Canvas()), [{ text: PROBE, format: 'QRCode', quad: [[0, 0], [1, 0], [1, 1], [0, 1]] }]);
});

test('none, one without QR, one that fails, misreads, is slower than ours or says nothing is not', async () => {
  const broken = async () => { throw new Error('Barcode detection service unavailable'); };
  const others = [{}, phone(reads(PROBE), ['ean_13']), phone(broken), phone(reads('ASHIAT0')), phone(reads(PROBE, 80)), phone(async () => [])];
  assert.deepEqual(await Promise.all(others.map((scope) => probeNative(ours, scope))), others.map(() => null));
});

test('one that misses three times what ours reads, or fails, is not trusted any more', async () => {
  const native = new Native({ detect: reads(PROBE) });
  const [mine] = [[{ text: 'A', format: 'QRCode', quad: [] }]];
  native.compare(mine, mine);
  native.compare([], mine);
  native.compare([], mine);
  assert.ok(native.trusted);
  native.compare([], mine);
  assert.ok(!native.trusted);
  const failing = new Native({ detect: async () => { throw new Error('gone'); } });
  assert.deepEqual([await failing.read(new Canvas()), failing.trusted], [[], false]);
});
