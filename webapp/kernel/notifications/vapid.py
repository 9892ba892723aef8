"""The key by which push servers know this site (RFC 8292). Phones subscribe to it, so it must stay the same."""

import base64
import os
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from flask import current_app

from webapp.kernel.notifications.mail import sender_of

_PEM = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()


def is_on() -> bool:
    """Whether this site sends push messages: everywhere but in production without a key of its own."""
    return bool(current_app.config["VAPID_KEY_FILE"]) or not current_app.config["PRODUCTION"]


def public_key() -> str:
    """What browsers call the application server key: the point in base64url."""
    point = (
        _key()
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def authorization(endpoint: str) -> dict[str, str]:
    """The header that says who sends, for the server of this endpoint; good for half a day."""
    from py_vapid import Vapid02  # type: ignore[import-untyped]  # only the sender needs it

    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "sub": _contact()}
    signer = Vapid02.from_pem(_key().private_bytes(*_PEM))
    return {str(name): str(value) for name, value in signer.sign(claims).items()}


def _contact() -> str:
    """Whom a push server's people write to."""
    sender = current_app.config["MAIL_FROM"]
    host = urlsplit(current_app.config["PUBLIC_BASE"]).hostname
    return f"mailto:{sender_of(sender).addr_spec if sender else f'postmaster@{host}'}"


def _key() -> ec.EllipticCurvePrivateKey:
    known = current_app.extensions.get("vapid_key")
    if known is None:
        named = current_app.config["VAPID_KEY_FILE"]
        path = Path(named) if named else _made(Path(current_app.config["INSTANCE"]) / "vapid.pem")
        known = serialization.load_pem_private_key(path.read_bytes(), None)
        current_app.extensions["vapid_key"] = known
    if not isinstance(known, ec.EllipticCurvePrivateKey):
        raise TypeError("VAPID_KEY_FILE holds no P-256 key")
    return known


def _made(path: Path) -> Path:
    """The key of a local site, made on first use; of several processes that make one, the first wins."""
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}")
        part.touch(mode=0o600)
        part.write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(*_PEM))
        try:
            path.hardlink_to(part)
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return path
