// The commitment that the phone writes is the one the server opens: same bytes, same HMAC.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { canonical, commitment, seal } from '../../webapp/static/pwa/kernel/canonical.js';
import { newId, unhex } from '../../webapp/static/pwa/kernel/ids.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/commitments.json', import.meta.url), 'utf8'));

test('canonical text and commitment are those of the shared vectors', async () => {
  for (const { salt, data, canonical: text, commit } of vectors.commitments) {
    assert.equal(canonical(data), text);
    assert.equal(await commitment({ salt, data }), commit);
  }
});

test('what would not come out the same everywhere is not written', () => {
  for (const value of [1.5, NaN, 2 ** 53, null, undefined, true, { a: null }, [undefined], { 型番: 'x' }]) {
    assert.throws(() => canonical(value), TypeError);
  }
});

test('each sealing has a salt of its own; nothing to seal has no commitment', async () => {
  const [one, two] = [await seal({ serial: 'S' }), await seal({ serial: 'S' })];
  assert.notEqual(one.commit, two.commit);
  assert.deepEqual([await seal(null), await seal({})], Array(2).fill({ open: null, commit: '' }));
});

test('ids carry the time they were made, so that later ones sort behind', () => {
  const ids = [1_700_000_000_000, 1_700_000_000_001, 1_800_000_000_000].map((now) => newId(now));
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(Number.parseInt(ids[0].slice(0, 13).replace('-', ''), 16), 1_700_000_000_000);
  assert.throws(() => unhex('0G'), RangeError);
});
