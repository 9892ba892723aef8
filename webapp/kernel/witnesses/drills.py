"""The last fire drill of a log, to be shown tomorrow still. Drills exist in test mode only: a file will do."""

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from flask import current_app


@dataclass(frozen=True, slots=True)
class Kept:
    """When (ms), what came of it (a code of messages.py), who was lied to, its answer's ms, the true log's size."""

    at: int
    code: str
    organisation: str
    took_ms: int
    size: int


def keep(log: str, drill: Kept) -> None:
    """Remember this one and forget the one before."""
    path = _path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_bytes(orjson.dumps(asdict(drill)))
    draft.replace(path)


def kept(log: str) -> Kept | None:
    """The last one; None if there was none, or none that can be read."""
    try:
        return Kept(**orjson.loads(_path(log).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _path(log: str) -> Path:
    return Path(current_app.config["INSTANCE"]) / "drills" / f"{log}.json"
