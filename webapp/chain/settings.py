"""Configuration of the chain from the environment. Without CHAIN_RPC it is off. `.env.example` explains each name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from webapp.kernel.base.outcomes import AppError

#: Wei per gas above which we do not go, however late we are.
CEILING = 500_000_000_000


class SettingError(AppError):
    """The chain is switched on and cannot be used as it is configured."""

    code = "chain.setting_wrong"


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """Where the chain is, who we are on it, and when something there counts as final.

    `write` and `read` are addresses of nodes, asked in order: our own first, a partner's second. `ceiling` in wei per
    gas; 0 where gas is free. `append_kinds` are the kinds of entries recorded one by one, normally none.
    """

    write: tuple[str, ...]
    read: tuple[str, ...]
    chain_id: int
    contract: str
    key_file: Path | None
    confirmations: int = 1
    ceiling: int = CEILING
    append_kinds: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """How rows of the outbox name this chain."""
        return f"{self.chain_id}:{self.contract.lower()}"


def from_environment(env: Mapping[str, str] | None = None) -> ChainSettings | None:
    """The settings, None where the chain is off. Raises SettingError if something is missing or no number."""
    env = os.environ if env is None else env
    write = _words(env.get("CHAIN_RPC", ""))
    if not write:
        return None
    key_file = env.get("CHAIN_KEY_FILE", "")
    return ChainSettings(
        write=write,
        read=_words(env.get("CHAIN_RPC_READ", "")) or write,
        chain_id=_number("CHAIN_ID", env.get("CHAIN_ID", ""), least=1),
        contract=_address("CHAIN_CONTRACT", env.get("CHAIN_CONTRACT", "")),
        key_file=Path(key_file) if key_file else None,
        confirmations=_number("CHAIN_CONFIRMATIONS", env.get("CHAIN_CONFIRMATIONS", "1"), least=1),
        ceiling=_number("CHAIN_MAX_FEE", env.get("CHAIN_MAX_FEE", str(CEILING)), least=0),
        append_kinds=frozenset(_words(env.get("CHAIN_APPEND_KINDS", ""))),
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _number(name: str, text: str, least: int) -> int:
    if not text:
        raise SettingError("chain.setting_missing", name=name)
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise SettingError(name=name)
    return int(text)


def _address(name: str, text: str) -> str:
    """Empty before the contract is deployed; `identify` then says that there is none."""
    digits = text.removeprefix("0x").lower()
    if text and (len(digits) != 40 or set(digits) - set("0123456789abcdef")):
        raise SettingError(name=name)
    return text
