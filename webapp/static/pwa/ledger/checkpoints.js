// Checkpoints: what a log says about itself (C2SP tlog-checkpoint v1).

import { NoteError, decode64, encode64, sizeOf } from './bytes.js';

/** The log called `origin` has `size` entries, and their tree has this root.
 * @typedef {{origin: string, size: bigint, root: import('./bytes.js').Bytes}} Checkpoint */

/** The three lines that are signed. @param {{origin: string, size: bigint, root: Uint8Array}} checkpoint */
export const textOf = ({ origin, size, root }) => `${origin}\n${size}\n${encode64(root)}\n`;

/** The checkpoint in a note's text; extension lines are refused. Throws NoteError. @param {string} text @returns {Checkpoint} */
export function parse(text) {
  const lines = text.split('\n');
  if (lines.length !== 4 || lines[3] !== '' || lines[0] === '') throw new NoteError('a checkpoint is origin, size and root');
  const root = decode64(lines[2]);
  if (root.length !== 32) throw new NoteError('a root has 32 bytes');
  return { origin: lines[0], size: sizeOf(lines[1]), root };
}
