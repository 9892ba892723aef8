// Boxes on the stickers themselves. Each verdict has its own colour, line and mark, so that none of the three is alone.

/** @typedef {import('../feedback.js').Tone} Tone */
/** @typedef {import('../types.js').ScanResult} ScanResult */
/** @typedef {import('../types.js').Size} Size */
/** What is drawn for a read: its verdict and when it was given (`performance.now()`).
 * @typedef {{verdict: Tone, at: number}} Mark */

/** Bright on a dark picture; edges lie on a black outline, so that they hold 3:1 on any picture.
 * @type {Record<Tone, {colour: string, dash: number[], width: number, twice: boolean, badge: string, square: boolean}>} */
const LOOK = {
  ok: { colour: '#2fd07f', dash: [], width: 4, twice: false, badge: '○', square: false },
  read: { colour: '#7fb2ff', dash: [], width: 4, twice: false, badge: '●', square: false },
  again: { colour: '#e4e8f0', dash: [7, 5], width: 3, twice: false, badge: '✓', square: false },
  attention: { colour: '#ff6a5f', dash: [], width: 3, twice: true, badge: '！', square: true },
  unknown: { colour: '#ffc04d', dash: [2, 5], width: 4, twice: false, badge: '？', square: true },
  foreign: { colour: '#c3c9d6', dash: [2, 6], width: 3, twice: false, badge: '×', square: true },
};
const FRESH = 700;
const GROW = 1.42;
const GROW_BAR = 1.08; // a barcode is wide already

/** @typedef {(x: number, y: number) => [number, number]} Place */

/**
 * Draws one frame's boxes.
 * @param {HTMLCanvasElement} canvas lies over a video shown with object-fit: cover
 * @param {ScanResult[]} results @param {Size} size of the frame @param {Map<string, Mark>} marks by id or text
 * @param {Set<string>|null} [only] box these alone; what is around them goes dark
 */
export function drawBoxes(canvas, results, size, marks, only = null) {
  const pen = canvas.getContext('2d');
  if (!pen) return;
  wipe(pen, canvas);
  const { clientWidth, clientHeight } = canvas;
  const place = cover(clientWidth, clientHeight, size);
  const now = performance.now();
  const wanted = only ? results.filter(({ id }) => only.has(id)) : results;
  if (only) spotlight(pen, canvas, wanted.map(({ quad }) => spread(quad.map(([x, y]) => place(x, y)), GROW)));
  for (const read of wanted) {
    const mark = marks.get(read.id || read.text);
    box(pen, read.quad.map(([x, y]) => place(x, y)), mark, now, read.kind === 'serial' ? GROW_BAR : GROW);
  }
}

/** An empty canvas, as fine as the screen. @param {CanvasRenderingContext2D} pen @param {HTMLCanvasElement} canvas */
function wipe(pen, canvas) {
  const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
  const { clientWidth, clientHeight } = canvas;
  const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, clientWidth, clientHeight);
}

/** @param {number} width @param {number} height @param {Size} frame @returns {Place} */
function cover(width, height, frame) {
  const scale = Math.max(width / frame.width, height / frame.height);
  const left = (width - frame.width * scale) / 2;
  const top = (height - frame.height * scale) / 2;
  return (x, y) => [left + x * scale, top + y * scale];
}

/** Where on the frame a point of the screen lies, each from 0 to 1. @param {Element} element shows the frame with
 * object-fit: cover @param {Size} frame @param {number} x @param {number} y @returns {[number, number]} */
export function pointIn({ clientWidth, clientHeight }, frame, x, y) {
  const scale = Math.max(clientWidth / frame.width, clientHeight / frame.height);
  const within = (/** @type {number} */ share) => Math.min(1, Math.max(0, share));
  return [within(0.5 + (x - clientWidth / 2) / scale / frame.width), within(0.5 + (y - clientHeight / 2) / scale / frame.height)];
}

/** Darkens everything but these. @param {CanvasRenderingContext2D} pen @param {HTMLCanvasElement} canvas @param {[number, number][][]} holes */
function spotlight(pen, { clientWidth, clientHeight }, holes) {
  pen.fillStyle = '#00000099';
  pen.beginPath();
  pen.rect(0, 0, clientWidth, clientHeight);
  for (const hole of holes) {
    hole.forEach(([x, y], at) => (at ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
  }
  pen.fill('evenodd');
}

/** @param {[number, number][]} corners @param {number} by @returns {[number, number][]} the same shape, larger around its middle */
function spread(corners, by) {
  const [cx, cy] = [0, 1].map((axis) => corners.reduce((all, corner) => all + corner[axis], 0) / corners.length);
  return corners.map(([x, y]) => [cx + (x - cx) * by, cy + (y - cy) * by]);
}

/** @param {CanvasRenderingContext2D} pen @param {[number, number][]} corners @param {Mark|undefined} mark @param {number} now @param {number} by */
function box(pen, corners, mark, now, by) {
  const grown = (/** @type {number} */ size) => spread(corners, size);
  if (!mark) return line(pen, grown(by), '#ffffffb0', 2, [3, 4]);
  const look = LOOK[mark.verdict];
  const fresh = now - mark.at < FRESH && mark.verdict !== 'again';
  if (fresh) line(pen, grown(by + 0.1), `${look.colour}66`, 10, []);
  line(pen, grown(by), '#000000a0', look.width + 3, []);
  line(pen, grown(by), look.colour, look.width, look.dash);
  if (look.twice) line(pen, grown(by + 0.22), look.colour, look.width, []);
  badge(pen, corner(grown(look.twice ? by + 0.22 : by)), look, fresh);
}

/** The corner that is the upper right on the screen. @param {[number, number][]} corners */
const corner = (corners) => corners.reduce((best, each) => (each[0] - each[1] > best[0] - best[1] ? each : best));

/** @param {CanvasRenderingContext2D} pen @param {[number, number][]} points @param {string} colour @param {number} width @param {number[]} dash */
function line(pen, points, colour, width, dash) {
  pen.beginPath();
  points.forEach(([x, y], at) => (at ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.closePath();
  pen.lineJoin = 'round';
  pen.setLineDash(dash);
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
}

/** @param {CanvasRenderingContext2D} pen @param {[number, number]} at @param {typeof LOOK["ok"]} look @param {boolean} fresh */
function badge(pen, [x, y], look, fresh) {
  const r = 13;
  pen.setLineDash([]);
  pen.beginPath();
  if (look.square) pen.roundRect(x - r, y - r, 2 * r, 2 * r, 5);
  else pen.arc(x, y, r, 0, 2 * Math.PI);
  pen.fillStyle = '#ffffff';
  pen.fill();
  pen.strokeStyle = look.colour;
  pen.lineWidth = 3;
  pen.stroke();
  pen.fillStyle = '#1a1a1a';
  pen.font = '700 15px system-ui, sans-serif';
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  pen.fillText(fresh && look.badge === '○' ? '●' : look.badge, x, y + 1);
}
