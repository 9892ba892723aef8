"""The rows that one transaction works on: each is read once, changed as an object, and written once, by its key.

What the ORM's unit of work does, for rooms whose fold touches a dozen rows an act: without a statement for every row
and without instruments on every attribute (`bench/RESULTS.md` has the difference). Statements are those of
`base.rows`. Everything else goes on using the ORM; rows of the ORM's own that are changed here are read anew there.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from webapp.kernel.base.db import Base
from webapp.kernel.base.rows import Lookup, at_once, delete_rows, insert_rows, update_rows

_Model = TypeVar("_Model", bound=Base)
_Key = tuple[Any, ...]


class _Row:
    """A row of a model: its attributes and nothing else. To whoever asks for types it is the model itself."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__ = values


class _Shape(NamedTuple):
    """What is asked of a model again and again."""

    names: tuple[str, ...]
    key: tuple[str, ...]


class _Shelf:
    """The rows of one model that are under work, by key."""

    def __init__(self, model: type[Base]) -> None:
        self.model, self.shape = model, _shape(model)
        self.rows: dict[_Key, _Row | None] = {}  # None: there is no such row
        self.was: dict[_Key, tuple[Any, ...]] = {}  # as the database has it
        self.added: dict[_Key, _Row] = {}
        self.found: dict[_Key, dict[_Key, None]] = {}  # what was looked for → the keys that the database had

    def key_of(self, row: _Row) -> _Key:
        values = vars(row)
        return tuple(values[name] for name in self.shape.key)

    def placed(self, found: Any) -> _Row | None:
        """The row under work for one that was just read: None if it has been deleted meanwhile."""
        row = _Row(dict(zip(self.shape.names, found, strict=True)))
        key = self.key_of(row)
        if key in self.rows:
            return self.rows[key]
        self.rows[key], self.was[key] = row, tuple(found)
        return row


