"""How a member node shows who it is when it reads entries and tiles. Pure; our own scheme, no part of C2SP.

    Authorization: Ashiato-Node <name> <unix ms> <base64 of an Ed25519 signature>

over "ashiato-node/v1\\n<ms>\\n<METHOD>\\n<path>\\n" with the node's mirror key.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from webapp.kernel.tlog import notes
from webapp.kernel.tlog.checkpoints import size_of
from webapp.kernel.tlog.notes import NoteError, SigningKey, VerifyKey

SCHEME = "Ashiato-Node "


class NotAMember(ValueError):
    """The header does not show that a member asks."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What the header says: nothing of it is verified yet."""

    name: str
    at_ms: int
    blob: bytes

    def verify(self, key: VerifyKey, method: str, path: str) -> None:
        """Raises NotAMember unless the owner of the key signed this request. The caller looks at `at_ms`."""
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(self.blob, _said(self.at_ms, method, path))
        except (InvalidSignature, ValueError):
            raise NotAMember("the signature is not of this request") from None


def show(key: SigningKey, at_ms: int, method: str, path: str) -> str:
    """The header's value for one request; `path` as it stands in the request line, without a query."""
    private = Ed25519PrivateKey.from_private_bytes(key.seed)
    return f"{SCHEME}{key.name} {at_ms} {notes.encode64(private.sign(_said(at_ms, method, path)))}"


def parse(header: str) -> Pass:
    """Read the header's value. Raises NotAMember."""
    words = header.split(" ")
    if len(words) != 4 or f"{words[0]} " != SCHEME:
        raise NotAMember("a pass is: Ashiato-Node name time signature")
    try:
        return Pass(words[1], size_of(words[2]), notes.decode64(words[3]))
    except (NoteError, IndexError):
        raise NotAMember("a pass is: Ashiato-Node name time signature") from None


def _said(at_ms: int, method: str, path: str) -> bytes:
    return f"ashiato-node/v1\n{at_ms}\n{method}\n{path}\n".encode()
