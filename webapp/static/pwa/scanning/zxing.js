// zxing-wasm fed with grey pixels. Its own door takes coloured pictures and turns them grey in each pass; a camera's frame
// is grey already, and several looks share it. The library comes from our own server, never from a CDN.

/** @typedef {import('./grey.js').Grey} Grey */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {{topLeft: Point, topRight: Point, bottomRight: Point, bottomLeft: Point}} Position */
/** What zxing-wasm answers, of which we use this. @typedef {{text: string, format: string, error: string, position: Position}} Found */

const locateFile = (/** @type {string} */ file) => new URL(`../vendor/zxing-wasm/${file}`, import.meta.url).href;

/** The module as its package declares it, with the memory that Emscripten gives it.
 * @typedef {import('zxing-wasm/reader').ZXingReaderModule
 *   & {HEAPU8: Uint8Array, _malloc: (bytes: number) => number, _free: (at: number) => void}} Module */

/** Compiles the wasm. The library is imported by address, so that the type checker reads the package's own declarations.
 * @param {{wasmBinary?: ArrayBuffer}} [overrides] where there is no server to fetch from @returns {Promise<Reader>} */
export async function openReader(overrides) {
  /** @type {typeof import('zxing-wasm/reader')} */
  const zxing = await import(locateFile('reader/index.js'));
  const module = await zxing.prepareZXingModule({ overrides: { locateFile, ...overrides }, fireImmediately: true });
  return new Reader(zxing, /** @type {Module} */ (module));
}

/** One compiled reader and one piece of its memory for pictures. */
export class Reader {
  #zxing;
  #module;
  #room = { at: 0, bytes: 0 };
  /** @type {Map<string, string>} */ #formats = new Map();

  /** @param {typeof import('zxing-wasm/reader')} zxing @param {Module} module */
  constructor(zxing, module) {
    this.#zxing = zxing;
    this.#module = module;
  }

  /** The codes in a picture. `partial`: also what was found and not understood, with `error`. `close`: dark on light only and
   * at this size only, for a part whose whole was looked at. Throws Error if memory is short.
   * @param {Grey} grey @param {string[]} formats @param {{partial?: boolean, denoise?: boolean, close?: boolean}} [options]
   * @returns {Found[]} */
  read({ data, width, height }, formats, { partial = false, denoise = false, close = false } = {}) {
    this.#module.HEAPU8.set(data, this.#place(data.length));
    const options = { ...this.#options(formats), returnErrors: partial, tryDenoise: denoise, tryInvert: !close, tryDownscale: !close };
    const found = this.#module.readBarcodesFromPixmap(this.#room.at, width, height, options);
    const reads = Array.from({ length: found.size() }, (_, n) => /** @type {Found} */ (found.get(n)));
    /** @type {{delete?: () => void}} */ (found).delete?.(); // else its memory waits for the garbage collector
    return reads;
  }

  /** @param {number} bytes */
  #place(bytes) {
    if (bytes <= this.#room.bytes) return this.#room.at;
    if (this.#room.at) this.#module._free(this.#room.at);
    this.#room = { at: this.#module._malloc(bytes), bytes };
    if (!this.#room.at) throw new Error('decoder.memory');
    return this.#room.at;
  }

  /** Everything else as the library would have it: measured, "fast" settings lose 20 % of the codes and downscaling helps.
   * @param {string[]} formats */
  #options(formats) {
    const { defaultReaderOptions, encodeFormats, BINARIZERS, TEXT_MODES, CHARACTER_SETS, EAN_ADD_ON_SYMBOLS } = this.#zxing;
    const key = formats.join();
    const known = this.#formats.get(key) ?? encodeFormats(/** @type {Parameters<typeof encodeFormats>[0]} */ (formats));
    this.#formats.set(key, known);
    return {
      ...defaultReaderOptions,
      formats: known,
      binarizer: BINARIZERS.indexOf('LocalAverage'),
      eanAddOnSymbol: EAN_ADD_ON_SYMBOLS.indexOf('Ignore'),
      textMode: TEXT_MODES.indexOf('HRI'),
      characterSet: CHARACTER_SETS.indexOf('Unknown'),
    };
  }
}
