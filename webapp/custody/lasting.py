"""Whether a discrepancy that was settled has been there ever since, or went away and came back.

Asked of sets, not of moments, so that neither the order of arrival nor the size of batches matters. What was
recorded after the settlement is of two kinds, scans and 訂正. A discrepancy can only have gone away in between if it
is not there either without the later 訂正 (a scan explained it, and was undone) or without the later scans (what
caused it was undone, and happened again).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from webapp.custody.entries import Event
from webapp.custody.scene import Scene
from webapp.custody.steps import Step
from webapp.kernel.base.rows import Lookup
from webapp.kernel.ledger.models import LedgerEntry
from webapp.kernel.reconciliation.projection import Row

Tell = Callable[[Scene], Iterable[Row]]
Name = tuple[str, str, str]
_PLACES = Lookup(LedgerEntry.id, LedgerEntry.index, by=LedgerEntry.id, same=[LedgerEntry.log])


class Lasting:
    """Answers for one scene; `tell` gives every discrepancy of a scene. Reads only if there is something to ask."""

    def __init__(self, session: Session, scene: Scene, tell: Tell) -> None:
        self._session, self._scene, self._tell = session, scene, tell
        self._corrections: frozenset[str] | None = None
        self._places: dict[str, int] | None = None
        self._worlds: dict[frozenset[str], set[Name]] = {}

    def __call__(self, row: Row, index: int) -> bool:
        """Whether `row` holds in all worlds since place `index` of the log."""
        voids = self._voids()
        late = frozenset(self._after(index)) if voids else frozenset[str]()
        if late.isdisjoint(voids):
            return True
        return all(_name(row) in self._in_world(without) for without in (late & voids, late - voids))

    def _voids(self) -> frozenset[str]:
        if self._corrections is None:
            self._corrections = frozenset(e.id for e in _all(self._scene) if e.step is Step.VOID)
        return self._corrections

    def _after(self, index: int) -> Iterable[str]:
        if self._places is None:
            ids = {event.id for event in _all(self._scene)}
            rows = _PLACES.rows(self._session, ids, log=self._scene.log)
            self._places = {row.id: row.index for row in rows}
        return (scan for scan, place in self._places.items() if place > index)

    def _in_world(self, without: frozenset[str]) -> set[Name]:
        if without not in self._worlds:
            self._worlds[without] = {_name(row) for row in self._tell(_world(self._scene, without))}
        return self._worlds[without]


def _name(row: Row) -> Name:
    return row.scope, row.code, row.key


def _all(scene: Scene) -> Iterable[Event]:
    histories = (*scene.events.values(), *scene.own.values(), *scene.inside.values())
    return (event for history in histories for event in history)


def _world(scene: Scene, without: frozenset[str]) -> Scene:
    """The scene as if these scans had not been made."""

    def kept(histories: Mapping[str, list[Event]]) -> dict[str, list[Event]]:
        return {key: [e for e in found if e.id not in without] for key, found in histories.items()}

    return replace(
        scene,
        events=kept(scene.events),
        bindings=kept(scene.bindings),
        own=kept(scene.own),
        inside=kept(scene.inside),
        _bound={},
        _owners={},
    )
