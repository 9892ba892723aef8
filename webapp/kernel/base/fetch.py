"""One HTTP request to a machine that nobody here controls: limited in time and size, no redirects, no proxies."""

import http.client
import ipaddress
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
    public_only: bool = False,
) -> Answer:
    """Send one request. `limit` bounds the answer's body (bytes), `within_s` everything together (seconds).

    `public_only`: the address was given by a stranger. Then only https on its usual port, and only to machines of the
    open internet: the name is looked up once, and the machine that was looked at is the one that is asked.

    Raises Unreachable for whatever goes wrong before the whole answer is here: an address that is none, a refused
    connection, an answer that drips in too slowly or does not end.
    """
    deadline = time.monotonic() + within_s
    try:
        parts = urlsplit(url)
        connection = _public(parts, within_s) if public_only else _connection(parts, within_s)
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


def _public(parts: SplitResult, within_s: float) -> http.client.HTTPConnection:
    if parts.scheme != "https" or not parts.hostname or parts.port not in {None, 443} or "@" in parts.netloc:
        raise ValueError("an address begins with https:// and names nothing but a machine")
    found = {str(row[4][0]) for row in socket.getaddrinfo(parts.hostname, 443, type=socket.SOCK_STREAM)}
    if not found or not all(is_public(address) for address in found):
        raise ValueError("this machine is not of the open internet")
    return _Pinned(parts.hostname, min(found), within_s)


class _Pinned(http.client.HTTPSConnection):
    """Goes to the address that was looked at, whatever the name says a moment later."""

    def __init__(self, host: str, address: str, within_s: float) -> None:
        self._tls, self._address = ssl.create_default_context(), address
        super().__init__(host, 443, timeout=within_s, context=self._tls)

    def connect(self) -> None:
        """Open the connection; the certificate has to be that of the name."""
        raw = socket.create_connection((self._address, 443), self.timeout)
        self.sock = self._tls.wrap_socket(raw, server_hostname=self.host)


#: They wrap an address of IPv4, which may be anybody's.
_WRAPPED = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "2002::/16", "2001::/32")))


def is_public(address: str) -> bool:
    """Whether this IP address is one of the open internet, and of one machine there."""
    found = ipaddress.ip_address(address.partition("%")[0])
    wrapped = any(found.version == each.version and found in each for each in _WRAPPED)
    return found.is_global and not found.is_multicast and not wrapped


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
