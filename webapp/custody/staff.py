"""What every staff page of custody needs: whose it is, what this person may do, why something was refused."""

from flask import url_for

from webapp.custody import packs, queries
from webapp.custody.messages import SENTENCES
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.identity.login import current_person
from webapp.kernel.identity.roles import Action, may
from webapp.kernel.intake.api import door
from webapp.kernel.intake.service import Answer

#: Refusal → the field of the form beside which its sentence stands; others stand above the form.
_FIELD = {
    "custody.title_needed": "title",
    "custody.unknown_organisation": "carrier",
    "custody.cage_name": "label",
    "custody.cage_name_taken": "label",
    "custody.cage_code": "code",
    "custody.cage_taken": "code",
    "scanning.issue_range": "count",
    "scanning.unknown_code": "code",
    "scanning.already_void": "code",
    "scanning.replacement_unusable": "replaced_by",
    "reconciliation.reason_needed": "reason",
}


def org() -> str:
    """The organisation of who is asking."""
    return current_person().organisation_id


def job_of(job_id: str) -> queries.Job:
    """The consignment in the address. Raises NotFound if it is not this organisation's."""
    return queries.job_of(org(), job_id)


def own_job_of(job_id: str) -> queries.Job:
    """The consignment in the address, for its own municipality's people. Raises NotFound for all others."""
    job = job_of(job_id)
    if job.municipality_id != org():
        raise NotFound
    return job


def crumb(job: queries.Job) -> dict[str, str]:
    """The consignment in a trail of links."""
    return {"title": job.title, "href": url_for("custody.board", job_id=job.id)}


def said(answer: Answer) -> str:
    """Why a command was refused, or ""."""
    if answer.refusal is None:
        return ""
    if answer.refusal.code == "intake.id_conflict":  # "back", changed, sent again: nobody's fault
        return SENTENCES["custody.sent_before"]
    return door().sentence(answer.refusal.code, answer.refusal.params)


def errors(answer: Answer) -> dict[str, str]:
    """Field of the form → what is wrong with it; "" stands for the whole form. Empty if all is well."""
    return {_FIELD.get(answer.refusal.code, ""): said(answer)} if answer.refusal else {}


def can(job: queries.Job) -> dict[str, bool]:
    """What this person may do on the consignment: the town's officers manage it, the others look."""
    roles, ours = current_person().roles, job.municipality_id == org()
    return {
        "manage": ours and may(roles, Action.CONSIGNMENT_IMPORT),
        "label": ours and may(roles, Action.CODES_ISSUE),
        "close": may(roles, Action.DISCREPANCY_CLOSE),
        "export": may(roles, Action.EXPORT),
        "scan": may(roles, Action.EVIDENCE_ADD),
        "photos": may(roles, Action.EVIDENCE_VIEW),
        "inside": sees_inside(),
        "prove": ours and may(roles, Action.LEDGER_READ),
        "redact": ours and may(roles, Action.LEDGER_REDACT),
    }


def sees_inside() -> bool:
    """Whether this person may know what lies in a cage: who only carries it may not (least privilege)."""
    return not set(current_person().roles) <= {str(role) for role in packs.CLOSED_TO}
