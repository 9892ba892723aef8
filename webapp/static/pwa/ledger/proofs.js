// Inclusion and consistency proofs, checked from nothing but roots (RFC 9162 §2.1.3.2, §2.1.4.2). Sizes are BigInt: a tree
// may have more entries than a number of JavaScript counts.

import { equal } from './bytes.js';
import { emptyRoot, nodeHash } from './merkle.js';

/** A tree has fewer than 2^63 entries. */
export const MOST_HASHES = 63;

/** The proof does not show what it is said to show. */
export class ProofError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'ProofError';
    this.code = 'proof';
  }
}

/** Throws ProofError unless the path leads from this leaf hash at `index` to the root of `size` entries.
 * @param {bigint} index @param {bigint} size @param {Uint8Array} leaf @param {Uint8Array[]} path @param {Uint8Array} root */
export async function verifyInclusion(index, size, leaf, path, root) {
  wellFormed([], root);
  if (!equal(await inclusionRoot(index, size, leaf, path), root)) throw new ProofError('the inclusion proof leads to another root');
}

/** The root to which the path leads from this leaf hash. Throws ProofError.
 * @param {bigint} index @param {bigint} size @param {Uint8Array} leaf @param {Uint8Array[]} path */
export async function inclusionRoot(index, size, leaf, path) {
  if (index < 0n || index >= size) throw new ProofError(`entry ${index} is not in a tree of ${size}`);
  wellFormed(path, leaf);
  let [at, last, found] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) throw new ProofError('the inclusion proof is too long');
    if (at & 1n || at === last) {
      found = await nodeHash(sibling, found);
      [at, last] = toRightChild(at, last);
    } else {
      found = await nodeHash(found, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last !== 0n) throw new ProofError('the inclusion proof is too short');
  return found;
}

/** Throws ProofError unless the path shows that the tree of `size` entries begins with the tree of `old`.
 * @param {bigint} old @param {bigint} size @param {Uint8Array} oldRoot @param {Uint8Array} root @param {Uint8Array[]} path */
export async function verifyConsistency(old, size, oldRoot, root, path) {
  if (old < 0n || old > size) throw new ProofError(`a tree of ${size} does not extend one of ${old}`);
  wellFormed(path, oldRoot, root);
  if (old === 0n || old === size) return withoutPath(old, size, oldRoot, root, path);
  // a perfect old tree is its own first hash (RFC 9162 §2.1.4.2)
  const hashes = (old & (old - 1n)) === 0n ? [oldRoot, ...path] : path;
  if (path.length === 0) throw new ProofError('the consistency proof is empty');
  const [before, after] = await climb(old - 1n, size - 1n, hashes);
  if (!equal(before, oldRoot) || !equal(after, root)) throw new ProofError('the consistency proof leads to other roots');
}

/** @param {bigint} at @param {bigint} last @param {Uint8Array[]} hashes */
async function climb(at, last, [first, ...siblings]) {
  while (at & 1n) [at, last] = [at >> 1n, last >> 1n];
  let [before, after] = [first, first];
  for (const sibling of siblings) {
    if (last === 0n) throw new ProofError('the consistency proof is too long');
    if (at & 1n || at === last) {
      [before, after] = [await nodeHash(sibling, before), await nodeHash(sibling, after)];
      [at, last] = toRightChild(at, last);
    } else {
      after = await nodeHash(after, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  if (last !== 0n) throw new ProofError('the consistency proof is too short');
  return [before, after];
}

/** @param {bigint} at @param {bigint} last */
function toRightChild(at, last) {
  while (at && !(at & 1n)) [at, last] = [at >> 1n, last >> 1n];
  return [at, last];
}

/** @param {bigint} old @param {bigint} size @param {Uint8Array} oldRoot @param {Uint8Array} root @param {Uint8Array[]} path */
async function withoutPath(old, size, oldRoot, root, path) {
  if (path.length) throw new ProofError('no consistency proof is needed here, and one was given');
  if (old === 0n && !equal(oldRoot, await emptyRoot())) throw new ProofError('the empty tree has another root');
  if (old === size && !equal(oldRoot, root)) throw new ProofError('two roots of the same size');
}

/** @param {Uint8Array[]} path @param {...Uint8Array} hashes */
function wellFormed(path, ...hashes) {
  if (path.length > MOST_HASHES) throw new ProofError('a proof has at most 63 hashes');
  if ([...path, ...hashes].some((hash) => hash.length !== 32)) throw new ProofError('a hash has 32 bytes');
}
