// Where symbols lie in the picture. Pure.

/** @typedef {import('../types.js').Quad} Quad */

/** @param {number[][]} quad @returns {[number, number]} */
export const centreOf = (quad) => [mean(quad.map(([x = 0]) => x)), mean(quad.map(([, y = 0]) => y))];

/** The upright box round a quad. @param {number[][]} quad */
export function boxOf(quad) {
  const [xs, ys] = [quad.map(([x = 0]) => x), quad.map(([, y = 0]) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** @param {[number, number]} point @param {number[][]} quad whether it lies in the box round it */
export function covers([x, y], quad) {
  const box = boxOf(quad);
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}

/** @param {[number, number]} one @param {[number, number]} other */
export const distance = ([x, y], [u, v]) => Math.hypot(x - u, y - v);

/** How the picture moved: the middle of what its symbols did; nothing if none was seen twice.
 * @param {{was: number[][], is: number[][]}[]} pairs @returns {[number, number]} */
export function drift(pairs) {
  const steps = pairs.map(({ was, is }) => [centreOf(is), centreOf(was)]);
  return [middle(steps.map(([is, was]) => (is?.[0] ?? 0) - (was?.[0] ?? 0))), middle(steps.map(([is, was]) => (is?.[1] ?? 0) - (was?.[1] ?? 0)))];
}

/** @param {Quad} quad @param {number} x @param {number} y @returns {Quad} */
export const moved = (quad, x, y) => /** @type {Quad} */ (quad.map(([left, top]) => [left + x, top + y]));

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** @param {number[]} values */
const middle = (values) => [...values].sort((one, other) => one - other)[values.length >> 1] ?? 0;
