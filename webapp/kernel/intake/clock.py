"""How far the time of an act may be off: what the phone's clocks and the server's, together, allow. Pure.

A phone measures the difference to the server's clock whenever it reaches it (`off`), with an error (`off_err`):
half of the time the answer took, and a minute more as soon as it has to believe its wall clock, because the app was
started anew or the phone slept since. Otherwise it goes on with its steady clock. `off_age` is how long ago that was
(ADR 16).
"""

from webapp.kernel.base.clock import MINUTE, SECOND

#: A phone's quartz: at most this far off, in parts of a million; 17 s a day.
DRIFT_PPM = 200
#: For phones that do not say their error: half of the longest wait for an answer, and what a wall clock may have
#: been moved.
ROUND_TRIP_MS = 5 * SECOND
WALL_MS = MINUTE
#: What the folds assume where nothing is known. A clock that is plainly wrong is a discrepancy of its own.
UNKNOWN_MS = 2 * MINUTE


def half_width(off: int | None, off_age: int | None, off_err: int | None, mono: int) -> int | None:
    """The real time lies within this of the corrected one (`at + off`), ms; None where nothing tells.

    Nothing tells where the phone never reached the server, or found its clock set back since (`off_age` None).
    `mono` counts from the start of the app: an older measurement was made before it.
    """
    if off is None or off_age is None:
        return None
    if off_err is None:
        off_err = ROUND_TRIP_MS + (WALL_MS if off_age > mono else 0)
    return off_err + off_age * DRIFT_PPM // 1_000_000 + 1
