"""How this application reaches its signer. The private key never comes here."""

import time
from pathlib import Path

from flask import current_app

from webapp.kernel.base.outcomes import AppError
from webapp.kernel.tlog.notes import VerifyKey
from webapp.signer.client import SignerClient, SignerRefused, SignerUnavailable

#: A key changes never or in an emergency; some minutes of the old one are no harm.
KEEP_S = 600
PAUSE_S = 30


class NoSigner(AppError):
    """The signer does not answer. Recording goes on; only what is to be signed waits."""

    status = 503
    code = "ledger.no_signer"


def client() -> SignerClient:
    """The signer of this application: `SIGNER_DIR`, or the folder "signer" of the instance."""
    config = current_app.config
    folder = Path(config.get("SIGNER_DIR") or Path(config["INSTANCE"]) / "signer")
    return SignerClient(folder / "signer.sock")


def vkey(origin: str) -> VerifyKey:
    """The log's public key, remembered for some minutes. Raises NoSigner if it was never heard and nobody answers."""
    known: dict[str, tuple[float, VerifyKey]] = current_app.extensions.setdefault("log_vkeys", {})
    found = known.get(origin)
    if found and time.monotonic() - found[0] < KEEP_S:
        return found[1]
    try:
        known[origin] = (time.monotonic(), client().vkey(origin))
    except (SignerUnavailable, SignerRefused) as problem:
        if not found:
            raise NoSigner from problem
        known[origin] = (
            time.monotonic() - KEEP_S + PAUSE_S,
            found[1],
        )  # not every request is to wait for nobody
    return known[origin][1]


def url_of(log: str) -> str:
    """Where a log is served."""
    return f"{current_app.config['PUBLIC_BASE']}/log/{log}"
