"""Passwords: Argon2id, and rules after NIST SP 800-63B §3.1.1: length and a blocklist, no composition."""

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from flask import current_app

SHORTEST, LONGEST = 10, 128

#: What people here type first when asked for ten characters. Compared in lower case, separators dropped.
BLOCKLIST = frozenset(
    """1234567890 0123456789 0987654321 12345678910 123456789012 1q2w3e4r5t 1qaz2wsx3edc qwertyuiop qwerty1234
    qwerty12345 qwerty123456 asdfghjkl1 abcdefghij abcd123456 abc1234567 password12 password123 password1234
    passw0rd123 p@ssw0rd123 administrator admin12345 adminadmin changeme123 welcome123 letmein123 iloveyou123
    ashiato123 ashiato1234 sakura1234 konnichiwa arigatougozaimasu nippon1234 yakuba1234""".split()  # noqa: SIM905 - a list is read as words, not as quotes
)


@cache
def _hasher(*, cheap: bool) -> PasswordHasher:
    if cheap:
        return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def _ours() -> PasswordHasher:
    return _hasher(cheap=current_app.testing)


@cache
def _nobodys(*, cheap: bool) -> str:
    return _hasher(cheap=cheap).hash("nobody has this password")


def _plain(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def make_hash(password: str) -> str:
    """The Argon2id hash to store (RFC 9106, low-memory profile; a toy cost under test)."""
    return _ours().hash(_plain(password))


def fits(stored: str | None, password: str) -> bool:
    """Whether this is the password. Takes as long when nothing is stored, so that time tells nothing."""
    if len(password) > LONGEST:
        return False
    try:
        _ours().verify(stored or _nobodys(cheap=current_app.testing), _plain(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def is_stale(stored: str) -> bool:
    """Whether the cost has been raised since this hash was made."""
    return _ours().check_needs_rehash(stored)


def problem(password: str, *known: str | None) -> str:
    """The code of what is wrong with a new password, or "". `known`: words it must not hold (login, name)."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        return "identity.password_short"
    if len(plain) > LONGEST:
        return "identity.password_long"
    return "identity.password_common" if _is_guessable(plain.casefold(), known) else ""


def _is_guessable(plain: str, known: tuple[str | None, ...]) -> bool:
    dense = "".join(char for char in plain if char.isalnum() or char == "@")
    holds_known = any(word and len(word) >= 4 and word.casefold() in plain for word in known)
    return holds_known or dense in BLOCKLIST or len(set(plain)) < 4
