"""Who may read a log: its own auditors, officers and administrators, and the nodes that it admitted."""

from flask import current_app, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.kernel.base.clock import MINUTE, now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import AppError, Forbidden
from webapp.kernel.identity.login import demand
from webapp.kernel.identity.roles import Action
from webapp.kernel.ledger.models import LedgerNode, Log
from webapp.kernel.ledger.publication import log_of
from webapp.kernel.tlog.members import SCHEME, NotAMember, Pass, parse
from webapp.kernel.tlog.notes import VerifyKey

#: Clocks of two organisations differ; a pass that was overheard is of no use for long.
SKEW_MS = 5 * MINUTE


class PassRefused(AppError):
    """The node's pass does not hold."""

    status = 401
    code = "ledger.pass_refused"


def demand_reader(log: str) -> Log:
    """The log, if who asks may read its entries.

    Raises LoginNeeded or PassRefused (401), Forbidden (403), NotFound (404), in this order: strangers do not learn
    which logs there are.
    """
    if request.headers.get("Authorization", "").startswith(SCHEME):
        _demand_node(db.session(), log)
        return log_of(db.session(), log)
    person = demand(Action.LEDGER_READ)
    found = log_of(db.session(), log)
    if found.organisation_id != person.organisation_id:
        raise Forbidden("identity.not_allowed")
    return found


def _demand_node(session: Session, log: str) -> None:
    try:
        shown = parse(request.headers["Authorization"])
        if abs(now_ms() - shown.at_ms) > SKEW_MS:
            raise NotAMember("its time is not ours")
        shown.verify(_mirror_key(session, log, shown), request.method, request.path)
    except NotAMember as problem:
        current_app.logger.info("a node's pass was refused: %s", problem)
        raise PassRefused from problem


def _mirror_key(session: Session, log: str, shown: Pass) -> VerifyKey:
    mine = select(LedgerNode.mirror_vkey).where(LedgerNode.log == log, LedgerNode.retired_at.is_(None))
    for vkey in session.scalars(mine):
        key = VerifyKey.parse(vkey)
        if key.name == shown.name:
            return key
    raise NotAMember("no admitted node has a mirror key of this name")
