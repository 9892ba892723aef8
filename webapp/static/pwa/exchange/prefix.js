// How the QR of a hand-over begin: what the scanner must know, and nothing else of it.

const HEAD = /^ASHIATO-[AHKP]1[:/]/;

/** `ASHIATO-H1/2/3/9F3C01AB:`: the second of three parts. */
export const PLACE = /^(ASHIATO-[AHKP]1)\/([1-9]\d?)\/([1-9]\d?)\/([0-9A-F]{8}):/;

/** Whether a text is shown by a phone of ours to another one. @param {string} text */
export const isExchange = (text) => HEAD.test(text);
