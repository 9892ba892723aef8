// Signatures are checked by the browser where it can, by our own copy of a library where it cannot.
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import test from 'node:test';

import { choose, verify } from '../../webapp/static/pwa/ledger/ed25519.js';

const { subtle } = globalThis.crypto;
const browsers = {
  'an engine of today': [subtle, 'browser'],
  'a browser without WebCrypto': [null, 'library'],
  'a browser whose WebCrypto lacks Ed25519': [{
    importKey: async () => { throw new DOMException('Unrecognized name', 'NotSupportedError'); },
  }, 'library'],
  'a browser that says yes to everything': [{ importKey: async () => ({}), verify: async () => true }, 'library'],
};

function signed(message) {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  return { key, message, signature: sign(null, message, privateKey) };
}

for (const [name, [offered, by]] of Object.entries(browsers)) {
  test(`${name}: the ${by} checks, and both ways agree`, async () => {
    const chosen = await choose(offered);
    assert.equal(chosen.by, by);
    for (let count = 0; count < 20; count += 1) {
      const { key, message, signature } = signed(Buffer.alloc(count * 7, count));
      assert.equal(await chosen.verify(key, message, signature), true);
      for (const at of [0, 31, 32, 63]) {
        const changed = Uint8Array.from(signature);
        changed[at] ^= 1;
        assert.equal(await chosen.verify(key, message, changed).catch(() => false), false);
      }
      assert.equal(await chosen.verify(key, Buffer.concat([message, Buffer.from('.')]), signature), false);
    }
  });
}

test('keys and signatures of another length are refused, and so is a key that is no point', async () => {
  const { key, message, signature } = signed(Buffer.from('足あと'));
  assert.equal(await verify(key, message, signature), true);
  assert.equal(await verify(key.subarray(1), message, signature), false);
  assert.equal(await verify(key, message, signature.subarray(1)), false);
  assert.equal(await verify(new Uint8Array(32).fill(255), message, signature), false);
});

test('a signature with a larger S, which says the same to a careless reader, is refused by both', async () => {
  const { key, message, signature } = signed(Buffer.from('足あと'));
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  let s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
  const other = Uint8Array.from(signature);
  for (let at = 32; at < 64; at += 1) {
    other[at] = Number(s & 255n);
    s >>= 8n;
  }
  for (const offered of [subtle, null]) {
    const chosen = await choose(offered);
    assert.equal(await chosen.verify(key, message, other), false);
  }
});
