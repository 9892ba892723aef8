"""One connection to a mail server, and what it says to each mail. Nothing here knows a database."""

import re
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

#: No answer for so long, and the server counts as gone.
WITHIN_S = 60.0
MOST_WORDS = 500
#: A line that begins with a dot would end the mail.
_LINE_OF_DOT = re.compile(rb"^\.", re.M)


class Down(Exception):
    """The server cannot be used now, whatever the mail: not reached, not let in, or it does not take our sender."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The server has it and will bring it. `refused`: addresses that it did not take, in its words."""

    code: int
    to: tuple[str, ...]
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The server said no: for now (4xx) or for good (5xx)."""

    code: int
    words: str

    @property
    def for_good(self) -> bool:
        """Trying again would be told the same."""
        return self.code >= 500


@dataclass(frozen=True, slots=True)
class Unheard:
    """The mail was handed over and the answer never came: the server may have it."""

    words: str


Answer = Taken | Refused | Unheard


@dataclass(frozen=True, slots=True)
class Server:
    """Where mails are handed over: smtp://user:password@host:587?starttls=1 or smtps://user:password@host."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    starttls: bool = False

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ValueError if it is no such address."""
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ValueError("SMTP_URL is smtp://host:port or smtps://host")
        tls = parts.scheme == "smtps"
        starttls = parse_qs(parts.query).get("starttls") == ["1"]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        port = parts.port or (465 if tls else 587 if starttls else 25)
        return cls(parts.hostname, port, user, password, tls, starttls)


class Post:
    """A connection that is opened at the first mail and used for all that follow."""

    def __init__(self, server: Server, within_s: float = WITHIN_S) -> None:
        self._server, self._within_s = server, within_s
        self._client: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def hand(self, sender: str, to: Sequence[str], raw: bytes, may_go: Callable[[], bool]) -> Answer | None:
        """Hand one mail over. `may_go` is asked when the server waits for the mail itself; if it says no: None.

        Raises Down for what is not this mail's fault; then it was not handed over.
        """
        client = self._ready(sender)
        taken, refused = self._recipients(client, to)
        if not taken:
            self._forget(client)
            return _worst(refused)
        if (no := self._announce(client)) is not None:
            return no
        if not may_go():
            self._drop()  # the server waits for a mail: it can only be left
            return None
        return self._data(client, raw, tuple(taken), "; ".join(each.words for each in refused))

    def close(self) -> None:
        """Say goodbye, if anybody listens."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.quit()
            except (OSError, smtplib.SMTPException):
                client.close()

    def _ready(self, sender: str) -> smtplib.SMTP:
        """A connection on which the server has taken our sender; a stale one is replaced once."""
        for fresh in (self._client is None, True):
            try:
                client = self._client or self._connect()
                code, said = client.mail(sender)
            except (OSError, smtplib.SMTPException) as problem:
                self._drop()
                if fresh:
                    raise Down(_words(problem)) from problem
                continue
            if code == 250:
                return client
            self._drop()
            if fresh:
                raise Down(_said(code, said))
        raise Down("")  # not reached: the last round is fresh

    def _connect(self) -> smtplib.SMTP:
        server, context = self._server, ssl.create_default_context()
        if server.tls:
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=self._within_s, context=context
            )
        else:
            client = smtplib.SMTP(server.host, server.port, timeout=self._within_s)
        try:
            if server.starttls:
                client.starttls(context=context)
            client.ehlo_or_helo_if_needed()
            if server.user:
                client.login(server.user, server.password)
        except BaseException:
            client.close()
            raise
        self._client = client
        return client

    def _recipients(self, client: smtplib.SMTP, to: Sequence[str]) -> tuple[list[str], list[Refused]]:
        taken, refused = list[str](), list[Refused]()
        for address in to:
            try:
                code, said = client.rcpt(address)
            except (OSError, smtplib.SMTPException) as problem:
                self._drop()
                raise Down(_words(problem)) from problem
            if code == 421:
                self._drop()
                raise Down(_said(code, said))
            if code in {250, 251}:
                taken.append(address)
            else:
                refused.append(Refused(code, _said(code, said)))
        return taken, refused

    def _announce(self, client: smtplib.SMTP) -> Refused | None:
        """DATA; a server that hangs up here has certainly not taken it."""
        try:
            code, said = client.docmd("DATA")
        except (OSError, smtplib.SMTPException) as problem:
            self._drop()
            raise Down(_words(problem)) from problem
        if code == 354:
            return None
        self._forget(client)
        return Refused(code, _said(code, said))

    def _data(self, client: smtplib.SMTP, raw: bytes, to: tuple[str, ...], refused: str) -> Answer:
        ending = b"" if raw.endswith(b"\r\n") else b"\r\n"
        try:
            client.send(_LINE_OF_DOT.sub(b"..", raw) + ending + b".\r\n")
            code, said = client.getreply()
        except (OSError, smtplib.SMTPException) as problem:
            self._drop()
            return Unheard(_words(problem))
        return Taken(code, to, refused) if code == 250 else Refused(code, _said(code, said))

    def _forget(self, client: smtplib.SMTP) -> None:
        """Back to the beginning of a mail; a server that does not even take that is left."""
        try:
            client.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _worst(refused: Sequence[Refused]) -> Refused:
    """If one of several may be taken later, it is tried again later."""
    return min(refused, key=lambda each: each.for_good)


def _said(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {' '.join(text.split())}"[:MOST_WORDS]


def _words(problem: Exception) -> str:
    if isinstance(problem, smtplib.SMTPResponseException):
        return _said(problem.smtp_code, problem.smtp_error)
    return f"{type(problem).__name__}: {problem}"[:MOST_WORDS]
