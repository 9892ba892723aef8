// Whose signatures are enough: trust policies (C2SP tlog-policy).

import { NoteError, equal, sizeOf } from './bytes.js';
import * as checkpoints from './checkpoints.js';
import * as notes from './notes.js';

/** @typedef {import('./notes.js').VerifyKey} VerifyKey */
/** A log or a witness, and where it answers. @typedef {{key: VerifyKey, url: string}} Party */
/** At least `least` of these. @typedef {{least: number, members: string[]}} Group */
/** @typedef {{logs: Party[], witnesses: Map<string, Party>, groups: Map<string, Group>, quorum: string}} Policy */
/** A checkpoint that a known log signed, who cosigned it (name in the policy → seconds), whether that is enough.
 * @typedef {{checkpoint: import('./checkpoints.js').Checkpoint, witnesses: Map<string, bigint>, isEnough: boolean}} Judgement */

const NONE = 'none';
const MOST_NAMES = 256;
/** Words behind the first one of a line: at least, at most. */
const LENGTHS = new Map([['log', [1, 2]], ['witness', [2, 3]], ['group', [3, Infinity]], ['quorum', [1, 1]]]);

/** The text is not a policy. */
export class PolicyError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'PolicyError';
    this.code = 'policy';
  }
}

/** Read a policy file. Throws PolicyError, saying which line. @param {string} text @returns {Promise<Policy>} */
export async function parse(text) {
  if ([...text].some((letter) => (letter < ' ' && letter !== '\t' && letter !== '\n') || letter === '\x7f')) {
    throw new PolicyError('a policy holds no control characters');
  }
  const draft = new Draft();
  for (const [number, line] of text.split('\n').entries()) {
    const words = line.split(/[ \t]/).filter(Boolean);
    if (words.length === 0 || words[0].startsWith('#')) continue;
    try {
      await draft.take(words);
    } catch (problem) {
      if (!(problem instanceof PolicyError || problem instanceof NoteError)) throw problem;
      throw new PolicyError(`line ${number + 1}: ${problem.message}`);
    }
  }
  if (!draft.quorum) throw new PolicyError('a policy says its quorum');
  return { logs: draft.logs, witnesses: draft.witnesses, groups: draft.groups, quorum: draft.quorum };
}

/** A policy while it is read, line by line. */
class Draft {
  /** @type {Party[]} */ logs = [];
  /** @type {Map<string, Party>} */ witnesses = new Map();
  /** @type {Map<string, Group>} */ groups = new Map();
  quorum = '';
  /** @type {Set<string>} */ #used = new Set();

  /** @param {string[]} words */
  async take([word, ...rest]) {
    const [least, most] = LENGTHS.get(word) ?? [1, 0];
    if (rest.length < least || rest.length > most || (word === 'quorum' && this.quorum)) throw new PolicyError('this is no line of a policy');
    if (word === 'log') await this.#log(rest);
    else if (word === 'witness') await this.#witness(rest);
    else if (word === 'group') this.#group(rest);
    else this.#quorum(rest[0]);
  }

  /** @param {string[]} words */
  async #log([vkey, url = '']) {
    this.logs.push(await party(vkey, url, notes.SIGNATURE, this.logs));
  }

  /** @param {string[]} words */
  async #witness([name, vkey, url = '']) {
    const witness = await party(vkey, url, notes.COSIGNATURE, [...this.witnesses.values()]);
    this.witnesses.set(this.#fresh(name), witness);
  }

  /** @param {string[]} words */
  #group([name, least, ...members]) {
    const fresh = this.#fresh(name);
    for (const member of members) {
      if (!this.#knows(member)) throw new PolicyError(`${member} is not known yet`);
      if (this.#used.has(member)) throw new PolicyError(`${member} is a member twice`);
      this.#used.add(member);
    }
    const words = new Map([['all', BigInt(members.length)], ['any', 1n]]);
    const count = words.get(least) ?? sizeOf(least);
    if (count < 1n || count > BigInt(members.length)) throw new PolicyError('a group asks for at least one and at most all of its members');
    this.groups.set(fresh, { least: Number(count), members });
  }

  /** @param {string} name */
  #quorum(name) {
    if (name !== NONE && !this.#knows(name)) throw new PolicyError(`${name} is not known yet`);
    this.quorum = name;
  }

  /** @param {string} name */
  #knows(name) {
    return this.witnesses.has(name) || this.groups.has(name);
  }

  /** @param {string} name */
  #fresh(name) {
    if (name === NONE || this.#knows(name)) throw new PolicyError(`${name} is taken`);
    if (this.witnesses.size + this.groups.size >= MOST_NAMES) throw new PolicyError('too many names');
    return name;
  }
}

/** @param {string} vkey @param {string} url @param {number} kind @param {Party[]} known @returns {Promise<Party>} */
async function party(vkey, url, kind, known) {
  const key = await notes.parseKey(vkey);
  if (key.kind !== kind) throw new PolicyError('a key of another type is needed here');
  if (known.some((other) => equal(other.key.public, key.public))) throw new PolicyError('the same key twice');
  return { key, url };
}

/** Whether these witnesses are enough. @param {Policy} policy @param {Set<string>} cosigned */
export function isMet(policy, cosigned) {
  /** @param {string} name @returns {boolean} */
  const holds = (name) => {
    const group = policy.groups.get(name);
    return group ? group.members.filter(holds).length >= group.least : cosigned.has(name);
  };
  return policy.quorum === NONE || holds(policy.quorum);
}

/** Check a signed checkpoint. Throws NoteError unless one of the logs signed it under its own origin (code "log"), and where
 * a known key's signature fails (code "signature").
 * @param {Policy} policy @param {Uint8Array} raw @returns {Promise<Judgement>} */
export async function judge(policy, raw) {
  const note = notes.parse(raw);
  const checkpoint = checkpoints.parse(note.text);
  const names = new Map([...policy.witnesses].map(([name, { key }]) => [key, name]));
  const signed = await notes.verified(note, [...policy.logs.map((log) => log.key), ...names.keys()]);
  if (!policy.logs.some(({ key }) => signed.has(key) && key.name === checkpoint.origin)) {
    throw new NoteError('no known log signed this checkpoint', 'log');
  }
  const witnesses = new Map([...signed].flatMap(([key, at]) => (names.has(key) ? [[/** @type {string} */ (names.get(key)), at]] : [])));
  return { checkpoint, witnesses: /** @type {Map<string, bigint>} */ (witnesses), isEnough: isMet(policy, new Set(/** @type {Map<string, bigint>} */ (witnesses).keys())) };
}
