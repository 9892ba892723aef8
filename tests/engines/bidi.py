"""WebDriver BiDi: what a test needs of it. https://www.w3.org/TR/webdriver-bidi/"""

import json
from contextlib import ExitStack
from typing import Any

from websockets.sync.client import connect

from tests.engines.engine import PATIENCE_S, Redrawn

#: What the browser says of an element that is no longer on the page, and of a script whose page is no longer there.
GONE = ("no such node", "stale element reference", "no such frame")


class BidiError(Exception):
    """The browser refused a command."""


class Session:
    """One connection; commands are answered in turn, errors that pages log are kept."""

    def __init__(self, port: int) -> None:
        """Begin a session with the browser on this port."""
        self._open = ExitStack()
        there = connect(f"ws://127.0.0.1:{port}/session", max_size=None, compression=None, proxy=None)
        self._connection = self._open.enter_context(there)
        self._last = 0
        self.errors: list[str] = []
        self.send("session.new", capabilities={})
        self.send("session.subscribe", events=["log.entryAdded"])

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """The answer to a command. Raises Redrawn, BidiError, TimeoutError after 20 s."""
        self._last += 1
        self._connection.send(json.dumps({"id": self._last, "method": method, "params": params}))
        while True:
            told: dict[str, Any] = json.loads(self._connection.recv(timeout=PATIENCE_S))
            if told.get("id") == self._last:
                break
            self._hear(told)
        if told["type"] == "error" and (told["error"] in GONE or "AbortError" in told["message"]):
            raise Redrawn
        if told["type"] == "error":
            raise BidiError(f"{method}: {told['message']}")
        result: dict[str, Any] = told["result"]
        return result

    def _hear(self, told: dict[str, Any]) -> None:
        if told.get("method") == "log.entryAdded" and told["params"]["level"] == "error":
            self.errors.append(told["params"]["text"])

    def call(self, context: str, function: str, *words: str) -> dict[str, Any]:
        """What a JavaScript function answered. Raises AssertionError with what it threw."""
        said = self.send(
            "script.callFunction",
            functionDeclaration=function,
            arguments=[{"type": "string", "value": word} for word in words],
            target={"context": context},
            awaitPromise=True,
            userActivation=False,
        )
        assert said["type"] == "success", said["exceptionDetails"]["text"]
        result: dict[str, Any] = said["result"]
        return result

    def press(self, context: str, element: dict[str, Any]) -> None:
        """A pointer goes down and up on the middle of an element."""
        there = {"type": "element", "element": {"sharedId": element["sharedId"]}}
        moves = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": there},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._perform(context, {"type": "pointer", "id": "finger", "actions": moves})

    def strike(self, context: str, text: str) -> None:
        """Keys go down and up, one after the other."""
        keys = [{"type": way, "value": letter} for letter in text for way in ("keyDown", "keyUp")]
        self._perform(context, {"type": "key", "id": "keys", "actions": keys})

    def _perform(self, context: str, source: dict[str, Any]) -> None:
        self.send("input.performActions", context=context, actions=[source])

    def close(self) -> None:
        """Let go of the connection; the browser goes on."""
        self._open.close()
