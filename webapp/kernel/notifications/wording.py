"""A mail's two texts, from the templates: plain, and simple HTML that needs neither tables nor pictures."""

from collections.abc import Mapping
from typing import Any

from flask import current_app

from webapp.kernel.notifications.mail import Mail


def written(mail: Mail, stop_url: str = "") -> tuple[str, str]:
    """Plain text and HTML."""
    known: Mapping[str, Any] = {
        "mail": mail,
        "stop_url": stop_url,
        "base": current_app.config["PUBLIC_BASE"],
        "choose_url": f"{current_app.config['PUBLIC_BASE']}/notices/mine",
    }
    pages = current_app.jinja_env
    return tuple(pages.get_template(f"notices/mail.{form}").render(known) for form in ("txt", "html"))  # type: ignore[return-value]
