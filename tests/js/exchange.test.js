// Hand-over between two phones: the texts of the QR and the eight words are those of the server's own code.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { Gathering, decode, encode, kindOf, split } from '../../webapp/static/pwa/exchange/text.js';
import { useWords, wordsOf } from '../../webapp/static/pwa/exchange/words.js';

const here = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const vectors = here('../vectors/exchange.json');
useWords(here('../../webapp/static/pwa/contract/words.json'));

const pairs = (signed) => signed.map(({ p, s }) => [p, s]);
const read = async (text) => {
  try {
    return pairs((await decode(text)).signed);
  } catch (problem) {
    if (problem.name !== 'ExchangeError') throw problem;
    return null;
  }
};

test('texts are read as the server reads them', async () => {
  for (const [text, wanted] of vectors.texts) assert.deepEqual(await read(text), wanted, text.slice(0, 60));
});

test('what a phone writes, a phone reads', async () => {
  const { kind, signed } = await decode(vectors.texts[1][0]);
  const text = await encode(kind, signed);
  assert.match(text, /^ASHIATO-H1:[0-9A-Z $%*+\-./:]+$/);
  assert.deepEqual(await decode(text), { kind, signed });
});

test('the words are those of the server', async () => {
  for (const { exchanged, words } of vectors.words) {
    const given = exchanged.map(([code, [p, s], [p2, s2]]) => ({ code, offer: { p, s }, answer: { p: p2, s: s2 } }));
    assert.deepEqual(await wordsOf(given), words);
    assert.deepEqual(await wordsOf(given.reverse()), words);
  }
});

test('any changed byte gives other words', async () => {
  const [[code, [p, s], [p2, s2]]] = vectors.words[0].exchanged;
  const spoil = (line, at) => `${line.slice(0, at)}${line[at] === 'x' ? 'y' : 'x'}${line.slice(at + 1)}`;
  for (const which of [0, 1, 2, 3]) {
    const lines = [p, s, p2, s2];
    for (const at of [0, 40, lines[which].length - 1]) {
      const [a, b, c, d] = lines.with(which, spoil(lines[which], at));
      assert.notDeepEqual(await wordsOf([{ code, offer: { p: a, s: b }, answer: { p: c, s: d } }]), vectors.words[0].words);
    }
  }
});

test('a text of several parts comes together in any order, and is split as the server splits it', async () => {
  const [long, parts] = vectors.split;
  assert.deepEqual(await split(long), parts);
  const gathering = new Gathering();
  for (const part of [parts[2], parts[0], parts[0], parts[3]]) assert.equal(await gathering.take(part), '');
  assert.deepEqual(gathering.progress, { seen: 3, of: 4 });
  assert.equal(await gathering.take(parts[1]), long);
});

test('parts that do not make one text are refused, and another text begins anew', async () => {
  const [, parts] = vectors.split;
  const gathering = new Gathering();
  for (const part of parts.slice(0, 3)) await gathering.take(part);
  await assert.rejects(gathering.take(`${parts[3].slice(0, -2)}00`), { name: 'ExchangeError' });
  assert.equal(await gathering.take(vectors.texts[0][0]), vectors.texts[0][0]);
});

test('what is not ours is none', () => {
  assert.deepEqual(['ASHIATO1:AB', 'https://example.com', 'ASHIATO-X1:A', ''].map(kindOf), [null, null, null, null]);
  assert.deepEqual(['ASHIATO-H1:A', 'ASHIATO-A1/1/2/00000000:A'].map(kindOf), ['offer', 'answer']);
});
