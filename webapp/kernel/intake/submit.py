"""Web forms go through the same door as phones: the act is built here, its id was made in the page."""

from collections.abc import Mapping
from typing import Any

import orjson

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.ids import is_id, new_id
from webapp.kernel.base.outcomes import NotFound
from webapp.kernel.identity.login import current_person
from webapp.kernel.intake.api import author_of, door
from webapp.kernel.intake.service import Answer
from webapp.kernel.ledger import vault


def submit(
    kind: str,
    log: str,
    body: Mapping[str, Any],
    private: Mapping[str, Any] | None = None,
    *,
    act_id: str = "",
    **fields: Any,
) -> Answer:
    """Carry out a command of the person who is logged in. The same `act_id` twice is one act (a double click).

    The answer holds a Refusal where the command was refused. Raises NotFound for a log that is not theirs.
    """
    author, now = author_of(current_person()), now_ms()
    if log not in author.pseudonyms:
        raise NotFound
    opening = vault.seal(private) if private else None
    act = {
        "v": 1,
        "id": act_id if is_id(act_id) else new_id(),
        "log": log,
        "kind": kind,
        "actor": author.pseudonyms[log],
        "at": now,
        "src": "form",
        "body": dict(body),
        "commit": opening.commit if opening else "",
        **fields,
    }
    item = {"p": orjson.dumps(act).decode(), "s": ""}
    if opening:
        item["open"] = {"salt": opening.salt, "data": dict(opening.data)}  # type: ignore[assignment]
    (answer,) = door().receive([item], author, now)
    return answer
