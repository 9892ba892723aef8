"""What the log says about forgetting: whose commitments, which, and on what legal ground. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from webapp.kernel.intake.format import Body

#: The command, and what follows it in the log: which commitments can never be opened again.
REDACTED, ERASED = "ledger.redacted", "ledger.commitments_erased"
#: Commitments in one entry: 64 digits, an index and some punctuation each.
CHUNK = 500

#: Why it may be erased. Article 98 of 個人情報保護法 (Act on the Protection of Personal Information) gives people the
#: right to ask; a town's own rules say how long records are kept.
GROUNDS = {
    "request": "本人からの消去の請求（個人情報保護法第98条）",
    "retention": "保存期間が終わった",
    "purpose": "利用目的を終えた",
    "mistake": "誤って記録した",
    "order": "裁判所・個人情報保護委員会の命令など",
}
WHAT = {"device": "端末", "act": "記録", "person": "利用者"}


class RedactBody(Body):
    """A device or act by its id, or a person by the pseudonym in this log; and the legal ground."""

    what: Literal["device", "act", "person"]
    subject: Annotated[
        str, StringConstraints(pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|p-[0-9a-f]{20})$")
    ]
    basis: Literal["request", "retention", "purpose", "mistake", "order"]


_COMMIT = re.compile(rb'\\?"commit\\?":\\?"([0-9a-f]{64})\\?"')


def commits_in(raw: bytes) -> list[str]:
    """The commitments that an entry's bytes hold, in a phone's signed string or in a body of ours."""
    return [found.decode() for found in _COMMIT.findall(raw)]


def erased_entries(
    redaction: str, commits: Iterable[str], indices: Mapping[str, int]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Entries that name the erased commitments and where each stands in the log (-1: in another town's)."""
    lines = [{"commit": commit, "index": indices.get(commit, -1)} for commit in sorted(commits)]
    for start in range(0, len(lines), CHUNK):
        part = lines[start : start + CHUNK]
        yield ERASED, {"redaction": redaction, "count": len(part), "erased": part}
