"""The web server, the same for `make run`, `make phone` and systemd; the environment may say otherwise."""

import gc
import mmap
import os
import sys
import time
from array import array
from pathlib import Path
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

#: Connections that each worker has, for all of them to see.
_held = memoryview(mmap.mmap(-1, 4 * 1_024)).cast("i")
NOBODY = 2**31 - 1
_held[:] = memoryview(array("i", [NOBODY] * len(_held)))


class Worker(ThreadWorker):  # type: ignore[misc]
    """A worker gives way to one that has fewer connections.

    All of them are woken for a new one, and the first could take everybody's: the other cores would then have nothing
    to do for as long as these connections live.
    """

    place = 0

    def accept(self, *listener: Any) -> None:
        """Take a connection, unless another worker was quicker."""
        if self.nr_conns > min(_held):
            time.sleep(0.01)  # longer than the threads of that one keep the interpreter from it
        super().accept(*listener)
        self.notify()

    def notify(self) -> None:
        """Say that this worker is alive, and how many connections it has."""
        super().notify()
        _held[self.place] = self.nr_conns


def pre_fork(server: Any, worker: Any) -> None:
    """A worker gets a place to count in that no other one has."""
    taken = {other.place for other in server.WORKERS.values()}
    worker.place = min(set(range(len(_held))) - taken)
    _held[worker.place] = 0


def child_exit(_server: Any, worker: Any) -> None:
    """Nobody gives way to a worker that is gone."""
    _held[worker.place] = NOBODY


worker_class = Worker
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
preload_app = True  # one release of the phone app in all workers
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 120  # an import of a long list and a sheet of labels take seconds, not minutes
graceful_timeout = 3  # an idle connection of a browser must not hold up a stop
keepalive = 30  # phones send batch after batch over one connection
max_requests = 20_000
max_requests_jitter = 2_000
certfile = os.environ.get("ASHIATO_CERTFILE")
keyfile = os.environ.get("ASHIATO_KEYFILE")
accesslog = None  # the application writes its own line a request, without personal data
loglevel = "warning"


def on_starting(_server: Any) -> None:
    """Nothing is restored under a running site: the commands look for this."""
    from webapp.kernel.base import running

    running.announce(
        Path(os.environ.get("ASHIATO_INSTANCE", Path(__file__).resolve().parents[1] / "instance"))
    )


def post_worker_init(_worker: Any) -> None:
    """What was loaded stays: the collector need not walk over it every few hundred rows.

    And the thread that holds the write lock gets the interpreter back from the others after 1 ms, not after 5.
    """
    sys.setswitchinterval(0.001)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
