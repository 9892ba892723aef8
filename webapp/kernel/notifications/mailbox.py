"""The folder of the local mail server, as somebody who tries the site out reads it."""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

MOST = 200
_NAME = re.compile(r"\d{1,16}-\d{3}")


@dataclass(frozen=True, slots=True)
class Received:
    """One mail. `headers` as it came."""

    name: str
    at_ms: int
    to: str
    sender: str
    subject: str
    text: str
    headers: list[tuple[str, str]]


def latest(folder: Path, to: str = "") -> list[Received]:
    """The newest mails, of one address if `to` is given."""
    names = sorted((path.stem for path in folder.glob("*.eml") if _NAME.fullmatch(path.stem)), reverse=True)
    found = (mail for name in names if (mail := read(folder, name)) is not None and (not to or to in mail.to))
    return [mail for _place, mail in zip(range(MOST), found, strict=False)]


def read(folder: Path, name: str) -> Received | None:
    """The mail of this name, or None."""
    if not _NAME.fullmatch(name):
        return None
    try:
        raw = (folder / f"{name}.eml").read_bytes()
    except FileNotFoundError:
        return None
    mail = message_from_bytes(raw, _class=EmailMessage, policy=default)
    body = mail.get_body(("plain",))
    text = str(body.get_content()) if body is not None else ""
    head = [(key, str(value)) for key, value in mail.items()]
    to, sender, subject = (str(mail[key] or "") for key in ("To", "From", "Subject"))
    return Received(name, int(name.partition("-")[0]), to, sender, subject, text, head)
