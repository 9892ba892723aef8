"""The only file that knows every room."""

from flask import Flask
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from webapp import openapi
from webapp.chain import messages as chain_messages
from webapp.chain import state as chain_state
from webapp.custody import api as custody_api
from webapp.custody import evidence as custody_evidence
from webapp.custody import office_views as custody_office
from webapp.custody import public_views as custody_public
from webapp.custody import views as custody_views
from webapp.custody.service import CustodyRoom, employer, in_use, may_settle, private_parts, works_in
from webapp.kernel.base import csrf, i18n, limits, pwa, style_page, styles, web
from webapp.kernel.base import messages as base_messages
from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.db import db
from webapp.kernel.crossings import messages as crossings_messages
from webapp.kernel.crossings.room import CrossingRoom
from webapp.kernel.documents import api as documents_api
from webapp.kernel.documents import views as documents_views
from webapp.kernel.erasure import messages as erasure_messages
from webapp.kernel.erasure import views as erasure_views
from webapp.kernel.erasure.entries import REDACTED
from webapp.kernel.erasure.room import ErasureRoom
from webapp.kernel.evidence import api as evidence_api
from webapp.kernel.evidence import messages as evidence_messages
from webapp.kernel.identity import login, menu
from webapp.kernel.identity import messages as identity_messages
from webapp.kernel.identity import views as identity_views
from webapp.kernel.identity.roles import Action
from webapp.kernel.intake import api as intake_api
from webapp.kernel.intake import messages as intake_messages
from webapp.kernel.intake.service import Door
from webapp.kernel.ledger import api as ledger_api
from webapp.kernel.ledger import messages as ledger_messages
from webapp.kernel.notifications import api as notifications_api
from webapp.kernel.notifications import messages as notifications_messages
from webapp.kernel.notifications import service as notifications
from webapp.kernel.notifications import views as notifications_views
from webapp.kernel.notifications.room import NotificationsRoom
from webapp.kernel.phones import api as phones_api
from webapp.kernel.phones import messages as phones_messages
from webapp.kernel.phones import views as phones_views
from webapp.kernel.phones.room import PhonesRoom
from webapp.kernel.places import messages as places_messages
from webapp.kernel.places import views as places_views
from webapp.kernel.reconciliation.service import ReconciliationRoom
from webapp.kernel.scanning import api as scanning_api
from webapp.kernel.scanning import messages as scanning_messages
from webapp.kernel.scanning.service import CodesRoom
from webapp.kernel.witnesses import api as witnesses_api
from webapp.kernel.witnesses import messages as witnesses_messages
from webapp.kernel.witnesses import views as witnesses_views
from webapp.kernel.witnesses.room import WitnessRoom
from webapp.supplies import api as supplies_api
from webapp.supplies import notices as supplies_notices
from webapp.supplies.desk import arrival_views as desk_arrival_views
from webapp.supplies.desk import need_views as desk_need_views
from webapp.supplies.desk import offer_views as desk_offer_views
from webapp.supplies.desk import views as desk_views
from webapp.supplies.labels import cards_views as supplies_cards
from webapp.supplies.labels.cards_room import CardsRoom
from webapp.supplies.public import views as supplies_public
from webapp.supplies.senders import account_mails as supplies_account_mails
from webapp.supplies.senders import account_views as supplies_accounts
from webapp.supplies.senders import views as supplies_sender
from webapp.supplies.senders.accounts import is_verified
from webapp.supplies.service import SuppliesRoom
from webapp.supplies.town import board_views as supplies_board
from webapp.supplies.town import shelter_views as supplies_shelters
from webapp.supplies.town import views as supplies_admin

BLUEPRINTS = (
    intake_api.bp,
    evidence_api.bp,
    scanning_api.bp,
    ledger_api.bp,
    documents_api.bp,
    documents_views.bp,
    witnesses_api.bp,
    witnesses_views.bp,
    identity_views.bp,
    erasure_views.bp,
    places_views.bp,
    phones_api.bp,
    phones_views.bp,
    notifications_views.bp,
    notifications_api.bp,
    custody_public.bp,
    custody_views.bp,
    custody_office.bp,
    custody_api.bp,
    supplies_api.bp,
    supplies_board.bp,
    supplies_public.bp,
    supplies_accounts.bp,
    supplies_sender.bp,
    supplies_admin.bp,
    supplies_shelters.bp,
    desk_views.bp,
    desk_need_views.bp,
    desk_offer_views.bp,
    desk_arrival_views.bp,
    supplies_cards.bp,
    pwa.bp,
    styles.bp,
    openapi.bp,
)

