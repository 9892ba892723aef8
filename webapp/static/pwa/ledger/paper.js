// Proof on paper: one QR with an entry, its way to the root and the cosigned checkpoint. docs/paper-proof.md is the format;
// webapp/kernel/tlog/paper.py writes it.

import * as base45 from './base45.js';
import { NoteError, text, utf8 } from './bytes.js';
import { textOf } from './checkpoints.js';
import { inflate } from './inflate.js';
import { leafHash } from './merkle.js';
import { COSIGNATURE, SIGNATURE, hex, isName, render } from './notes.js';
import { PREFIX } from './prefix.js';
import { inclusionRoot } from './proofs.js';

/** @typedef {import('./notes.js').Signature} Signature */
/** @typedef {import('./policies.js').Policy} Policy */
/** What the QR says; nothing is verified. A signature without a name means a key of the reader's policy.
 * @typedef {{origin: string, size: bigint, index: bigint, path: Uint8Array[], signatures: Signature[], entry: import('./bytes.js').Bytes}} Paper */

export { PREFIX };
const MOST_CHARACTERS = 4296;
const MOST_ENTRY = 65_535;
const MOST_SIGNATURES = 16;
const LENGTHS = new Map([[SIGNATURE, 64], [COSIGNATURE, 72]]);
/** What most entries say anyway. Part of version 1 for ever. */
const DICTIONARY = utf8([
  String.raw`"custody.consignment_opened""custody.import_committed""custody.assets_listed""custody.cage_added""codes.issued""`,
  String.raw`codes.printed"\"municipality\":\"carrier\":\"itad\":\"policy\":\"mic-2020-12/1\""auditor""admin""driver""itad_ma`,
  String.raw`nager""itad_checker""itad_operator""itad_receiver""itad_technician"sanitize_faileddestroyed_on_siteloadedlockedh`,
  String.raw`anded_overarrivedopenedcountedcount_closeddrive_extracteddestroyedvoid\"seal\":\"lock\":\"manifest\":[\"manifest`,
  String.raw`_hash\":\"count\":\"verdict\":\"intact\"\"to\":\"p-\"drive\":\"particle_mm\":\"target\":\"reason\":\"method\":\"`,
  String.raw`shred\"\"purge\"\"clear\"\"result\":\"ok\"sanitized\"tool\":\"typed\"\"photo\"\"form\"attention\"unknown\"{"by":`,
  String.raw`{"actor":"p-","org":"01a2","roles":["officer"]},"id":"01a2","kind":"custody.scan","log":"0","p":"{\"v\":1,\"id\"`,
  String.raw`:\"01a2\",\"log\":\"0\",\"kind\":\"custody.scan\",\"actor\":\"p-\",\"at\":17\",\"body\":{\"device\":\"01a2\"},\"`,
  String.raw`commit\":\"\",\"step\":\"registered\",\"code\":\"\",\"parent\":\"\",\"job\":\"01a2\",\"src\":\"camera\",\"dev\":`,
  String.raw`\"01a2\",\"seq\":1,\"prev\":\"\",\"wit\":[\"p-\"],\"mono\":,\"boot\":\"01a2\",\"off\":0,\"off_age\":0,\"place\":`,
  String.raw`\"\",\"ev\":[],\"base\":\"\",\"said\":\"ok\",\"app\":\"","rec":17,"s":"","v":1}`,
].join(''));

/** Read the text of the QR. Throws NoteError; nothing is verified. @param {string} letters @returns {Promise<Paper>} */
export async function decode(letters) {
  if (!letters.startsWith(PREFIX) || letters.length > MOST_CHARACTERS) throw new NoteError('this is no proof on paper');
  const reader = new Reader(base45.decode(letters.slice(PREFIX.length)));
  const origin = reader.name();
  const [size, index] = [reader.varint(), reader.varint()];
  if (!origin || index >= size) throw new NoteError('a proof names its log, and an entry that is in it');
  const path = Array.from({ length: pathLength(index, size) }, () => reader.take(32));
  const signatures = Array.from({ length: reader.count(MOST_SIGNATURES) }, () => reader.signature(origin));
  return { origin, size, index, path, signatures, entry: await inflate(reader.rest(), DICTIONARY, MOST_ENTRY) };
}

/** The same as a proof file. Signatures without a name that this policy cannot name either fall out. Throws NoteError.
 * @param {Paper} paper @param {Policy} policy @returns {Promise<import('./proof-files.js').ProofFile>} */
export async function proofOf({ origin, size, index, path, signatures, entry }, policy) {
  const root = await inclusionRoot(index, size, await leafHash(entry), path);
  const known = references(policy);
  const named = signatures.map((each) => ({ ...each, name: each.name || (known.get(hex(each.keyId)) ?? '') }));
  const note = { text: textOf({ origin, size, root }), signatures: named.filter(({ name }) => name) };
  return { index, path, checkpoint: render(note), extra: null };
}

/** How many hashes lead from this entry to the root: inside its own subtree, then beside it (RFC 6962 §2.1.1).
 * @param {bigint} index @param {bigint} size */
export function pathLength(index, size) {
  const inner = bits(index ^ (size - 1n)).length;
  return inner + bits(index >> BigInt(inner)).replaceAll('0', '').length;
}

/** @param {bigint} number */
const bits = (number) => (number === 0n ? '' : number.toString(2));

/** Witness names by key id; an id that two keys share stands for neither (one could be made to collide).
 * @param {Policy} policy @returns {Map<string, string>} */
function references(policy) {
  const keys = [...policy.witnesses.values()].map(({ key }) => ({ id: hex(key.keyId), name: key.name }));
  return new Map(keys.filter(({ id }) => keys.filter((other) => other.id === id).length === 1).map(({ id, name }) => [id, name]));
}

/** The payload, piece by piece. Throws NoteError where it ends too early. */
class Reader {
  #raw;
  #at = 0;

  /** @param {import('./bytes.js').Bytes} raw */
  constructor(raw) {
    this.#raw = raw;
  }

  /** @param {number} count */
  take(count) {
    const part = this.#raw.slice(this.#at, this.#at + count);
    if (part.length !== count) throw new NoteError('the proof on paper ends too early');
    this.#at += count;
    return part;
  }

  rest() {
    return this.#raw.slice(this.#at);
  }

  /** @param {number} most */
  count(most) {
    const [found] = this.take(1);
    if (found === 0 || found > most) throw new NoteError('too few or too many signatures on paper');
    return found;
  }

  /** LEB128, unsigned, below 2^63. */
  varint() {
    let found = 0n;
    for (let shift = 0n; shift <= 56n; shift += 7n) {
      const [byte] = this.take(1);
      found |= BigInt(byte & 0x7f) << shift;
      if (byte === 0 && shift > 0n) throw new NoteError('a figure on paper that nobody writes so');
      if (byte <= 0x7f) return found;
    }
    throw new NoteError('a figure on paper is below 2^63');
  }

  /** Empty, or a name that a key may have. */
  name() {
    const name = text(this.take(this.take(1)[0]));
    if (name && !isName(name)) throw new NoteError('nothing is called so');
    return name;
  }

  /** @param {string} origin @returns {Signature} */
  signature(origin) {
    const [kind] = this.take(1);
    const name = this.name();
    const length = LENGTHS.get(kind);
    if (!length || (kind === SIGNATURE && name)) throw new NoteError("a signature on paper is the log's or a witness's");
    return { name: kind === SIGNATURE ? origin : name, keyId: this.take(4), blob: this.take(length) };
  }
}
