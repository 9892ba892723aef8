// By what the scanner knows the QR of this room, without loading what reads them.

/** What the large QR of a parcel's label begins with; the figure is the version of the format. */
export const LABEL = 'ASHIATO-L1:';
/** What a shelter's card begins with. */
export const CARD = 'ASHIATO-C1:';

const LABELS = /^ASHIATO-L\d+:/;
const CARDS = /^ASHIATO-C\d+:/;

/** Whether a text is a parcel's label, of this version or of a later one. @param {string} text */
export const isLabel = (text) => LABELS.test(text);

/** Whether a text is a shelter's card, of this version or of a later one. @param {string} text */
export const isCard = (text) => CARDS.test(text);
