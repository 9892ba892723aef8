// Unpacking what somebody else packed: the browser's raw inflate, with a dictionary and a limit it must not pass.

import { NoteError, concat } from './bytes.js';

/** The unpacked bytes, at most `most`. Throws NoteError for more, for rubbish, and for anything behind the end.
 * @param {Uint8Array} raw @param {Uint8Array} dictionary @param {number} most @returns {Promise<import('./bytes.js').Bytes>} */
export async function inflate(raw, dictionary, most) {
  const found = await unpack(raw, dictionary, most);
  // the last byte holds the last bits: a stream that is whole without it had something behind its end, which not every
  // engine notices
  const isWhole = await unpack(raw.slice(0, -1), dictionary, most).then(() => true, () => false);
  if (isWhole) throw new NoteError('something stands behind the entry on paper');
  return found;
}

/** The browser knows no dictionaries, but a deflate stream may begin with a block that is not packed: the dictionary goes
 * there, and is cut off what comes out.
 * @param {Uint8Array} raw @param {Uint8Array} dictionary @param {number} most */
async function unpack(raw, dictionary, most) {
  const length = dictionary.length;
  const stored = [0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff];
  const stream = new Blob([concat(stored, dictionary, raw)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return (await read(stream, length + most)).slice(length);
}

/** @param {ReadableStream<Uint8Array>} stream @param {number} most */
async function read(stream, most) {
  const [parts, reader] = [/** @type {Uint8Array[]} */ ([]), stream.getReader()];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new NoteError('the entry on paper does not unpack');
    });
    if (done) return concat(...parts);
    length += value.length;
    if (length > most) {
      void reader.cancel().catch(() => undefined);
      throw new NoteError('the entry on paper is longer than an entry');
    }
    parts.push(value);
  }
}