class Workbench:
    """Rows under work. Nothing reaches the database before `flush`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._shelves: dict[type[Base], _Shelf] = {}

    def get(self, model: type[_Model], *key: Any) -> _Model | None:
        """The row with this primary key, the same object each time; None if there is none."""
        shelf = self._shelf(model)
        if key not in shelf.rows:
            names = shelf.shape.key
            found = self._read(shelf, dict(zip(names, key, strict=True)), names[-1], key[-1:])
            if not found:
                shelf.rows[key] = None
        return cast("_Model | None", shelf.rows[key])

    def get_one(self, model: type[_Model], *key: Any) -> _Model:
        """The same for a row that must be there. Raises LookupError."""
        if (row := self.get(model, *key)) is None:
            raise LookupError(f"no {model.__name__} {key}")
        return row

    def find(self, model: type[_Model], *, here: bool = False, **same: Any) -> list[_Model]:
        """Rows with these values, in no order; one of them may be a list, of which the row has one.

        What is looked for must be columns that never change: rows are found by what the database has of them. `here`:
        it has none, because what they belong to `is_new`.
        """
        shelf = self._shelf(model)
        many = next((name for name, value in same.items() if isinstance(value, list)), next(reversed(same)))
        wanted = same[many] if isinstance(same[many], list) else [same[many]]
        fixed = {name: value for name, value in same.items() if name != many}
        asked = (*same, *fixed.values(), *wanted)
        if (
            not here and asked not in shelf.found
        ):  # else everything that the database has of it is on the shelf
            rows = self._read(shelf, fixed, many, wanted) if wanted else []
            shelf.found[asked] = dict.fromkeys(map(shelf.key_of, rows))
        new = (key for key, row in shelf.added.items() if _is(row, fixed) and vars(row)[many] in wanted)
        keys = shelf.found.get(asked, {}) | dict.fromkeys(new)
        return cast("list[_Model]", [row for key in keys if (row := shelf.rows[key]) is not None])

    def is_new(self, model: type[Base], *key: Any) -> bool:
        """Whether the row was added here: what belongs to it is here as well, and the database need not be asked."""
        return key in self._shelf(model).added

    def fetch(self, model: type[Base], keys: Iterable[Any]) -> None:
        """Read at once what will be got one by one; the primary key is one column."""
        shelf = self._shelf(model)
        unread = sorted(key for key in set(keys) if (key,) not in shelf.rows)
        if len(unread) > 1:
            self._read(shelf, {}, shelf.shape.key[0], unread)

    def add(self, model: type[_Model], **values: Any) -> _Model:
        """A new row; all attributes are to be named. Raises TypeError if one is missing or is none of the model's."""
        shelf = self._shelf(model)
        if values.keys() != set(shelf.shape.names):
            odd = sorted(values.keys() ^ set(shelf.shape.names))
            raise TypeError(f"{model.__name__}: {', '.join(odd)}")
        row = _Row({name: values[name] for name in shelf.shape.names})
        key = shelf.key_of(row)
        shelf.rows[key] = shelf.added[key] = row
        return cast("_Model", row)

    def remove(self, row: Base, model: type[Base]) -> None:
        """Delete a row that was got here."""
        shelf = self._shelf(model)
        shelf.rows[shelf.key_of(cast("_Row", row))] = None

    def flush(self) -> None:
        """Write what is new, changed and gone, a statement for each kind of change of a model."""
        with at_once(self.session):
            for shelf in self._shelves.values():
                self._write(shelf)

    def _shelf(self, model: type[Base]) -> _Shelf:
        shelf = self._shelves.get(model)
        if shelf is None:
            shelf = self._shelves[model] = _Shelf(model)
        return shelf

    def _read(self, shelf: _Shelf, fixed: dict[str, Any], by: str, values: Sequence[Any]) -> list[_Row]:
        names = tuple(name for name in fixed if name != by)
        found = _lookup(shelf.model, names, by).rows(self.session, values, **{n: fixed[n] for n in names})
        return [row for it in found if (row := shelf.placed(it)) is not None]

    def _write(self, shelf: _Shelf) -> None:
        fresh, changed, gone = (
            list[dict[str, Any]](),
            dict[tuple[str, ...], list[dict[str, Any]]](),
            list[_Key](),
        )
        for key, row in shelf.rows.items():
            was = shelf.was.get(key)
            if row is None:
                if was is not None:
                    gone.append(key)
                    del shelf.was[key]
                continue
            values = vars(row)
            now = tuple(values.values())
            if was is None:
                fresh.append(values)
            elif now != was:
                names = tuple(_differing(shelf.shape.names, was, now))
                changed.setdefault(names, []).append(values)
            else:
                continue
            if len(now) != len(shelf.shape.names):
                raise TypeError(f"{shelf.model.__name__} has no {list(values)[-1]}")
            shelf.was[key] = now
        delete_rows(self.session, shelf.model, shelf.shape.key, gone)
        insert_rows(self.session, shelf.model, fresh)
        for names, rows in changed.items():
            update_rows(self.session, shelf.model, shelf.shape.key, _only(rows, (*names, *shelf.shape.key)))
        self._forget(shelf, changed, gone)

    def _forget(
        self, shelf: _Shelf, changed: dict[tuple[str, ...], list[dict[str, Any]]], gone: list[_Key]
    ) -> None:
        """The ORM's own objects of these rows, if it has any, are read again when they are looked at."""
        held = self.session.identity_map
        keys = (tuple(row[name] for name in shelf.shape.key) for rows in changed.values() for row in rows)
        for key in (*keys, *gone):
            if (row := held.get((shelf.model, key, None))) is not None:
                self.session.expire(row)


def workbench(session: Session) -> Workbench:
    """The workbench of the transaction that is under way; outside of one, a new one to look at rows with."""
    if not session.info.get("writing"):
        return Workbench(session)
    held: Workbench | None = session.info.get("workbench")
    if held is None:
        held = session.info["workbench"] = Workbench(session)
    return held


def _is(row: _Row, same: dict[str, Any]) -> bool:
    values = vars(row)
    return all(values[name] == value for name, value in same.items())


def _differing(names: Sequence[str], was: Sequence[Any], now: Sequence[Any]) -> Iterator[str]:
    return (name for name, old, new in zip(names, was, now, strict=False) if old != new)


def _only(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in rows]


@lru_cache(maxsize=256)
def _shape(model: type[Base]) -> _Shape:
    mapper = inspect(model)
    columns = [attribute.key for attribute in mapper.column_attrs]
    key = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
    return _Shape(tuple(columns), tuple(key))


@lru_cache(maxsize=256)
def _lookup(model: type[Base], same: tuple[str, ...], by: str) -> Lookup:
    whole = (getattr(model, name) for name in _shape(model).names)
    return Lookup(*whole, by=getattr(model, by), same=[getattr(model, name) for name in same])
