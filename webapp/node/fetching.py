"""Asks logs and other nodes over HTTP: never more bytes than there can be, never longer than a minute."""

import gzip
import io
import json
import re
from urllib.parse import urlsplit

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.fetch import Answer, Unreachable, fetch
from webapp.kernel.tlog import checkpoints, members, notes, tiles
from webapp.kernel.tlog.notes import SigningKey
from webapp.kernel.tlog.tiles import ENTRIES, HASH, WIDTH, Tile

#: A bundle of 256 large entries over a slow line; everything else is small.
WITHIN_S, PEER_WITHIN_S = 60, 5
MOST_TEXT, MOST_BUNDLE = 1 << 18, WIDTH * (2 + 0xFFFF)
_OURS = re.compile(r"(https?://.+)/log/([^/]+)")


class Said(Unreachable):
    """An answer that is not 200."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(f"HTTP {status}")


def get(url: str, most: int, within_s: float = WITHIN_S, *, pass_: str = "") -> bytes:
    """The body at `url`, at most `most` bytes. Raises Unreachable, Said for another status than 200."""
    headers = {"Accept-Encoding": "gzip, identity"} | ({"Authorization": pass_} if pass_ else {})
    return _body(fetch("GET", url, headers=headers, limit=most, within_s=within_s), most)


def post(url: str, what: dict[str, str]) -> bytes:
    """Send JSON; 202 is a yes too. Raises as `get` does."""
    headers = {"Content-Type": "application/json", "X-Ashiato": "1"}
    body = json.dumps(what, ensure_ascii=False).encode()
    return _body(fetch("POST", url, body, headers, limit=MOST_TEXT, within_s=WITHIN_S), MOST_TEXT)


def is_address(url: str) -> bool:
    """Whether one can ask there: http or https, with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


class LogReader:
    """A log at its address; requests for entries and tiles carry the mirror key's signature."""

    def __init__(self, url: str, key: SigningKey) -> None:
        self.url, self._key = url, key
        self._desk = _OURS.fullmatch(url)

    @property
    def admits(self) -> bool:
        """Whether this log is one of ours, which shows its entries to admitted nodes only."""
        return self._desk is not None

    def text(self, name: str) -> bytes:
        """checkpoint, vkey or policy. Raises Unreachable."""
        return get(f"{self.url}/{name}", MOST_TEXT)

    def tile(self, tile: Tile) -> bytes:
        """A tile or bundle of just this width. Raises Unreachable.

        A log may forget a partial one once the full one is there (tlog-tiles): then the full one is cut.
        """
        try:
            return self._tile(tile)
        except Said as no:
            if no.status != 404 or tile.width == WIDTH:
                raise
        return _cut(self._tile(Tile(tile.level, tile.number)), tile)

    def ask_to_be_admitted(self, said: dict[str, str]) -> None:
        """Put our request before the officers of one of our logs. Raises Unreachable."""
        if self._desk is not None:
            post(f"{self._desk[1]}/api/nodes/requests", {"log": self._desk[2], **said})

    def _tile(self, tile: Tile) -> bytes:
        url = f"{self.url}/{tile.path()}"
        shown = members.show(self._key, now_ms(), "GET", urlsplit(url).path)
        return get(url, MOST_BUNDLE if tile.level == ENTRIES else WIDTH * HASH, pass_=shown)


def peer_checkpoint(url: str, origin: str) -> bytes:
    """What another witness cosigned last of this log. Raises Unreachable."""
    address = f"{url.rstrip('/')}/{checkpoints.origin_hash(origin)}/checkpoint"
    return get(address, notes.MOST_BYTES, PEER_WITHIN_S)


def _body(answer: Answer, most: int) -> bytes:
    if answer.status not in {200, 202}:
        raise Said(answer.status)
    if answer.headers.get("content-encoding") != "gzip":
        return answer.body
    try:
        raw = gzip.GzipFile(fileobj=io.BytesIO(answer.body)).read(most + 1)
    except (OSError, EOFError, ValueError) as problem:
        raise Unreachable(f"not gzip: {problem}") from None
    if len(raw) > most:
        raise Unreachable("packed, and longer than there can be")
    return raw


def _cut(raw: bytes, tile: Tile) -> bytes:
    if tile.level != ENTRIES:
        return raw[: tile.width * HASH]
    try:
        return tiles.pack(tiles.unpack(raw)[: tile.width])
    except ValueError as problem:
        raise Unreachable(str(problem)) from None
