// By what the scanner knows a proof on paper, without loading what reads it.

/** What the QR begins with; the figure is the version of the format. */
export const PREFIX = 'ASHIATO1:';
