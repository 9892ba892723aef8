"""Who may read entries and tiles here: nodes that the log admitted, and whoever holds this node's token."""

import hmac

from webapp.kernel.tlog import members
from webapp.kernel.tlog.members import NotAMember
from webapp.kernel.tlog.notes import NoteError, VerifyKey
from webapp.node.store import Store

BEARER, TOKEN = "Bearer ", "token"
#: A pass that was overheard is good for this long, and clocks may differ by as much; ms.
SKEW_MS = 5 * 60_000


def may_read(store: Store, origin: str, header: str, method: str, path: str, now: int) -> bool:
    """Whether this Authorization header opens the copy of this log; `now` in ms.

    A member node signs the request with the mirror key under which the log's own entries admitted it. The token is
    for people: the town that lost its database, an auditor. It is shown by `ashiato node token`.
    """
    if header.startswith(BEARER):
        token = store.fact(TOKEN)
        return bool(token) and hmac.compare_digest(header.removeprefix(BEARER).encode(), token.encode())
    try:
        shown = members.parse(header)
        if abs(now - shown.at_ms) > SKEW_MS:
            return False
        rows = store.reading().execute(
            "SELECT mirror_vkey FROM members WHERE origin = ? AND NOT retired", (origin,)
        )
        keys = [VerifyKey.parse(vkey) for (vkey,) in rows]
        key = next((key for key in keys if key.name == shown.name), None)
        if key is None:
            return False
        shown.verify(key, method, path)
    except (NotAMember, NoteError):
        return False
    return True
