// Ed25519 (RFC 8032). The browser's own where it has one and it is right; else @noble/ed25519, which we serve ourselves.
// Not guessed from the browser's name: a known signature is tried.

/** @typedef {(key: Uint8Array, message: Uint8Array, signature: Uint8Array) => Promise<boolean>} Verify */

/** RFC 8032 §7.1, test 2: key, message, signature. */
const KNOWN = ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72',
  '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
].map((hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)));

/** Ed25519 of WebCrypto. Throws where the browser has none. @param {SubtleCrypto} subtle @returns {Verify} */
const native = (subtle) => async (key, message, signature) => {
  const imported = await subtle.importKey('raw', new Uint8Array(key), 'Ed25519', false, ['verify']);
  return subtle.verify('Ed25519', imported, new Uint8Array(signature), new Uint8Array(message));
};

/** Ed25519 in JavaScript, with SHA-512 of WebCrypto. @returns {Promise<Verify>} */
async function portable() {
  // imported by address, so that the type checker reads the package's own declarations
  /** @type {typeof import('@noble/ed25519')} */
  const noble = await import(new URL('../vendor/noble-ed25519/index.js', import.meta.url).href);
  // zip215 off: the same strict rules as OpenSSL's
  return async (key, message, signature) => noble.verifyAsync(signature, message, key, { zip215: false }).catch(() => false);
}

/** @param {Verify} check */
async function isRight(check) {
  const [key, message, signature] = KNOWN;
  try {
    return await check(key, message, signature) && !(await check(key, new Uint8Array([0x73]), signature));
  } catch {
    return false;
  }
}

/** What this browser verifies with, and which of the two it is.
 * @param {SubtleCrypto|undefined} [subtle] @returns {Promise<{verify: Verify, by: "browser"|"library"}>} */
export async function choose(subtle = globalThis.crypto?.subtle) {
  if (subtle && await isRight(native(subtle))) return { verify: native(subtle), by: 'browser' };
  const ours = await portable();
  if (!await isRight(ours)) throw new Error('this browser cannot check signatures');
  return { verify: ours, by: 'library' };
}

/** @type {ReturnType<typeof choose>|undefined} */
let chosen;

/** Whether this key made this signature of this message. @type {Verify} */
export async function verify(key, message, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  chosen ??= choose();
  const check = (await chosen).verify;
  return check(key, message, signature).catch(() => false); // a key that is no point of the curve
}
