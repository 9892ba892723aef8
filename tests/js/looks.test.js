// What a frame is looked at for, with the real wasm: recall, the budget, attacks; no browser.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { newId, qrText } from '../../webapp/static/pwa/scanning/codes.js';
import { Fusion } from '../../webapp/static/pwa/scanning/fusion.js';
import { cut, doubled, evened, fromRgba, sharpened } from '../../webapp/static/pwa/scanning/grey.js';
import { BUDGET, photoLooks, Rota, tiles } from '../../webapp/static/pwa/scanning/looks.js';
import { PROBE, PROBE_ROWS } from '../../webapp/static/pwa/scanning/native.js';
import { Reading } from '../../webapp/static/pwa/scanning/reading.js';
import { openReader } from '../../webapp/static/pwa/scanning/zxing.js';
import { prepareZXingModule as prepareWriter, writeBarcode } from 'zxing-wasm/writer';

const BASE = 'https://ashiato.example';
const file = (path) => readFile(new URL(`../../node_modules/zxing-wasm/dist/${path}`, import.meta.url));
const reader = await openReader({ wasmBinary: (await file('reader/zxing_reader.wasm')).buffer });
prepareWriter({ overrides: { wasmBinary: (await file('writer/zxing_writer.wasm')).buffer } });
const SIZE = { width: 1280, height: 720 };

/** A code as grey pixels, `scale` px a module, with its quiet zone; bars 60 px high.
 * @param {string} text */
async function symbol(text, format = 'QRCode', scale = 4) {
  const { symbol: { data: modules, width, height } } = await writeBarcode(text, { format });
  const [quiet, tall] = [format === 'EAN13' ? 10 : 4, height === 1 ? 60 : scale];
  const [wide, high] = [(width + 2 * quiet) * scale, height * tall + 2 * quiet * scale];
  const data = new Uint8Array(wide * high).fill(255);
  for (let y = 0; y < height * tall; y += 1) {
    for (let x = 0; x < width * scale; x += 1) {
      data[(y + quiet * scale) * wide + x + quiet * scale] = modules[Math.floor(y / tall) * width + Math.floor(x / scale)];
    }
  }
  return { data, width: wide, height: high };
}

/** Symbols on a grey desk, in rows. */
function desk(symbols, { width, height } = SIZE, shade = 120) {
  const picture = { data: new Uint8Array(width * height).fill(shade), width, height };
  let [x, y, high] = [8, 8, 0];
  for (const one of symbols) {
    if (x + one.width > width) [x, y, high] = [8, y + high + 8, 0];
    for (let row = 0; row < one.height; row += 1) picture.data.set(one.data.subarray(row * one.width, (row + 1) * one.width), (y + row) * width + x);
    x += one.width + 8;
    high = Math.max(high, one.height);
  }
  return picture;
}

/** A still scene of some frames, as the scanner does it. */
function scene(picture, frames, formats = ['QRCode']) {
  const [reading, fusion, fresh] = [new Reading(reader), new Fusion([BASE]), []];
  let results = [];
  for (let n = 0; n < frames; n += 1) {
    const { reads } = reading.live(picture, formats, { again: fusion.again(picture, n * 66) });
    const seen = fusion.see(reads, n * 66);
    fresh.push(...seen.fresh);
    results = seen.results;
  }
  return { fresh, results };
}

test('fifty labels in one frame are fifty events, each in its own place', async () => {
  const labels = Array.from({ length: 50 }, () => newId());
  const picture = desk(await Promise.all(labels.map((id) => symbol(qrText(BASE, id), 'QRCode', 3))), { width: 1920, height: 1080 });
  const { fresh, results } = scene(picture, 1);
  assert.deepEqual(fresh.map(({ id }) => id).sort(), labels.toSorted());
  assert.equal(new Set(results.map(({ track }) => track)).size, 50);
});

test("an address elsewhere is a stranger's, not opened and not ours, however often it is seen", async () => {
  const id = newId();
  const { fresh } = scene(desk([await symbol(`https://evil.example/q/${id}`), await symbol(`${BASE}.evil.example/Q/${id}`)]), 3);
  assert.deepEqual(fresh.map(({ kind, id: code }) => [kind, code]), [['foreign', ''], ['foreign', '']]);
});

test('2,900 bytes of rubbish are a misread at most', async () => {
  const rubbish = Array.from({ length: 2_900 }, (_, n) => String.fromCharCode(33 + ((n * 7_919) % 90))).join('');
  const picture = desk([await symbol(rubbish, 'QRCode', 4)], { width: 1280, height: 800 });
  const { fresh } = scene(picture, 3);
  assert.deepEqual(fresh.map(({ kind, id }) => [kind, id]), [['malformed', '']]);
});

test('noise is read as nothing of ours', () => {
  const noise = { data: Uint8Array.from({ length: 640 * 480 }, (_, n) => (n * n * 2_654_435_761) >>> 24), width: 640, height: 480 };
  assert.deepEqual(scene(noise, 6).fresh.filter(({ kind }) => kind === 'ours'), []);
});

