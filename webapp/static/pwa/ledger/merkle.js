// RFC 6962 §2.1: how entries are hashed into a tree.

import { concat } from './bytes.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */

/** SHA-256. @param {Uint8Array} raw @returns {Promise<Bytes>} */
export const sha256 = async (raw) => new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(raw)));

/** The root of the tree without entries. */
export const emptyRoot = () => sha256(new Uint8Array());

/** @param {Uint8Array} entry */
export const leafHash = (entry) => sha256(concat([0], entry));

/** @param {Uint8Array} left @param {Uint8Array} right */
export const nodeHash = (left, right) => sha256(concat([1], left, right));
