"""Which column of a list means what, when every town words and orders its headings in its own way. Pure."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from webapp.kernel.base.tabular import Row, Table

_WITHIN = 30  # filled rows from the top in which the headings must stand


@lru_cache(maxsize=50_000)
def key(text: str) -> str:
    """A heading or keyword without width, case, spaces, punctuation and what stands in brackets."""
    text = unicodedata.normalize("NFKC", text).upper()
    bare = re.sub(r"\(.*?\)|\[.*?\]|【.*?】", "", text)
    return re.sub(r"[\W_]+", "", bare) or re.sub(r"[\W_]+", "", text)


class Vocabulary:
    """The names each field goes by, the better first; `ignored` headings are known and not used."""

    def __init__(self, names: Mapping[str, Sequence[str]], ignored: Sequence[str] = ()) -> None:
        self.fields = {
            key(name): (field, rank) for field, words in names.items() for rank, name in enumerate(words)
        }
        self.ignored = {key(name) for name in ignored}


@dataclass(frozen=True, slots=True)
class Headings:
    """The heading row as understood. Columns are counted from 0."""

    row: Row
    columns: dict[str, int]  # field → its column
    doubled: list[tuple[str, int]]  # (field, column) that means the same as the one used
    unknown: list[int]  # columns whose heading says nothing to us
    title: str  # what stands above

    def names(self, column: int) -> bool:
        """Whether the column has any heading."""
        return column < len(self.row.cells) and bool(self.row.cells[column].strip())


def find_headings(table: Table, words: Vocabulary) -> Headings:
    """The row near the top that holds most known headings (the first of them); there may be none in it."""
    row = max(table.rows[:_WITHIN], key=lambda row: len({field for _, _, field in _claims(row, words)}))
    columns: dict[str, int] = {}
    doubled = []
    for _, column, field in sorted(_claims(row, words)):
        if columns.setdefault(field, column) != column:
            doubled.append((field, column))
    keys = [key(cell) for cell in row.cells]
    expected = words.fields.keys() | words.ignored | {""}
    unknown = [column for column, found in enumerate(keys) if found not in expected]
    above = [
        cell for other in table.rows if other.number < row.number for cell in other.cells if cell.strip()
    ]
    return Headings(row, columns, doubled, unknown, " ".join(above))


def _claims(row: Row, words: Vocabulary) -> list[tuple[int, int, str]]:
    """(rank, column, field): where two columns mean the same, the better word for it wins."""
    found = ((words.fields.get(key(cell)), column) for column, cell in enumerate(row.cells))
    return [(known[1], column, known[0]) for known, column in found if known]
