"""The menu of staff pages: each line is shown to whom it is for. `wiring.MENU` is the table."""

from collections.abc import Sequence
from typing import Any

from flask import Flask, current_app, has_request_context, request

from webapp.kernel.identity.login import person_or_none, staff_home
from webapp.kernel.identity.roles import Action, may

#: Words, endpoint, and the action that one must be allowed to do (None: everybody with an account).
Line = tuple[str, str, Action | None]


def init(app: Flask, lines: Sequence[Line]) -> None:
    """Give staff pages `menu`, `organisation` and `home` of base.html; residents' pages get none of them."""

    @app.context_processor
    def _words() -> dict[str, Any]:
        person = None if _is_for_residents() else person_or_none()
        if person is None:
            return {}
        mine = [
            (text, endpoint)
            for text, endpoint, action in lines
            if action is None or may(person.roles, action)
        ]
        return {"menu": mine, "organisation": person.organisation.name, "home": staff_home(person)}


def _is_for_residents() -> bool:
    if not has_request_context() or request.endpoint is None:
        return True  # an unknown address: anyone may have typed it
    return hasattr(current_app.view_functions.get(request.endpoint), "for_residents")
