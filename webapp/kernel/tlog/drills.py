"""The fire drill: a lie that everybody can recognise afterwards as an exercise. Pure."""

from hashlib import sha256

from webapp.kernel.tlog.checkpoints import Checkpoint


def lie(honest: Checkpoint) -> Checkpoint:
    """Another root for the same size, as an operator would show it who keeps two books.

    The root is a hash of the drill's own words, so no entries lead to it and nobody can pass off a real second
    history as an exercise.
    """
    root = sha256(b"ashiato fire drill v1\n" + honest.text().encode()).digest()
    return Checkpoint(honest.origin, honest.size, root)


def is_drill(told: Checkpoint, honest: Checkpoint) -> bool:
    """Whether what was told is the lie of an exercise and no more."""
    return told == lie(honest)
