"""GET /api/push, POST and DELETE /api/push/subscription: an installed app wants to be told, or no longer."""

from typing import TypeVar

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webapp.kernel.base.clock import now_ms
from webapp.kernel.base.limits import limiter
from webapp.kernel.base.outcomes import Malformed, NotFound, Unprocessable
from webapp.kernel.identity.login import current_person, each_person, login_required
from webapp.kernel.intake.api import as_json
from webapp.kernel.notifications import push, vapid

bp = Blueprint("push", __name__)
Shape = TypeVar("Shape", bound=BaseModel)
MOST_BYTES = 4_096


class PushKeys(BaseModel):
    """As PushSubscription.toJSON() gives them."""

    p256dh: str = Field(max_length=100)
    auth: str = Field(max_length=32)


class SubscriptionIn(BaseModel):
    """As PushSubscription.toJSON() gives it; `expirationTime` is taken and not used."""

    model_config = ConfigDict(extra="ignore")
    endpoint: str = Field(max_length=push.MOST_ENDPOINT)
    keys: PushKeys


class EndpointIn(BaseModel):
    """Which app."""

    model_config = ConfigDict(extra="ignore")
    endpoint: str = Field(max_length=push.MOST_ENDPOINT)


class NothingOut(BaseModel):
    """It was done."""


class PushOut(BaseModel):
    """The key that a browser needs to subscribe."""

    key: str


@bp.get("/api/push")
@login_required
def key() -> ResponseReturnValue:
    """The site's key; 404 where no push messages are sent."""
    if not vapid.is_on():
        raise NotFound("notices.push_off")
    return as_json(PushOut(key=vapid.public_key()).model_dump())


@bp.post("/api/push/subscription")
@login_required
@limiter.limit("60 per hour", key_func=each_person)
def subscribe() -> ResponseReturnValue:
    """Tell this app from now on."""
    if not vapid.is_on():
        raise NotFound("notices.push_off")
    asked = _read(SubscriptionIn)
    refusal = push.subscribe(
        current_person().id, asked.endpoint, asked.keys.p256dh, asked.keys.auth, now_ms()
    )
    if refusal:
        raise Unprocessable(refusal.code)
    return as_json({}, 201)


@bp.delete("/api/push/subscription")
@login_required
def unsubscribe() -> ResponseReturnValue:
    """Tell it no longer."""
    push.unsubscribe(current_person().id, _read(EndpointIn).endpoint)
    return as_json({})


def _read(shape: type[Shape]) -> Shape:
    request.max_content_length = MOST_BYTES
    try:
        return shape.model_validate_json(request.get_data(cache=False))
    except ValidationError as problem:
        raise Malformed from problem
