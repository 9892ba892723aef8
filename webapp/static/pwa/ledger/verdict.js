// What a proof is worth, against the policies that this phone has pinned. No network, no clock, no disk.

import { NoteError } from './bytes.js';
import * as checkpoints from './checkpoints.js';
import * as notes from './notes.js';
import * as paper from './paper.js';
import * as policies from './policies.js';
import * as proofFiles from './proof-files.js';
import { ProofError } from './proofs.js';

/** genuine 真正 · tampered 改ざんの疑い · short 署名が足りない · unknown この台帳の鍵を持っていません
 * @typedef {"genuine"|"tampered"|"short"|"unknown"} Kind */
/** Why it is not genuine: broken (not readable as a proof) · key (the log's name, another key) · signature (a known key did
 * not sign this) · place (the entry is not in the tree) · quorum · alone (nobody but the log itself is asked to sign).
 * @typedef {""|"broken"|"key"|"signature"|"place"|"origin"|"quorum"|"alone"} Why */
/** Policies of one log, the newest first. @typedef {{origin: string, texts: string[]}} Trusted */

/** @typedef {object} Verdict
 * @property {Kind} kind
 * @property {Why} why
 * @property {string} origin "" if even that was not readable
 * @property {bigint|null} index
 * @property {bigint|null} size entries of the log when it was signed
 * @property {{name: string, at: bigint}[]} cosigned who cosigned, and when (seconds)
 * @property {number} least cosignatures that are enough
 * @property {number} asked witnesses in the policy
 * @property {Uint8Array|null} entry believe it only if `kind` is "genuine" or "short"
 * @property {boolean} older an earlier policy of this log was needed
 */

/** @typedef {{origin: string, index: bigint, entry: Uint8Array, proof: (policy: policies.Policy) => Promise<proofFiles.ProofFile>}} Claim */

/** @type {Verdict} */
const NOTHING = { kind: 'tampered', why: 'broken', origin: '', index: null, size: null, cosigned: [], least: 0, asked: 0, entry: null, older: false };

/** A QR on paper. @param {string} text @param {Trusted[]} trusted @returns {Promise<Verdict>} */
export const examinePaper = (text, trusted) => examine(async () => {
  const read = await paper.decode(text);
  return { origin: read.origin, index: read.index, entry: read.entry, proof: (policy) => paper.proofOf(read, policy) };
}, trusted);

/** A `.tlog-proof` file and the entry it is about. @param {Uint8Array} raw @param {Uint8Array} entry @param {Trusted[]} trusted */
export const examineFile = (raw, entry, trusted) => examine(async () => {
  const proof = proofFiles.parse(raw);
  const { origin } = checkpoints.parse(notes.parse(proof.checkpoint).text);
  return { origin, index: proof.index, entry, proof: async () => proof };
}, trusted);

/** @param {() => Promise<Claim>} read @param {Trusted[]} trusted @returns {Promise<Verdict>} */
async function examine(read, trusted) {
  /** @type {Claim} */
  let claim;
  try {
    claim = await read();
  } catch (problem) {
    if (!isRefusal(problem)) throw problem;
    return NOTHING;
  }
  const { origin, index, entry } = claim;
  const known = trusted.find((each) => each.origin === origin);
  if (!known) return { ...NOTHING, kind: 'unknown', why: 'origin', origin, index, entry };
  const all = await Promise.all(known.texts.map((text) => against(claim, text)));
  const good = all.findIndex(({ kind }) => kind === 'genuine');
  return good > 0 ? { ...all[good], older: true } : all[0];
}

/** @param {Claim} claim @param {string} text @returns {Promise<Verdict>} */
async function against({ origin, index, entry, proof }, text) {
  const policy = await policies.parse(text);
  const said = { ...NOTHING, origin, index, ...needs(policy) };
  try {
    const { checkpoint, witnesses, isEnough } = await proofFiles.verify(await proof(policy), entry, policy);
    const cosigned = [...witnesses].map(([name, at]) => ({ name, at }));
    const why = policy.quorum === 'none' ? 'alone' : 'quorum';
    const good = isEnough && why !== 'alone';
    return { ...said, kind: good ? 'genuine' : 'short', why: good ? '' : why, size: checkpoint.size, cosigned, entry };
  } catch (problem) {
    if (!isRefusal(problem)) throw problem;
    return { ...said, why: whyOf(problem) };
  }
}

/** @param {policies.Policy} policy */
function needs({ witnesses, groups, quorum }) {
  return { asked: witnesses.size, least: groups.get(quorum)?.least ?? (quorum === 'none' ? 0 : 1) };
}

/** @param {unknown} problem @returns {problem is NoteError|ProofError} */
const isRefusal = (problem) => problem instanceof NoteError || problem instanceof ProofError;

/** @param {NoteError|ProofError} problem @returns {Why} */
function whyOf({ code }) {
  /** @type {Record<string, Why>} */
  const words = { log: 'key', signature: 'signature', proof: 'place' };
  return words[code] ?? 'broken';
}
