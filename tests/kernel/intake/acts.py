"""Makers for items that are nearly right."""

from collections.abc import Mapping
from typing import Any

import orjson

from tests.factories.custody import Town
from tests.factories.identity import MORNING
from webapp.kernel.base.db import db
from webapp.kernel.intake.service import Answer
from webapp.kernel.ledger.verification import verify


def size(log: str) -> int:
    """Entries in a log that is whole."""
    return verify(db.session(), log).size


def a_registration(town: Town, number: int = 0, **fields: Any) -> dict[str, Any]:
    body = {"device": town.devices[number]}
    return town.phones["officer"].scan("registered", town.codes[number], MORNING, body=body, **fields)


def changed(item: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """The item with other fields in its signed string."""
    return {**item, "p": orjson.dumps({**orjson.loads(item["p"]), **fields}).decode()}


def code_of(answer: Answer) -> str:
    return answer.refusal.code if answer.refusal else ""
