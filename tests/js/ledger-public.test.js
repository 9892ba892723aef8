// What other people's programs wrote: the public vectors of RFC 6962 proofs, and the small log of Tessera's tests.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import test from 'node:test';

import { decode64, equal } from '../../webapp/static/pwa/ledger/bytes.js';
import * as checkpoints from '../../webapp/static/pwa/ledger/checkpoints.js';
import { leafHash, nodeHash } from '../../webapp/static/pwa/ledger/merkle.js';
import * as notes from '../../webapp/static/pwa/ledger/notes.js';
import * as proofs from '../../webapp/static/pwa/ledger/proofs.js';

const VECTORS = new URL('../../../shared/vectors/', import.meta.url);
const skip = existsSync(VECTORS) ? false : 'the public vectors (../shared/vectors) are not beside the project';
const TESSERA_VKEY = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx';
/** Their test calls a "root" of 12 bytes equal to itself. Nothing that SHA-256 made has 12 bytes: we refuse it. */
const NO_HASH = 'additional/sizes-are-equal-one-and-proof-is-empty.json';

/** Whether the proof in this file is believed. */
async function isHeld(kind, said) {
  const hashes = (said.proof ?? []).map(decode64);
  const raw = (name) => decode64(said[name] ?? '');
  try {
    if (kind === 'inclusion') await proofs.verifyInclusion(BigInt(said.leafIdx), BigInt(said.treeSize), raw('leafHash'), hashes, raw('root'));
    else await proofs.verifyConsistency(BigInt(said.size1), BigInt(said.size2), raw('root1'), raw('root2'), hashes);
    return true;
  } catch (problem) {
    if (problem.name !== 'ProofError') throw problem;
    return false;
  }
}

/** The text with its numbers as strings: some are too large for a number of JavaScript. */
const exactly = (text) => JSON.parse(text.replace(/("(?:leafIdx|treeSize|size1|size2)":\s*)(\d+)/g, '$1"$2"'));

for (const kind of ['inclusion', 'consistency']) {
  test(`public ${kind} proofs hold or fail as they should`, { skip }, async () => {
    const folder = new URL(`rfc6962/${kind}/`, VECTORS);
    const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.json'));
    assert.equal(files.length, 98);
    for (const name of files) {
      const said = exactly(readFileSync(new URL(encodeURIComponent(name).replaceAll('%2F', '/'), folder), 'utf8'));
      assert.equal(await isHeld(kind, said), name === NO_HASH ? false : !said.wantErr, name);
    }
  });
}

test('the checkpoints of a public log open with its public key, and their roots are those of its entries', { skip }, async () => {
  const key = await notes.parseKey(TESSERA_VKEY);
  const leaves = await Promise.all(bundle().map(leafHash));
  for (let size = 1; size < 16; size += 1) {
    const note = notes.parse(readFileSync(new URL(`tessera-log/checkpoint.${size}`, VECTORS)));
    assert.deepEqual([...await notes.verified(note, [key])], [[key, 0n]]);
    const { root, ...rest } = checkpoints.parse(note.text);
    assert.deepEqual(rest, { origin: 'example.com/log/testdata', size: BigInt(size) });
    assert.ok(equal(root, await rootOf(leaves.slice(0, size))));
  }
});

/** Entries of the public log. */
function bundle() {
  const raw = readFileSync(new URL('tessera-log/tile/entries/000.p/15', VECTORS));
  const found = [];
  for (let at = 0; at < raw.length; at += 2 + raw.readUInt16BE(at)) found.push(raw.subarray(at + 2, at + 2 + raw.readUInt16BE(at)));
  return found;
}

/** RFC 6962 §2.1, as it is written there. */
async function rootOf(hashes) {
  if (hashes.length === 1) return hashes[0];
  const split = 2 ** Math.ceil(Math.log2(hashes.length) - 1);
  return nodeHash(await rootOf(hashes.slice(0, split)), await rootOf(hashes.slice(split)));
}
