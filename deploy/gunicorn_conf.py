"""The web server, the same for `make run`, `make phone` and systemd; the environment may say otherwise."""

import gc
import os
import sys
import time
from pathlib import Path
from typing import Any

from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):  # type: ignore[misc]
    """A worker with few connections is quicker to take the next one than a worker with many.

    All of them are woken for it, and without this the first may take everybody's: the other cores then have nothing
    to do for as long as these connections live.
    """

    def accept(self, listener: Any) -> None:
        """Take a connection, unless somebody else was quicker."""
        time.sleep(0.0003 * min(self.nr_conns, 4))
        super().accept(listener)


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
