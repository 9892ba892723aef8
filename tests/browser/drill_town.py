"""A town before its drill: nobody but its staff, a supporting city, and a mail server. Everything else is played."""

import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, TypeVar

from tests.browser.server import ROOT, Member, Server, free_port
from tests.conftest import settings_for
from tests.factories.identity import a_person, an_organisation
from webapp.app import create_app
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.identity.models import Organisation
from webapp.kernel.identity.roles import OrganisationKind
from webapp.kernel.ledger.log import open_log
from webapp.supplies.entries import INDIVIDUALS

LOG = "063622"
T = TypeVar("T")
ASHIATO = Path(sys.executable).with_name("ashiato")
#: A mail goes out when the sender looks the next time; a loaded machine takes its time.
MAIL_WITHIN_S = 20
#: In a small town one person is officer and administrator.
STAFF = {"officer": (["officer", "admin"], "佐藤 花子"), "auditor": (["auditor"], "伊藤 恵")}


@dataclass(frozen=True, slots=True)
class DrillTown:
    """The town behind a real server, and the folder into which its mail server puts what it takes."""

    server: Server
    post: Path
    people: dict[str, Member]
    title: str = "訓練"

    @property
    def url(self) -> str:
        """The address people type."""
        return self.server.url

    def rows(self, query: str, *words: str) -> list[tuple[Any, ...]]:
        """What the town's database says, past the server."""
        with closing(sqlite3.connect(self.server.folder / "test.db")) as database:
            return database.execute(query, words).fetchall()

    def entries(self) -> list[dict[str, Any]]:
        """The town's log as it was written, oldest first; what a person sent in lies under `act`."""
        rows = self.rows("SELECT raw FROM ledger_entries WHERE log = ? ORDER BY idx", LOG)
        entries = [json.loads(raw) for (raw,) in rows]
        return [{**entry, "act": json.loads(entry["p"]) if "p" in entry else entry} for entry in entries]

    def mail(self, to: str, subject: str) -> EmailMessage:
        """The mail to this address whose subject holds these words, once it is there; there may be only one."""
        return only(
            lambda: [mail for mail in self.mails(to) if subject in str(mail["Subject"])], f"{subject} → {to}"
        )

    def mails(self, to: str = "") -> list[EmailMessage]:
        """All mails that the server took, or those to one address, oldest first."""
        taken = [path.read_bytes() for path in sorted(self.post.glob("*.eml"))]
        mails = [message_from_bytes(raw, _class=EmailMessage, policy=default) for raw in taken]
        return [mail for mail in mails if not to or to in str(mail["To"])]

    def ashiato(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the administrator's on the server."""
        command = [str(ASHIATO), *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.server.env, capture_output=True, text=True, check=False
        )


def only(find: Callable[[], list[T]], what: str) -> T:
    """The one thing that is found within the time of a mail."""
    deadline = time.monotonic() + MAIL_WITHIN_S
    while not (found := find()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(found) == 1, f"{what}: {len(found)}"
    return found[0]


@contextmanager
def a_drill_town(template: Path, folder: Path) -> Iterator[DrillTown]:
    """Its server, its sender of mails and its mail server run while the block runs."""
    shutil.copyfile(template, folder / "test.db")
    port, post = free_port(), folder / "post"
    mails = {"SMTP_URL": f"smtp://127.0.0.1:{port}", "MAIL_FROM": "足あと 最上町 <ashiato@town.example.jp>"}
    server = Server(folder, mails)
    people = _settle(server)
    sink = [sys.executable, "-m", "webapp.kernel.notifications.sink", "--port", str(port), "--dir", str(post)]
    try:
        with _beside(server, sink), _beside(server, [str(ASHIATO), "notices", "send", "--loop"]):
            server.start()
            _wait_for(port)
            yield DrillTown(server, post, people)
    finally:
        server.kill()


@contextmanager
def _beside(server: Server, command: list[str]) -> Iterator[None]:
    """What runs beside every site, as a process of its own."""
    with (server.folder / "beside.log").open("ab") as log:
        running = subprocess.Popen(command, cwd=ROOT, env=server.env, stdout=log, stderr=log)
    try:
        yield
    finally:
        running.terminate()
        running.wait(20)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + MAIL_WITHIN_S
    while time.monotonic() < deadline:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the mail server does not listen")


def _settle(server: Server) -> dict[str, Member]:
    """Organisations and accounts: what is there before anything shakes."""
    app = create_app(settings_for(f"sqlite:///{server.folder / 'test.db'}", server.folder))
    with app.app_context():
        town = an_organisation("municipality", name="最上町役場", lg_code=LOG)
        city = an_organisation("municipality", name="仙台市役所", lg_code="041009")
        with transaction() as session:
            open_log(session, LOG, f"log.example/{LOG}", "最上町", town.id, now_ms())
            session.add(
                Organisation(
                    id=INDIVIDUALS, name="個人の支援者", kind=OrganisationKind.SUPPORTER, active=True
                )
            )
        people = {}
        for login, (roles, name) in STAFF.items():
            a_person(roles[0], town, login=login, name=name, roles=roles)
            people[login] = Member(login, name)
        a_person("supporter", city, login="sendai", name="森 拓也", email="relief@sendai.example.jp")
        people["sendai"] = Member("sendai", "森 拓也")
        db.session.remove()
        db.engine.dispose()
    return people
