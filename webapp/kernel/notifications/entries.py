"""What the log says about notices. Addresses are commitments; the vault has the openings, under `subject_of`. Pure."""

from enum import StrEnum

from webapp.kernel.intake.format import Body, Uuid

#: The mail server took it, for good; one mail for several notices.
SENT, DIGESTED = "notice.sent", "notice.digested"
#: The mail server said no for good; we stopped trying; there is nobody to tell.
REFUSED, GIVEN_UP, CANCELLED = "notice.refused", "notice.given_up", "notice.cancelled"
#: A person wants it tried again.
RETRIED = "notice.retried"


class NoticeState(StrEnum):
    """What became of a notice."""

    PENDING = "pending"
    SENT = "sent"
    MERGED = "merged"
    REFUSED = "refused"
    GIVEN_UP = "given_up"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why a notice was not sent, or is not known to have been."""

    NONE = ""
    SERVER = "smtp"  # with the server's code
    ADDRESS = "recipient"  # no mail address, or one that would write headers of its own
    SUBJECT = "subject"
    NOBODY = "nobody"  # nobody is to be told any more
    UNREACHED = "no_address"  # somebody is, and has no mail address
    STOPPED = "stopped"  # they want no mails
    UNKNOWN = "unknown"  # twice we never heard whether the server had taken it
    FAULT = "fault"  # we could not write it


AFTER = {
    SENT: NoticeState.SENT,
    DIGESTED: NoticeState.MERGED,
    REFUSED: NoticeState.REFUSED,
    GIVEN_UP: NoticeState.GIVEN_UP,
    CANCELLED: NoticeState.CANCELLED,
}
#: What a person may have tried again.
RETRYABLE = frozenset({NoticeState.REFUSED, NoticeState.GIVEN_UP, NoticeState.CANCELLED})


class RetriedBody(Body):
    """Which one."""

    notice: Uuid


def subject_of(recipient: str) -> str:
    """Under which name the vault keeps the addresses to which mails for this recipient went."""
    return f"mail:{recipient}"
