"""The two keys of a node: one cosigns, the other shows who reads. Made once, for the owner's eyes only."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from webapp.kernel.tlog import words
from webapp.kernel.tlog.notes import COSIGNATURE, SIGNATURE, SigningKey


@dataclass(frozen=True, slots=True)
class Keys:
    """`witness` cosigns checkpoints; `mirror` signs requests. Different names, different keys: C2SP asks for both."""

    witness: SigningKey
    mirror: SigningKey

    def words(self) -> list[str]:
        """Eight words for both, as they stand on the officer's page, to compare by voice."""
        return words.of_node(self.witness.public.vkey, self.mirror.public.vkey)


def load(folder: Path, name: str) -> Keys:
    """The keys in this folder; those that are missing are made, called `name`/witness and `name`/mirror.

    Raises NoteError if a file holds no key or a key cannot be called so.
    """
    return Keys(
        _load(folder / "witness.key", f"{name}/witness", COSIGNATURE),
        _load(folder / "mirror.key", f"{name}/mirror", SIGNATURE),
    )


def new_token() -> str:
    """A secret to show on screen and to read out: 128 bits."""
    return secrets.token_hex(16)


def _load(path: Path, name: str, kind: int) -> SigningKey:
    if not path.exists():
        _keep(path, SigningKey(name, kind, secrets.token_bytes(32)))
    return SigningKey.parse(path.read_text(encoding="ascii"))


def _keep(path: Path, key: SigningKey) -> None:
    """All of it under its name, or nothing: a node that was killed here begins again."""
    SigningKey.parse(key.encode())
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key.encode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
