"""Boards of a municipality's relief: the overview that follows changes, all shelters, the figures of a whole disaster.

Contexts of the templates (all under supplies/):
  board_none.html       (nothing: no disaster has been entered)
  board_overview.html   board: Board, choice, live_url, cubic, desk, now
  board_live.html       board, cubic, desk, now (the part that updates itself)
  board_shelters.html   card, choice, lines: [Served], total, page, per, desk
  board_statistics.html figures: Figures, card, choice, titles, timed: [(name, text)], live_url, rev, now, can_export
  board_figures.html    figures, titles, timed (the part that updates itself)
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.base.outcomes import Forbidden, NotFound
from webapp.kernel.base.web import whole_number
from webapp.kernel.identity.login import current_person, require
from webapp.kernel.identity.roles import Action, OrganisationKind, may
from webapp.kernel.intake.submit import submit
from webapp.supplies import choosing
from webapp.supplies import entries as kinds
from webapp.supplies.choosing import Choice
from webapp.supplies.known import DisasterCard
from webapp.supplies.town import boards, statistics

bp = Blueprint("supplies_board", __name__, template_folder="../templates")

PAGE = 50


def _log() -> str:
    return boards.log_of(db.session(), current_person().organisation_id)


def _choice(log: str) -> Choice:
    """The disaster in the address, which is remembered; else the one remembered or usual. NotFound for others' ones."""
    wanted = request.args.get("disaster", "")
    cards = boards.cards_of(db.session(), log, wanted)
    choosing.remember(cards, wanted)
    return choosing.choice(db.session(), cards, wanted)


def _card(log: str) -> tuple[DisasterCard, Choice]:
    choice = _choice(log)
    if choice.about is None:
        raise NotFound
    return choice.about, choice


def _desks(card: DisasterCard, cards: Sequence[DisasterCard]) -> Callable[..., str]:
    """Addresses of shelters' desks in this disaster, one of `cards`."""
    which = f"?disaster={card.id}" if len(cards) > 1 else ""

    def desk_of(shelter: str, page: str = "") -> str:
        """Of this shelter's; "" for who does not work there: its own people do, and the town's officers at all."""
        person = current_person()
        own = person.organisation_id == shelter or person.organisation.kind == OrganisationKind.MUNICIPALITY
        return f"/desk/{shelter}{page}{which}" if own and may(person.roles, Action.NEED_MANAGE) else ""

    return desk_of


def _may_manage() -> bool:
    return may(current_person().roles, Action.SHELTERS_MANAGE)


def _can_export(log: str) -> bool:
    """As the command decides it: officers and auditors of the log's own municipality."""
    person = current_person()
    return may(person.roles, Action.EXPORT) and boards.is_own(db.session(), log, person.organisation_id)


@bp.get("/board")
@require(Action.SUPPLIES_VIEW)
def overview() -> ResponseReturnValue:
    """What is needed, what comes, who waits."""
    log, now = _log(), now_ms()
    choice = _choice(log)
    if choice.about is None:
        return render_template("supplies/board_none.html", may_manage=_may_manage())
    return render_template(
        "supplies/board_overview.html",
        board=boards.board(db.session(), choice.about, now),
        choice=choice,
        live_url=url_for("supplies_board.live", disaster_id=choice.about.id),
        cubic=boards.cubic,
        desk=_desks(choice.about, choice.cards),
        now=now,
        may_manage=_may_manage(),
    )


@bp.get("/board/<disaster_id>/live")
@require(Action.SUPPLIES_VIEW)
def live(disaster_id: str) -> ResponseReturnValue:
    """The part of the overview that changes; 204 if nothing has happened in the log since `rev`."""
    return _living(disaster_id, _overview_part)


@bp.get("/board/<disaster_id>/figures")
@require(Action.SUPPLIES_VIEW)
def live_figures(disaster_id: str) -> ResponseReturnValue:
    """The same for the figures."""
    return _living(disaster_id, _figures_part)


def _living(
    disaster_id: str, part: Callable[[DisasterCard, Sequence[DisasterCard], int], str]
) -> ResponseReturnValue:
    log, now = _log(), now_ms()
    rev = boards.revision(db.session(), log, now)
    fresh = {"Cache-Control": "no-store", "X-Rev": rev}
    if request.args.get("rev", "") == rev:
        return "", 204, fresh
    card, cards = boards.choose(db.session(), log, disaster_id)
    if card is None:
        raise NotFound
    return part(card, cards, now), 200, fresh


def _overview_part(card: DisasterCard, cards: Sequence[DisasterCard], now: int) -> str:
    found = boards.board(db.session(), card, now)
    known = {"cubic": boards.cubic, "desk": _desks(card, cards), "now": now}
    return render_template("supplies/board_live.html", board=found, **known)


def _figures_part(card: DisasterCard, _cards: Sequence[DisasterCard], _now: int) -> str:
    return render_template("supplies/board_figures.html", **_figures_of(card))


def _figures_of(card: DisasterCard) -> dict[str, Any]:
    found = statistics.figures(db.session(), card)
    timed = [(name, statistics.span_text(ms)) for name, ms in statistics.timed(found.times)]
    return {"figures": found, "titles": statistics.TITLES, "timed": timed}


@bp.get("/board/shelters")
@require(Action.SUPPLIES_VIEW)
def shelters() -> ResponseReturnValue:
    """Every shelter with needs, those first who are served worst."""
    (card, choice), page = _card(_log()), max(1, whole_number("page", 1))
    found = boards.shelters_served(db.session(), card)
    shown = found[(page - 1) * PAGE : page * PAGE]
    return render_template(
        "supplies/board_shelters.html",
        card=card,
        choice=choice,
        lines=shown,
        total=len(found),
        page=page,
        per=PAGE,
        desk=_desks(card, choice.cards),
    )


@bp.get("/board/statistics")
@require(Action.SUPPLIES_VIEW)
def figures() -> ResponseReturnValue:
    """Totals of the whole disaster."""
    log, now = _log(), now_ms()
    choice = _choice(log)
    if (card := choice.about) is None:
        return render_template("supplies/board_none.html", may_manage=_may_manage())
    return render_template(
        "supplies/board_statistics.html",
        card=card,
        choice=choice,
        live_url=url_for("supplies_board.live_figures", disaster_id=card.id),
        rev=boards.revision(db.session(), log, now),
        now=now,
        can_export=_can_export(log),
        **_figures_of(card),
    )


@bp.get("/board/statistics.csv")
@require(Action.EXPORT)
def export() -> ResponseReturnValue:
    """The same as CSV for Excel (UTF-8 with BOM, formula cells neutralised); that it was taken out is an entry."""
    log = _log()
    card, _ = _card(log)
    answer = submit(kinds.EXPORTED, log, {"disaster": card.id, "label": "statistics.csv"})
    if answer.refusal is not None:
        raise Forbidden
    name = hashlib.sha256(card.id.encode()).hexdigest()[:8]
    headers = {"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "private, no-store"}
    attached = {"Content-Disposition": f'attachment; filename="relief-{name}.csv"'}
    return statistics.as_csv(statistics.figures(db.session(), card)), 200, headers | attached
