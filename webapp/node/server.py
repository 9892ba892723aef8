"""A node as a process: one gunicorn worker with a few threads, and a thread that looks at each log."""

import gc
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from gunicorn.app.base import BaseApplication

from webapp.node import keys, telling, watching
from webapp.node.access import TOKEN
from webapp.node.app import Node, create_app
from webapp.node.fetching import is_address
from webapp.node.store import Store, StoreTaken
from webapp.node.watching import Watch, Who

#: How long a node that was killed may still be letting go of its folder.
TAKEN_FOR_S = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What a node was told at its start; "" means: as last time."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 0
    logs: tuple[str, ...] = ()
    name: str = ""
    organisation: str = ""
    url: str = ""
    vkey: str = ""
    every_s: float = 3.0


class Unusable(ValueError):
    """The node cannot start like this; the message says why."""


def open_node(options: Options) -> tuple[Node, Options]:
    """Claim the folder, make keys that are missing, remember what was told. Raises StoreTaken, Unusable, NoteError."""
    store = Store(options.folder)
    _claim(store)
    store.prepare()
    told = _remembered(store, options)
    pair = keys.load(options.folder, told.name)
    who = Who(told.organisation, told.url)
    if told.vkey:
        watching.pin(store, told.logs[0], told.vkey)
    watches = [Watch(store, pair, who, url) for url in told.logs]
    return Node(store, pair, told.name, told.organisation, watches), told


def serve(options: Options) -> None:
    """Run until told to stop. Raises as `open_node` does."""
    is_fresh = not (options.folder / "witness.key").exists()
    node, told = open_node(options)
    telling.started(node.keys, fresh=is_fresh, address=f"{told.host}:{told.port}（外からは {told.url}）")
    node.store.forget()  # the worker opens its own
    app = create_app(node)
    _Server(app, node, told).run()


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn without its command line."""

    def __init__(self, app: Flask, node: Node, options: Options) -> None:
        self._app, self._node, self._options = app, node, options
        super().__init__()

    def load_config(self) -> None:
        settings: dict[str, Any] = {
            "bind": f"{self._options.host}:{self._options.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": 6,
            "preload_app": True,
            "timeout": 60,
            "graceful_timeout": 1,
            "keepalive": 30,
            "accesslog": None,
            "loglevel": "warning",
            "post_worker_init": self._start_rounds,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """What gunicorn serves."""
        return self._app

    def _start_rounds(self, _worker: Any) -> None:
        gc.collect()
        gc.freeze()
        watching.start(list(self._node.watches), self._options.every_s)


def _claim(store: Store) -> None:
    until = time.monotonic() + TAKEN_FOR_S
    while True:
        try:
            store.claim()
        except StoreTaken:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _remembered(store: Store, options: Options) -> Options:
    """Fill in what was told at an earlier start, and keep what is told now."""
    logs = [url.rstrip("/") for url in options.logs] or [url for url in store.fact("logs").split("\n") if url]
    url = (options.url or store.fact("url") or f"http://{options.host}:{options.port}").rstrip("/")
    if not logs or not all(map(is_address, [*logs, url])):
        raise Unusable("a node needs the address of a log: --log https://…/log/063622")
    name = store.fact("name") or options.name or urlsplit(url).netloc
    if options.name and options.name != name:
        raise Unusable(f"this node is called {name}: its keys carry the name")
    organisation = options.organisation or store.fact("organisation") or name
    facts = {"logs": "\n".join(logs), "url": url, "name": name, "organisation": organisation}
    facts[TOKEN] = store.fact(TOKEN) or keys.new_token()
    for fact, value in facts.items():
        if store.fact(fact) != value:
            store.keep_fact(fact, value)
    return replace(options, logs=tuple(logs), name=name, organisation=organisation, url=url)
