"""A stranger's server can be slow, endless or rude; we are never held up for longer than we said."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from webapp.kernel.base.fetch import Unreachable, fetch

Talk = Callable[[socket.socket], None]


@pytest.fixture
def server() -> Iterator[Callable[[Talk], str]]:
    """Start something that talks to whoever connects; answers its address."""
    listeners: list[socket.socket] = []

    def start(talk: Talk) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            try:
                with listener.accept()[0] as line:
                    line.recv(65_536)
                    talk(line)
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/x?y=1"

    yield start
    for listener in listeners:
        listener.close()


def test_an_answer_comes_with_status_headers_and_body(server: Callable[[Talk], str]) -> None:
    url = server(
        lambda line: line.sendall(b"HTTP/1.1 409 No\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nhi")
    )
    answer = fetch("POST", url, b"body", limit=10, within_s=5)
    assert (answer.status, answer.headers["content-type"], answer.body) == (409, "a/b", b"hi")


def test_a_redirect_is_not_followed(server: Callable[[Talk], str]) -> None:
    url = server(lambda line: line.sendall(b"HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/\r\n\r\n"))
    assert fetch("GET", url, limit=10, within_s=5).status == 302


def _drip(line: socket.socket, first: bytes, each: bytes) -> None:
    line.sendall(first)
    for _ in range(200):
        time.sleep(0.05)
        line.sendall(each)


@pytest.mark.parametrize(
    "talk",
    [
        lambda line: time.sleep(5),
        lambda line: _drip(line, b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        lambda line: _drip(line, b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        lambda line: _drip(line, b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"x"),
    ],
)
def test_who_talks_slowly_is_cut_off(server: Callable[[Talk], str], talk: Talk) -> None:
    started = time.monotonic()
    with pytest.raises(Unreachable):
        fetch("GET", server(talk), limit=1_000, within_s=0.5)
    assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 11,
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort",
        b"no HTTP at all\r\n\r\n",
        b"",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
    ],
)
def test_what_is_too_long_too_short_or_no_answer_is_none(server: Callable[[Talk], str], said: bytes) -> None:
    with pytest.raises(Unreachable):
        fetch("GET", server(lambda line: line.sendall(said)), limit=10, within_s=5)


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "ftp://x/", "http://", "http://[::1", "http://x:99999/"]
)
def test_what_is_no_address_is_not_asked(url: str) -> None:
    with pytest.raises(Unreachable):
        fetch("GET", url, limit=10, within_s=1)