#: (text, endpoint, what one must be allowed to do to see it)
MENU: tuple[menu.Line, ...] = (
    ("案件", "custody.consignments", Action.CONSIGNMENT_VIEW),
    ("スキャン", "pwa.shell", Action.EVIDENCE_ADD),
    ("避難所", "supplies_desk.shelters", Action.NEED_MANAGE),
    ("送る", "sender.mine", Action.OFFER_MAKE),
    ("利用者", "identity.people", Action.PEOPLE_MANAGE),
    ("支援物資", "supplies_board.overview", Action.SUPPLIES_VIEW),
    ("物資の管理", "supplies_admin.front", Action.SHELTERS_MANAGE),
    ("組織", "identity.organisations", Action.ORGANISATION_MANAGE),
    ("電話", "phones.phones", Action.PHONES_MANAGE),
    ("場所", "places.places", Action.PLACES_MANAGE),
    ("お知らせ", "notices.notices", Action.NOTICES_VIEW),
    ("台帳", "witnesses.ledger", Action.LEDGER_READ),
    ("自分", "identity.account", None),
)

#: Every code of the kernel and its Japanese sentence; rooms answer through the door.
SENTENCES = {
    **base_messages.SENTENCES,
    **identity_messages.SENTENCES,
    **notifications_messages.SENTENCES,
    **places_messages.SENTENCES,
    **phones_messages.SENTENCES,
    **ledger_messages.SENTENCES,
    **chain_messages.SENTENCES,
    **intake_messages.SENTENCES,
    **evidence_messages.SENTENCES,
    **erasure_messages.SENTENCES,
    **crossings_messages.SENTENCES,
    **scanning_messages.SENTENCES,
    **witnesses_messages.SENTENCES,
}


def wire(app: Flask) -> None:
    """Register what each package offers."""
    web.init(app, SENTENCES)
    csrf.init(app)
    styles.init(app)
    limits.limiter.init_app(app)
    i18n.init(app)
    login.init(app)
    menu.init(app, MENU)
    # in the order in which they fold an entry: codes before the things they are stuck on, what people settled before
    # the histories in which it is asked
    forgetting = ErasureRoom({"device": private_parts})
    phones = PhonesRoom(employer)
    app.extensions["door"] = Door(
        [
            CodesRoom(in_use),
            ReconciliationRoom(may_settle),
            phones,
            CustodyRoom(),
            SuppliesRoom(is_verified),
            CardsRoom(),
            forgetting,
            WitnessRoom(),
            CrossingRoom(works_in),
            NotificationsRoom(REDACTED),  # after everybody who has something to tell
        ],
        phones,
    )
    # kind -> (its name on screen, who writes it)
    notifications.register(app, {**supplies_notices.RENDERERS, **supplies_account_mails.RENDERERS})
    app.extensions["anchored_size"] = chain_state.anchored_size
    app.extensions["authors"] = {}
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    places_views.say_also(
        app, "避難所は「物資の管理」で登録します。", "supplies_shelters.shelters", Action.SHELTERS_MANAGE
    )
    style_page.init(app)
    app.extensions["public_pages"] = {
        "parcel": supplies_public.parcel
    }  # kind of a code → its page for everybody
    app.extensions["evidence_access"] = custody_evidence.may_see
    app.extensions["evidence_seen"] = custody_evidence.seen
    app.add_url_rule("/healthz", "healthz", _healthz)


def _healthz() -> ResponseReturnValue:
    """Whether the site can serve: the database answers and has this version's tables."""
    db.session.execute(text("SELECT 1 FROM ledger_heads LIMIT 1"))
    return {"status": "ok", "at": now_ms()}, 200, {"Cache-Control": "no-store"}
