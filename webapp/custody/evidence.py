"""Whose photos one may see: those that scans of one's own consignments name, and one's own uploads."""

from sqlalchemy import select

from webapp.custody.models import Party, Photo
from webapp.kernel.base.db import db
from webapp.kernel.evidence.models import EvidenceFile
from webapp.kernel.identity.login import current_person
from webapp.kernel.identity.models import Person
from webapp.kernel.identity.roles import Action, may


def may_see(sha256: str) -> bool:
    """For the request's person. A scan opens a photo only if the organisation that scanned also sent the photo:
    naming somebody else's hash in a scan of one's own shows nothing."""
    person = current_person()
    held = db.session.get(EvidenceFile, sha256)
    if held is None:
        return False
    if held.uploader == person.id:
        return True
    named = (
        select(Photo.sha256)
        .join(Party, Party.consignment == Photo.job)
        .join(Person, Person.id == held.uploader)
        .where(Photo.sha256 == sha256, Party.org == person.organisation_id, Photo.org == Person.organisation_id)
    )
    return may(person.roles, Action.EVIDENCE_VIEW) and db.session.scalar(named.limit(1)) is not None