test('a label too small for the look at the whole is found by the close ones, and told once', async () => {
  const id = newId((bytes) => bytes.map((_, n) => n * 11));
  const picture = desk([shrunk(await symbol(qrText(BASE, id), 'QRCode', 8), 1.3 / 8)]);
  assert.equal(reader.read(picture, ['QRCode']).length, 0);
  const { fresh, results } = scene(picture, 8);
  assert.deepEqual(fresh.map((one) => one.id), [id]);
  assert.equal(results.length, 1, 'and keeps its box');
});

test("a maker's JAN and a GS1 DataMatrix are read where goods are counted", async () => {
  const picture = desk([await symbol('4901234567894', 'EAN13', 3), await symbol('ABC-123', 'DataMatrix', 6)]);
  assert.deepEqual(scene(picture, 4, ['QRCode', 'EAN13', 'DataMatrix']).fresh.map(({ kind, text }) => `${kind} ${text}`).sort(), ['serial 4901234567894', 'serial ABC-123']);
});

test('a frame never takes more looks than its time allows, and a slow phone still gets its close looks', () => {
  const run = (pace) => {
    const [rota, spent] = [new Rota(), []];
    const kinds = [];
    for (let frame = 0; frame < 12; frame += 1) {
      let sum = 0;
      for (const look of rota.frame({ width: 1920, height: 1080 }, [], { budget: BUDGET, spent: 0 })) {
        const ms = ((look.rect.width * look.rect.height * look.times ** 2) / 1e6) * pace;
        rota.took(look, ms);
        sum += ms;
        kinds.push(look.whole ? 'whole' : 'close');
      }
      spent.push(sum);
    }
    return { most: Math.max(...spent), close: kinds.filter((kind) => kind === 'close').length, whole: kinds.filter((kind) => kind === 'whole').length };
  };
  const [quick, slow] = [run(8), run(40)];
  assert.ok(quick.most <= BUDGET && quick.close >= 12 && quick.whole === 12, JSON.stringify(quick));
  assert.ok(slow.close >= 5 && slow.whole >= 6, JSON.stringify(slow));
});

test('tiles cover the picture and share their seams', () => {
  for (const [width, height] of [[640, 480], [1080, 1920], [1920, 1080], [300, 300], [4_000, 3_000]]) {
    const seen = new Uint8Array(width * height);
    for (const { x, y, width: wide, height: high } of tiles({ width, height })) {
      assert.ok(x >= 0 && y >= 0 && x + wide <= width && y + high <= height);
      for (let row = y; row < y + high; row += 1) seen.fill(1, row * width + x, row * width + x + wide);
    }
    assert.ok(seen.every((one) => one === 1), `${width}×${height}`);
  }
});

test('a photo that is large already is not enlarged', () => {
  assert.ok(photoLooks({ width: 4_000, height: 3_000 }).every(({ times }) => times === 1));
  assert.ok(photoLooks({ width: 1_600, height: 1_200 }).some(({ times }) => times === 2));
});

test('grey is what zxing makes of colours, and the preparations keep sizes', () => {
  const colours = { data: new Uint8ClampedArray([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255]), width: 2, height: 2 };
  assert.deepEqual([...fromRgba(colours).data], [76, 150, 29, 255]);
  const ramp = { data: Uint8Array.from({ length: 64 * 48 }, (_, n) => n % 64 * 4), width: 64, height: 48 };
  for (const done of [evened(ramp), sharpened(ramp)]) assert.deepEqual([done.width, done.height, done.data.length], [64, 48, 3_072]);
  assert.deepEqual([doubled(ramp).width, doubled(ramp).height], [128, 96]);
  assert.deepEqual([...cut(ramp, { x: 2, y: 1, width: 2, height: 1 }).data], [8, 12]);
});

test('the probe for a phone’s own reader is a code', () => {
  const [module, quiet] = [8, 32];
  const side = PROBE_ROWS.length * module + 2 * quiet;
  const data = new Uint8Array(side * side).fill(255);
  PROBE_ROWS.forEach((row, y) => [...row].forEach((dark, x) => {
    for (let line = 0; dark === '#' && line < module; line += 1) data.fill(0, (quiet + y * module + line) * side + quiet + x * module, (quiet + y * module + line) * side + quiet + (x + 1) * module);
  }));
  assert.deepEqual(reader.read({ data, width: side, height: side }, ['QRCode']).map(({ text }) => text), [PROBE]);
});

/** Smaller by area means, as a camera sees it. */
function shrunk({ data, width, height }, scale) {
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  const out = new Uint8Array(wide * high);
  for (let y = 0; y < high; y += 1) {
    for (let x = 0; x < wide; x += 1) {
      let [sum, count] = [0, 0];
      for (let v = Math.floor((y * height) / high); v < Math.min(height, ((y + 1) * height) / high); v += 1) {
        for (let u = Math.floor((x * width) / wide); u < Math.min(width, ((x + 1) * width) / wide); u += 1) [sum, count] = [sum + data[v * width + u], count + 1];
      }
      out[y * wide + x] = Math.round(sum / count);
    }
  }
  return { data: out, width: wide, height: high };
}
