"""The only file that knows every room."""

from flask import Flask

from webapp.custody.service import CustodyRoom
from webapp.kernel.base import csrf, i18n, limits, pwa, style_page, web
from webapp.kernel.base import messages as base_messages
from webapp.kernel.evidence import api as evidence_api
from webapp.kernel.evidence import messages as evidence_messages
from webapp.kernel.identity import login
from webapp.kernel.identity import messages as identity_messages
from webapp.kernel.identity import views as identity_views
from webapp.kernel.intake import api as intake_api
from webapp.kernel.intake import messages as intake_messages
from webapp.kernel.intake.service import Door
from webapp.kernel.ledger import messages as ledger_messages
from webapp.kernel.places import messages as places_messages
from webapp.kernel.places import views as places_views
from webapp.kernel.reconciliation.service import ReconciliationRoom
from webapp.kernel.scanning import api as scanning_api
from webapp.kernel.scanning import messages as scanning_messages
from webapp.kernel.scanning.service import CodesRoom

#: In the order in which they fold an entry: codes before the things they are stuck on.
ROOMS = (CodesRoom, CustodyRoom, ReconciliationRoom)

BLUEPRINTS = (
    intake_api.bp,
    evidence_api.bp,
    scanning_api.bp,
    identity_views.bp,
    places_views.bp,
    pwa.bp,
)

#: Every code of the kernel and its Japanese sentence; rooms answer through the door.
SENTENCES = {
    **base_messages.SENTENCES,
    **identity_messages.SENTENCES,
    **places_messages.SENTENCES,
    **ledger_messages.SENTENCES,
    **intake_messages.SENTENCES,
    **evidence_messages.SENTENCES,
    **scanning_messages.SENTENCES,
}


def wire(app: Flask) -> None:
    """Register what each package offers."""
    web.init(app, SENTENCES)
    csrf.init(app)
    limits.limiter.init_app(app)
    i18n.init(app)
    login.init(app)
    app.extensions["door"] = Door([room() for room in ROOMS])
    app.extensions["authors"] = {}
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    style_page.init(app)
