"""A mail as rooms write it, and as it goes over the wire. Pure: no database, no clock, no network."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from webapp.kernel.base.clock import jst
from webapp.kernel.notifications.entries import Reason

#: What servers take without extensions; some Japanese telephone companies gave out addresses with two dots in a row.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
MOST_ADDRESS, MOST_SUBJECT = 254, 200
#: Everything that ends a line for somebody: a header must not end before we end it.
_BREAKS = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Link:
    """A button in the mail. `url` is whole: https://…"""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Mail:
    """What a room wants to say: paragraphs, then (name, value) lines, then links, then a closing.

    `to` are addresses without names. The first line is what an installed phone shows below the subject.
    """

    to: tuple[str, ...]
    subject: str
    lines: Sequence[str]
    facts: Sequence[tuple[str, str]] = ()
    links: Sequence[Link] = ()
    closing: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the sender adds: who sends (`MAIL_FROM`), the message's id, the moment, and how to stop it (or "")."""

    sender: str
    message_id: str
    at_ms: int
    stop_url: str = ""


def fault(mail: Mail) -> Reason:
    """Why this mail must not be made at all, or Reason.NONE: a line break would let its author write headers."""
    if not mail.to or not all(is_address(each) for each in mail.to):
        return Reason.ADDRESS
    if not mail.subject.strip() or _BREAKS.search(mail.subject) or len(mail.subject) > MOST_SUBJECT:
        return Reason.SUBJECT
    return Reason.NONE


def is_address(text: str) -> bool:
    """Whether mail servers everywhere take this as an address."""
    return len(text) <= MOST_ADDRESS and _ADDRESS.fullmatch(text) is not None


def sender_of(text: str) -> Address:
    """「足あと <ashiato@town.example.jp>」 in its parts. Raises ValueError if it is no sender."""
    name, address = parseaddr(text)
    if not is_address(address) or _BREAKS.search(text):
        raise ValueError("MAIL_FROM is no mail address")
    return Address(display_name=name, addr_spec=address)


def message_id(notice: str, sender: str) -> str:
    """The same for the same notice, whoever sends it and however often."""
    return f"<{notice}@{sender_of(sender).domain}>"


def compose(mail: Mail, envelope: Envelope, text: str, html: str) -> bytes:
    """The bytes of the message, from the texts that the templates gave. `fault(mail)` must be none."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender_of(envelope.sender)
    message["To"] = ", ".join(mail.to)  # as they are: two dots in a row are no defect to a telephone company
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(jst(envelope.at_ms))
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    if envelope.stop_url:
        message["List-Unsubscribe"] = f"<{envelope.stop_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    message.set_content(text, cte="base64")
    message.add_alternative(html, subtype="html", cte="base64")
    return message.as_bytes()
