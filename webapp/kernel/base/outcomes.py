"""Two ways to say no: a Refusal is an expected answer to a command, an AppError a broken assumption."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Refusal:
    """An expected no to a command. A value, never raised; `code` is "room.reason" and stable for ever."""

    code: str
    params: Mapping[str, str] = field(default_factory=dict)


class AppError(Exception):
    """A request that cannot be served. One handler turns `status` and `code` into a page or JSON."""

    status: ClassVar[int] = 500
    code: str = "internal"

    def __init__(self, code: str | None = None, **params: str) -> None:
        self.code = code or self.code
        self.params = params
        super().__init__(self.code)


class NotFound(AppError):
    """There is no such thing, or it is not for this person to know."""

    status = 404
    code = "base.not_found"


class Forbidden(AppError):
    """The person is known and may not do this."""

    status = 403
    code = "base.forbidden"


class Unprocessable(AppError):
    """The request was understood and its content cannot be taken."""

    status = 422
    code = "base.unprocessable"


class TooLarge(AppError):
    """More than one request may carry; nothing of it was kept."""

    status = 413
    code = "base.too_large"


class Malformed(AppError):
    """Not the format that the API describes; nothing of it was kept."""

    status = 400
    code = "base.malformed"
