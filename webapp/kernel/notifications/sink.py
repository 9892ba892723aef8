"""A mail server that delivers nothing: it puts every mail into a folder, for people who try the site out and for tests.

It speaks SMTP (RFC 5321) as far as a sender needs it. It is no place for real mails, and never runs in production.
`python -m webapp.kernel.notifications.sink --port 8005 --dir FOLDER` knows nothing of the application and is light.
"""

import asyncio
import base64
import os
import signal
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import click

from webapp.kernel.base.clock import now_ms

MOST_BYTES, MOST_LINE = 10_000_000, 4_096
#: Says no in a server's words ("550 5.1.1 no such user"), or "" for yes. It is asked with "mail" or "rcpt" and the
#: address, "data" and the whole mail, "auth" and "user:password". None: hang up without a word.
Judge = Callable[[str, str], str | None]


class _HangUp(Exception):
    """The conversation ends here."""


@dataclass
class Sink:
    """`keep` is called with each mail before it is acknowledged. With `tls`, STARTTLS and then AUTH are offered."""

    keep: Callable[[bytes], None]
    judge: Judge = lambda _stage, _text: ""
    tls: ssl.SSLContext | None = None
    server: asyncio.Server | None = field(default=None, init=False)

    async def listen(self, host: str, port: int) -> int:
        """Begin; answers the port (0 lets the machine choose)."""
        self.server = await asyncio.start_server(self._talk, host, port, limit=MOST_LINE)
        return int(self.server.sockets[0].getsockname()[1])

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Talk(self, reader, writer).run()
        except (_HangUp, ConnectionError, asyncio.IncompleteReadError, ValueError, ssl.SSLError):
            pass  # whoever calls may hang up, and so may the judge
        finally:
            writer.close()


class _Talk:
    """One conversation."""

    def __init__(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sink, self._reader, self._writer = sink, reader, writer
        self._sender: str | None = None
        self._to: list[str] = []
        self._words: dict[str, Callable[[str], Awaitable[str]]] = {
            "EHLO": self._hello, "HELO": self._hello, "MAIL": self._mail, "RCPT": self._rcpt, "DATA": self._data,
            "RSET": self._reset, "NOOP": self._noop, "STARTTLS": self._starttls, "AUTH": self._auth,
        }  # fmt: skip
        self._safe = False

    async def run(self) -> None:
        await self._say("220 ashiato sink")
        while line := await self._reader.readline():
            word, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            if word.upper() == "QUIT":
                await self._say("221 2.0.0 bye")
                return
            answer = self._words.get(word.upper())
            said = await answer(rest) if answer else "500 5.5.1 unknown command"
            if said:
                await self._say(said)

    async def _hello(self, _rest: str) -> str:
        await self._reset("")
        offers = "AUTH PLAIN" if self._safe else "STARTTLS" if self._sink.tls else "8BITMIME"
        return f"250-ashiato sink\r\n250 {offers}"

    async def _starttls(self, _rest: str) -> str:
        if self._sink.tls is None or self._safe:
            return "502 5.5.1 not here"
        await self._say("220 2.0.0 go ahead")
        await self._writer.start_tls(self._sink.tls)
        self._safe = True
        return ""

    async def _auth(self, rest: str) -> str:
        if not self._safe:
            return "538 5.7.11 not in the clear"
        _nobody, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        return self._judged("auth", f"{user}:{password}") or "235 2.7.0 welcome"

    async def _mail(self, rest: str) -> str:
        no = self._judged("mail", _path(rest))
        if not no:
            self._sender, self._to = _path(rest), []
        return no or "250 2.1.0 ok"

    async def _rcpt(self, rest: str) -> str:
        if self._sender is None:
            return "503 5.5.1 MAIL first"
        no = self._judged("rcpt", _path(rest))
        if not no:
            self._to.append(_path(rest))
        return no or "250 2.1.5 ok"

    async def _data(self, _rest: str) -> str:
        if not self._to:
            return "503 5.5.1 RCPT first"
        await self._say("354 go ahead")
        raw = await self._content()
        await self._reset("")
        if no := self._judged("data", raw.decode("utf-8", "replace")):
            return no
        self._sink.keep(raw)
        self._judged("kept", "")
        return "250 2.0.0 taken"

    async def _content(self) -> bytes:
        lines, size = [], 0
        while (line := await self._reader.readline()) != b".\r\n":
            size += len(line)
            if not line.endswith(b"\n") or size > MOST_BYTES:
                raise _HangUp
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    async def _reset(self, _rest: str) -> str:
        self._sender, self._to = None, []
        return "250 2.0.0 ok"

    async def _noop(self, _rest: str) -> str:
        return "250 2.0.0 ok"

    def _judged(self, stage: str, text: str) -> str:
        said = self._sink.judge(stage, text)
        if said is None:
            raise _HangUp
        return said

    async def _say(self, text: str) -> None:
        self._writer.write(f"{text}\r\n".encode())
        await self._writer.drain()


def _path(rest: str) -> str:
    """The address in `FROM:<a@b> SIZE=1`."""
    return rest.partition("<")[2].partition(">")[0]


def keep_in(folder: Path) -> Callable[[bytes], None]:
    """Puts each mail into a file of its own, whole or not at all; names sort by time."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def keep(raw: bytes) -> None:
        at, number = now_ms(), 0
        while (path := folder / f"{at}-{number:03}.eml").exists():
            number += 1
        part = path.with_suffix(".part")
        part.write_bytes(raw)
        part.replace(path)

    return keep


async def _run(folder: Path, port: int) -> None:
    sink = Sink(keep_in(folder))
    await sink.listen("127.0.0.1", port)
    assert sink.server is not None  # noqa: S101 - it has just begun
    await sink.server.serve_forever()


@click.command()
@click.option("--port", type=int, required=True)
@click.option(
    "--dir", "folder", type=click.Path(path_type=Path), required=True, help="Where the mails are put."
)
def main(port: int, folder: Path) -> None:
    """Take mails on this machine until stopped, and put them into a folder."""
    if os.environ.get("ASHIATO_ENV") == "production":
        raise click.ClickException("in production mails go to people")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        asyncio.run(_run(folder, port))


if __name__ == "__main__":
    main()
