"""One HTTP request to a machine that nobody here controls: limited in time and size, no redirects, no proxies."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit


class Unreachable(Exception):
    """No whole answer came in time. The text says why, for an engineer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def fetch(
    method: str,
    url: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    limit: int,
    within_s: float,
) -> Answer:
    """Send one request. `limit` bounds the answer's body (bytes), `within_s` everything together (seconds).

    Raises Unreachable for whatever goes wrong before the whole answer is here: an address that is none, a refused
    connection, an answer that drips in too slowly or does not end.
    """
    deadline = time.monotonic() + within_s
    try:
        parts = urlsplit(url)
        connection = _connection(parts, within_s)
        try:
            connection.connect()
            return _exchange(connection, (method, _target(parts), body, dict(headers or {})), limit, deadline)
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise Unreachable(f"{type(problem).__name__}: {problem}"[:200]) from problem


def _connection(parts: SplitResult, within_s: float) -> http.client.HTTPConnection:
    host = parts.hostname
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError("an address begins with http:// or https://")
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=within_s)
    return http.client.HTTPSConnection(
        host, parts.port, timeout=within_s, context=ssl.create_default_context()
    )


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _exchange(
    connection: http.client.HTTPConnection,
    request: tuple[str, str, bytes | None, dict[str, str]],
    limit: int,
    deadline: float,
) -> Answer:
    """A timer hangs up at the deadline: a socket's own time-out begins anew with each byte that drips in."""
    late, sock = threading.Event(), connection.sock
    watch = threading.Timer(max(deadline - time.monotonic(), 0), _hang_up, (sock, late))
    watch.daemon = True
    watch.start()
    try:
        method, target, body, headers = request
        connection.request(method, target, body, {"User-Agent": "ashiato", "Connection": "close", **headers})
        response = connection.getresponse()
        raw = response.read(limit + 1)
    finally:
        watch.cancel()
    if late.is_set():
        raise TimeoutError("the answer took too long")
    if len(raw) > limit:
        raise ValueError(f"the answer is longer than {limit} bytes")
    if response.length:
        raise ValueError("the answer ends too early")
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, raw)


def _hang_up(sock: socket.socket, late: threading.Event) -> None:
    late.set()
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already
