// The phone believes exactly what the server's verifier believes: the vectors that Python wrote.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import * as base45 from '../../webapp/static/pwa/ledger/base45.js';
import { decode64, encode64, sizeOf } from '../../webapp/static/pwa/ledger/bytes.js';
import * as checkpoints from '../../webapp/static/pwa/ledger/checkpoints.js';
import { sha256 } from '../../webapp/static/pwa/ledger/merkle.js';
import * as notes from '../../webapp/static/pwa/ledger/notes.js';
import * as paper from '../../webapp/static/pwa/ledger/paper.js';
import * as policies from '../../webapp/static/pwa/ledger/policies.js';
import * as proofFiles from '../../webapp/static/pwa/ledger/proof-files.js';
import * as proofs from '../../webapp/static/pwa/ledger/proofs.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/tlog.json', import.meta.url), 'utf8'));
const REFUSALS = new Set(['NoteError', 'ProofError', 'PolicyError']);

/** What was read; null if it was refused, as in the file. Any other error is a fault of ours. */
async function answer(read) {
  try {
    return await read();
  } catch (problem) {
    if (!REFUSALS.has(problem.name)) throw problem;
    return null;
  }
}

/** Every line of a table means to us what it means to Python. */
function same(name, read) {
  test(`${name} are read as the server reads them`, async () => {
    for (const [given, wanted] of vectors[name]) assert.deepEqual(await answer(() => read(given)), wanted, JSON.stringify(given));
  });
}

const judged = ({ checkpoint, witnesses, isEnough }) =>
  ({ size: String(checkpoint.size), witnesses: [...witnesses].map(([name, at]) => [name, String(at)]), enough: isEnough });

same('base64', (text) => encode64(decode64(text)));
same('base45', (text) => notes.hex(base45.decode(text)));
same('sizes', (text) => String(sizeOf(text)));
same('names', notes.isName);
same('keys', async (vkey) => {
  const { name, kind, public: key, keyId } = await notes.parseKey(vkey);
  return { name, kind, public: encode64(key), id: notes.hex(keyId) };
});
same('checkpoints', (text) => {
  const { origin, size, root } = checkpoints.parse(text);
  return { origin, size: String(size), root: encode64(root) };
});
same('notes', (raw) => {
  const { text, signatures } = notes.parse(decode64(raw));
  return { text, signatures: signatures.map(({ name, keyId, blob }) => [name, notes.hex(keyId), encode64(blob)]) };
});
same('policies', async (text) => {
  const { logs, witnesses, groups, quorum } = await policies.parse(text);
  return {
    logs: logs.map(({ key, url }) => [key.vkey, url]), quorum,
    witnesses: [...witnesses].map(([name, { key, url }]) => [name, key.vkey, url]),
    groups: [...groups].map(([name, { least, members }]) => [name, least, members]),
  };
});
same('proof_files', (raw) => {
  const { index, path, checkpoint, extra } = proofFiles.parse(decode64(raw));
  return { index: String(index), path: path.map(encode64), checkpoint: encode64(checkpoint), extra: extra && encode64(extra) };
});

test('a note and a proof file are written back to the byte', () => {
  for (const [raw, wanted] of vectors.notes) if (wanted) assert.equal(encode64(notes.render(notes.parse(decode64(raw)))), raw);
  for (const [raw, wanted] of vectors.proof_files) {
    if (wanted) assert.equal(encode64(proofFiles.render(proofFiles.parse(decode64(raw)))), raw);
  }
});

test('policies judge checkpoints as the server does', async () => {
  for (const [text, number, wanted] of vectors.judgements) {
    const raw = decode64(vectors.notes[number][0]);
    assert.deepEqual(await answer(async () => judged(await policies.judge(await policies.parse(text), raw))), wanted, `note ${number}`);
  }
});

test('inclusion proofs hold or fail as they should', async () => {
  for (const [index, size, leaf, path, root, wanted] of vectors.inclusion) {
    const [way, hash, top] = [path.map(decode64), decode64(leaf), decode64(root)];
    const holds = async () => { await proofs.verifyInclusion(BigInt(index), BigInt(size), hash, way, top); return true; };
    assert.equal(await answer(holds), wanted, `${index} of ${size}`);
  }
});

test('consistency proofs hold or fail as they should', async () => {
  for (const [old, size, before, after, path, wanted] of vectors.consistency) {
    const way = path.map(decode64);
    const holds = async () => {
      await proofs.verifyConsistency(BigInt(old), BigInt(size), decode64(before), decode64(after), way);
      return true;
    };
    assert.equal(await answer(holds), wanted, `${old} to ${size}`);
  }
});

test('proof files are verified as the server verifies them', async () => {
  for (const [raw, entry, text, wanted] of vectors.verified) {
    const policy = await policies.parse(text);
    const found = await answer(async () => judged(await proofFiles.verify(proofFiles.parse(decode64(raw)), decode64(entry), policy)));
    assert.deepEqual(found, wanted);
  }
});

test('the way to the root has the length that index and size give', () => {
  for (const [index, size, length] of vectors.path_lengths) assert.equal(paper.pathLength(BigInt(index), BigInt(size)), length);
});

test('a QR on paper is read and verified as the server does it, whatever byte was changed', async () => {
  const policy = await policies.parse(vectors.policies[0][0]);
  for (const { what, text, read, judged: wanted } of vectors.paper) {
    const found = await answer(() => paper.decode(text));
    assert.deepEqual(found && await shown(found), read, what);
    const verified = found && await answer(async () => judged(await proofFiles.verify(await paper.proofOf(found, policy), found.entry, policy)));
    assert.deepEqual(verified, wanted, what);
  }
});

/** As the file shows a paper. */
async function shown({ origin, size, index, path, signatures, entry }) {
  const way = notes.hex(await sha256(Buffer.concat(path)));
  return { origin, size: String(size), index: String(index), path: way, entry: encode64(entry),
    signatures: signatures.map(({ name, keyId }) => [name, notes.hex(keyId)]) };
}
