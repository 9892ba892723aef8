// How often a scanning session looks: at every frame while something moves, at few of them while nothing does. Saves the battery
// of a phone that lies on a table or stands on a tripod. Pure: time comes in as an argument.

/** Nothing moved for so long: the picture holds still, ms. */
export const STILL = 2_000;
/** Then one look in so many ms (a code in view is still seen several times before it could count again, see fusion.js) … */
export const LOOK_EACH = 330;
/** … and in between, so often, only whether something moved: a hundredth of the work of a look. */
export const PEEK_EACH = 100;

/** Watches one scanning session. */
export class Pace {
  #moved = -Infinity;
  #looked = -Infinity;
  #peeked = -Infinity;

  /** What to do with the frame that is there now. @param {number} now ms, monotonic @returns {"look"|"peek"|"rest"} */
  turn(now) {
    if (!this.still(now) || now - this.#looked >= LOOK_EACH) {
      this.#looked = this.#peeked = now;
      return 'look';
    }
    if (now - this.#peeked < PEEK_EACH) return 'rest';
    this.#peeked = now;
    return 'peek';
  }

  /** What the last frame showed; movement makes the next turn a look. @param {boolean} moved @param {number} now */
  saw(moved, now) {
    if (moved) this.#moved = now;
  }

  /** Look at every frame again: the session begins, or what is looked for has changed. @param {number} now */
  wake(now) {
    this.#moved = now;
  }

  /** Whether few frames are looked at. @param {number} now */
  still(now) {
    return now - this.#moved >= STILL;
  }
}
