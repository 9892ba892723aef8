// Proof files: all that somebody needs to check one entry with every server gone (C2SP tlog-proof v1).

import { NoteError, decode64, encode64, partition, sizeOf, text, utf8, concat } from './bytes.js';
import { leafHash } from './merkle.js';
import * as policies from './policies.js';
import { MOST_HASHES, verifyInclusion } from './proofs.js';

/** `extra` is not authenticated by anything: never believe it.
 * @typedef {{index: bigint, path: Uint8Array[], checkpoint: Uint8Array, extra: Uint8Array|null}} ProofFile */

export const HEADER = 'c2sp.org/tlog-proof@v1';

/** Read a proof file. Throws NoteError; nothing is verified. @param {Uint8Array} raw @returns {ProofFile} */
export function parse(raw) {
  const halves = partition(raw, [10, 10]);
  if (!halves || halves[0].some((byte) => byte > 127)) throw new NoteError('this is no proof file');
  const lines = text(halves[0]).split('\n');
  if (lines.shift() !== HEADER) throw new NoteError('this is no proof file');
  const extra = lines[0]?.startsWith('extra ') ? decode64(/** @type {string} */ (lines.shift()).slice(6)) : null;
  if (!lines[0]?.startsWith('index ') || lines.length > MOST_HASHES + 1) {
    throw new NoteError('a proof file names the index of its entry and at most 63 hashes');
  }
  return { index: sizeOf(lines[0].slice(6)), path: lines.slice(1).map(decode64), checkpoint: halves[1], extra };
}

/** The bytes of the file. @param {ProofFile} proof */
export function render({ index, path, checkpoint, extra }) {
  const lines = [HEADER, ...(extra ? [`extra ${encode64(extra)}`] : []), `index ${index}`, ...path.map(encode64), '', ''];
  return concat(utf8(lines.join('\n')), checkpoint);
}

/** What the policy says of the proof's checkpoint, in whose tree the entry stands. Throws NoteError or ProofError.
 * @param {ProofFile} proof @param {Uint8Array} entry @param {policies.Policy} policy @returns {Promise<policies.Judgement>} */
export async function verify(proof, entry, policy) {
  const judgement = await policies.judge(policy, proof.checkpoint);
  const { size, root } = judgement.checkpoint;
  await verifyInclusion(proof.index, size, await leafHash(entry), proof.path, root);
  return judgement;
}
