"""Writes: a photo arrives. Whose it is, the scan that names it says."""

from pathlib import Path
from typing import IO

from sqlalchemy.exc import IntegrityError

from webapp.kernel.base.clock import DAY
from webapp.kernel.base.db import transaction
from webapp.kernel.base.images import Picture
from webapp.kernel.base.outcomes import Unprocessable
from webapp.kernel.evidence import queries, store
from webapp.kernel.evidence.models import EvidenceFile

GIB = 1024**3
#: What one person, and all people of one organisation, may send in 24 hours, bytes. A photo of the app has 0.4 MB:
#: room for 2,500 of them a person, ten times a hard day's work, and none for filling the disk.
MOST_A_PERSON, MOST_AN_ORGANISATION = GIB, 8 * GIB
#: Who has sent less than this is not the one who fills the disk; the organisation's sum is not even asked for, bytes.
A_DAYS_WORK = GIB // 16


def check_quota(person: str, organisation: str, size: int, now: int) -> None:
    """Whether `size` more bytes may come today. Raises Unprocessable evidence.quota_*: the photo waits on the phone."""
    since = now - DAY
    sent = queries.sent_by_person(person, since)
    if sent + size > MOST_A_PERSON:
        raise Unprocessable("evidence.quota_person", limit=_gib(MOST_A_PERSON))
    if sent + size <= A_DAYS_WORK:
        return
    if queries.sent_by_organisation(organisation, since) + size > MOST_AN_ORGANISATION:
        raise Unprocessable("evidence.quota_organisation", limit=_gib(MOST_AN_ORGANISATION))


def _gib(size: int) -> str:
    return f"{size / GIB:g} GB"


def is_kept(root: Path, sha256: str) -> bool:
    """Whether row and file are both here. If a crash left only one, the next upload mends it."""
    return queries.file(sha256) is not None and store.place(root, sha256).exists()


def receive(root: Path, sha256: str, stream: IO[bytes], *, uploader: str, now: int) -> int:
    """Check and keep one photo; its size in bytes. When this returns it is on disk and in the database.

    Raises TooLarge or Unprocessable with an evidence.* code; then nothing was kept.
    """
    data = store.read_checked(stream, sha256)
    picture = store.examine(data)
    store.keep(root, sha256, data)
    _record(sha256, picture, len(data), uploader=uploader, now=now)
    return len(data)


def _record(sha256: str, picture: Picture, size: int, *, uploader: str, now: int) -> None:
    row = EvidenceFile(
        sha256=sha256,
        media_type=picture.media_type,
        size=size,
        width=picture.width,
        height=picture.height,
        uploaded_at=now,
        uploader=uploader,
    )
    try:
        with transaction() as session:
            if session.get(EvidenceFile, sha256) is None:
                session.add(row)
    except IntegrityError:  # two phones sent it at once (PostgreSQL)
        return
