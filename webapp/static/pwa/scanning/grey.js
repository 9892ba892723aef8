// Grey pictures and what is done to them before they are read again. Pure and without allocation in inner loops: these run
// between two frames of a camera.

/** Brightness alone, row by row. @typedef {{data: Uint8Array, width: number, height: number}} Grey */
/** A part of a picture, whole pixels. @typedef {{x: number, y: number, width: number, height: number}} Rect */

const BINS = 256;
const GRID = 8; // local contrast: regions a side, as OpenCV's CLAHE does it
const CLIP = 3; // … and how steep it may get

/** The brightness of a coloured picture, by the same weights as zxing-wasm's own.
 * @param {{data: Uint8ClampedArray|Uint8Array, width: number, height: number}} image @returns {Grey} */
export function fromRgba({ data, width, height }) {
  const grey = new Uint8Array(width * height);
  const pixels = new Uint32Array(data.buffer, data.byteOffset, grey.length); // 0xAABBGGRR on every machine with a browser
  for (let n = 0; n < grey.length; n += 1) {
    const pixel = /** @type {number} */ (pixels[n]);
    grey[n] = (306 * (pixel & 255) + 601 * ((pixel >> 8) & 255) + 117 * ((pixel >> 16) & 255) + 512) >> 10;
  }
  return { data: grey, width, height };
}

/** @param {Grey} grey @param {Rect} rect inside it @returns {Grey} */
export function cut({ data, width }, { x, y, width: wide, height: high }) {
  const part = new Uint8Array(wide * high);
  for (let row = 0; row < high; row += 1) {
    const from = (y + row) * width + x;
    part.set(data.subarray(from, from + wide), row * wide);
  }
  return { data: part, width: wide, height: high };
}

const FIELDS = { across: 32, down: 24 };
const STEP = 4; // every so many pixels, both ways
const MOVED = 6; // levels of brightness; the noise of a camera moves a field's mean by less than one

/** The picture as the mean brightness of 32×24 fields. @param {Grey} grey @returns {Float32Array} */
export function preview({ data, width, height }) {
  const { across, down } = FIELDS;
  const [sums, counts] = [new Float32Array(across * down), new Uint32Array(across * down)];
  for (let y = STEP >> 1; y < height; y += STEP) {
    const row = Math.floor((y * down) / height) * across;
    for (let x = STEP >> 1; x < width; x += STEP) {
      const field = row + Math.floor((x * across) / width);
      sums[field] = at(sums, field) + at(data, y * width + x);
      counts[field] = at(counts, field) + 1;
    }
  }
  return sums.map((sum, field) => sum / Math.max(1, at(counts, field)));
}

/** Whether two previews show different things. @param {Float32Array|null} before @param {Float32Array} now */
export const differs = (before, now) => !before || now.some((mean, field) => Math.abs(mean - at(before, field)) > MOVED);

/** The curve y = xᵞ as a table. @param {number} gamma @returns {Uint8Array} */
export const curve = (gamma) => Uint8Array.from({ length: BINS }, (_, n) => Math.round(255 * (n / 255) ** gamma));

/** Each value replaced by what the table says. @param {Grey} grey @param {Uint8Array} table @returns {Grey} */
export function toned({ data, width, height }, table) {
  const out = new Uint8Array(data.length);
  for (let n = 0; n < data.length; n += 1) out[n] = /** @type {number} */ (table[/** @type {number} */ (data[n])]);
  return { data: out, width, height };
}

/** Twice the size, linear between pixels. @param {Grey} grey @returns {Grey} */
export function doubled({ data, width, height }) {
  const [wide, high] = [width * 2, height * 2];
  const out = new Uint8Array(wide * high);
  const line = new Uint16Array(width + 2); // one row between two rows, times four, its ends doubled
  for (let y = 0; y < high; y += 1) {
    const near = (y >> 1) * width;
    const far = Math.min(height - 1, Math.max(0, (y >> 1) + (y & 1 ? 1 : -1))) * width;
    for (let x = 0; x < width; x += 1) line[x + 1] = 3 * at(data, near + x) + at(data, far + x);
    line[0] = at(line, 1);
    line[width + 1] = at(line, width);
    for (let x = 1, to = y * wide; x <= width; x += 1, to += 2) {
      const middle = 3 * at(line, x) + 8;
      out[to] = (middle + at(line, x - 1)) >> 4;
      out[to + 1] = (middle + at(line, x + 1)) >> 4;
    }
  }
  return { data: out, width: wide, height: high };
}

