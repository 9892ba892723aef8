"""The room behind the door: who may record here, and which commands it takes. Their decisions: `needing`, `sending`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from webapp.kernel.base.i18n import gettext
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.base.rows import Written
from webapp.kernel.base.workbench import workbench
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.door import Accepted, Author, Command, Verdict, command
from webapp.kernel.intake.format import Act
from webapp.kernel.ledger.entries import Recorded
from webapp.supplies import entries as kinds
from webapp.supplies import needing, projection, running, sending
from webapp.supplies.allowed import is_disaster_of, receives, shelter_of
from webapp.supplies.entries import scan_fault
from webapp.supplies.messages import FINDING_TEXTS, SENTENCES
from webapp.supplies.models import ScanRow
from webapp.supplies.steps import Step

#: Whether this person's mail address is known to work (webapp.supplies does not keep accounts).
Verified = Callable[[Session, str], bool]


class SuppliesRoom:
    """Relief supplies behind the door."""

    observations = frozenset({kinds.SCAN})
    tables = projection.TABLES

    def __init__(self, verified: Verified) -> None:
        senders = sending.Senders(verified)
        shapes: dict[str, tuple[type[Any], Command]] = {
            kinds.DISASTER_OPENED: (kinds.DisasterOpened, running.open_disaster),
            kinds.DISASTER_CHANGED: (kinds.DisasterChanged, running.change_disaster),
            kinds.DISASTER_CLOSED: (kinds.DisasterClosed, running.close_disaster),
            kinds.SHELTER_SET: (kinds.ShelterSet, running.set_shelter),
            kinds.ITEM_SET: (kinds.ItemSet, running.set_item),
            kinds.EXPORTED: (kinds.Exported, running.record_export),
            kinds.NEEDS_REGISTERED: (kinds.NeedsRegistered, needing.register),
            kinds.NEED_CHANGED: (kinds.NeedChanged, needing.change),
            kinds.NEED_CONFIRMED: (kinds.NeedConfirmed, needing.confirm),
            kinds.NEED_STOPPED: (kinds.NeedStopped, needing.stop),
            kinds.REQUESTED: (kinds.Requested, needing.request),
            kinds.DECLINED: (kinds.OfMatch, needing.decline),
            kinds.LOST: (kinds.OfMatch, needing.lose),
            kinds.CLOSED_SHORT: (kinds.OfMatch, needing.close_short),
            kinds.SURPLUS_OFFERED: (kinds.SurplusOffered, needing.offer_surplus),
            kinds.OFFERED: (kinds.Offered, senders.offer),
            kinds.SENDER_VERIFIED: (kinds.SenderVerified, senders.take_effect),
            kinds.OFFER_WITHDRAWN: (kinds.OfferWithdrawn, sending.withdraw),
            kinds.PACKED: (kinds.Packed, sending.pack),
            kinds.QUANTITY_CHANGED: (kinds.QuantityChanged, sending.change_quantity),
            kinds.CANCELLED: (kinds.Cancelled, sending.cancel),
            kinds.SHIPPED: (kinds.Shipped, sending.ship),
        }
        self.commands = {kind: command(shape, decide) for kind, (shape, decide) in shapes.items()}

    def logs_of(self, session: Session, organisation_id: str) -> set[str]:
        """The municipality's own log, that of a shelter, and for senders every log that has had a disaster."""
        asked = (organisation_id,) * 3
        return {log for (log,) in _LOGS.run(session, *asked)}

    def check(self, session: Session, act: Act, author: Author) -> Refusal | None:
        """Form of the scan; and that its shelter is one of this log, where this person works."""
        if field := scan_fault(act.step, act.body):
            return Refusal("supplies.body", {"field": field})
        shelter = shelter_of(session, act.place)
        if shelter is None or shelter.log != act.log:
            return Refusal("supplies.unknown_shelter", {})
        if act.step == "outside" and act.job and not is_disaster_of(session, act.log, act.job):
            return Refusal("supplies.unknown_disaster", {})
        if not (may(author.roles, Action.SCAN_PARCEL) and receives(session, author, shelter)):
            return Refusal("supplies.not_your_shelter", {})
        return None if act.code or _needs_no_code(session, act) else Refusal("supplies.code_needed", {})

    def project(self, session: Session, log: str, entries: Sequence[Recorded]) -> Mapping[str, Verdict]:
        """Fold entries into the read tables."""
        return projection.project(session, log, entries)

    def sentence(self, code: str, params: Mapping[str, Any]) -> str:
        """Refusals and findings in words, in the language of this answer."""
        return gettext(SENTENCES.get(code) or FINDING_TEXTS.get(code, "")).format_map({**params})


def _needs_no_code(session: Session, act: Act) -> bool:
    """Goods from outside, and taking them back: what was read from a label is taken back under its code."""
    if act.step == Step.OUTSIDE:
        return True
    target = (
        workbench(session).get(ScanRow, str(act.body.get("target", ""))) if act.step == Step.VOID else None
    )
    return act.step == Step.VOID and (target is None or target.code == "")


_LOGS = Written(
    "SELECT log FROM supplies_shelters WHERE id = ? UNION SELECT id FROM logs WHERE organisation_id = ?"
    " UNION SELECT d.log FROM supplies_disasters d JOIN organisations o ON o.id = ?"
    " WHERE o.kind IN ('supporter', 'municipality')"
)

__all__ = ["Accepted", "SuppliesRoom", "Verified"]