/** Edges made steeper: each pixel moved away from the mean of its nine by 1.5 times the difference.
 * @param {Grey} grey @returns {Grey} */
export function sharpened({ data, width, height }) {
  const out = new Uint8ClampedArray(data);
  const sums = new Uint16Array(width); // of three rows
  for (let y = 1; y < height - 1; y += 1) {
    const row = y * width;
    for (let x = 0; x < width; x += 1) sums[x] = at(data, row - width + x) + at(data, row + x) + at(data, row + width + x);
    let [left, middle] = [at(sums, 0), at(sums, 1)];
    for (let x = 1; x < width - 1; x += 1) {
      const right = at(sums, x + 1);
      out[row + x] = at(data, row + x) * 2.5 - (left + middle + right) / 6;
      [left, middle] = [middle, right];
    }
  }
  return { data: new Uint8Array(out.buffer), width, height };
}

/** Contrast evened out region by region (CLAHE): shadows and glare on the same label become readable.
 * @param {Grey} grey @returns {Grey} */
export function evened(grey) {
  const { data, width, height } = grey;
  const tables = regions(grey);
  const out = new Uint8Array(data.length);
  const across = places(width);
  const down = places(height);
  for (let y = 0; y < height; y += 1) {
    const [top, bottom, below] = [at(down.low, y) * GRID, at(down.high, y) * GRID, at(down.share, y)];
    for (let x = 0, n = y * width; x < width; x += 1, n += 1) {
      const value = at(data, n);
      const [left, right, share] = [at(across.low, x), at(across.high, x), at(across.share, x)];
      const above = mixed(at(tables, (top + left) * BINS + value), at(tables, (top + right) * BINS + value), share);
      out[n] = mixed(above, mixed(at(tables, (bottom + left) * BINS + value), at(tables, (bottom + right) * BINS + value), share), below);
    }
  }
  return { data: out, width, height };
}

/** @param {number} one @param {number} other @param {number} share of the other, 0 to 256 */
const mixed = (one, other, share) => (one * (BINS - share) + other * share) >> 8;

/** @param {ArrayLike<number>} list @param {number} index inside it */
const at = (list, index) => /** @type {number} */ (list[index]);

/** Between which two regions each column (or row) lies, and how near to the second. @param {number} length */
function places(length) {
  const [low, high, share] = [new Uint8Array(length), new Uint8Array(length), new Uint16Array(length)];
  for (let n = 0; n < length; n += 1) {
    const place = Math.min(GRID - 1, Math.max(0, ((n + 0.5) * GRID) / length - 0.5));
    low[n] = Math.floor(place);
    high[n] = Math.min(GRID - 1, at(low, n) + 1);
    share[n] = Math.round((place - at(low, n)) * BINS);
  }
  return { low, high, share };
}

/** For each region the table that evens its histogram out. @param {Grey} grey @returns {Uint8Array} */
function regions({ data, width, height }) {
  const tables = new Uint8Array(GRID * GRID * BINS);
  const counts = new Uint32Array(BINS);
  for (let region = 0; region < GRID * GRID; region += 1) {
    const [row, column] = [Math.floor(region / GRID), region % GRID];
    const [x, right] = [Math.floor((column * width) / GRID), Math.floor(((column + 1) * width) / GRID)];
    const [y, bottom] = [Math.floor((row * height) / GRID), Math.floor(((row + 1) * height) / GRID)];
    counts.fill(0);
    for (let line = y; line < bottom; line += 1) {
      for (let n = line * width + x; n < line * width + right; n += 1) counts[at(data, n)] = at(counts, at(data, n)) + 1;
    }
    level(counts, (right - x) * (bottom - y), tables.subarray(region * BINS, (region + 1) * BINS));
  }
  return tables;
}

/** The table of one histogram: what stands above the limit is spread over all values.
 * @param {Uint32Array} counts @param {number} total @param {Uint8Array} table filled */
function level(counts, total, table) {
  const limit = Math.max(1, (CLIP * total) / BINS);
  let spare = 0;
  for (let n = 0; n < BINS; n += 1) spare += Math.max(0, at(counts, n) - limit);
  let sum = 0;
  for (let n = 0; n < BINS; n += 1) {
    sum += Math.min(limit, at(counts, n)) + spare / BINS;
    table[n] = Math.min(255, Math.round((sum * 255) / Math.max(1, total)));
  }
}
