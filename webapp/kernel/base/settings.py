"""Configuration from the environment. `.env.example` explains each name; secrets have no default in production."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


def _local_secret(folder: Path) -> str:
    """A secret made on first run, for local use only; production must set SECRET_KEY."""
    path = folder / "secret_key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32))
    return path.read_text().strip()


def _served_at(folder: Path) -> str:
    """Where `make run` serves this instance: it writes that down, so that commands print links that work."""
    try:
        return (folder / "public_base").read_text().strip()
    except OSError:
        return ""


def load(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The Flask configuration. Raises KeyError if ASHIATO_ENV=production and a secret is missing."""
    env = os.environ
    production = env.get("ASHIATO_ENV") == "production"
    folder = Path(env.get("ASHIATO_INSTANCE", ROOT / "instance"))
    folder.mkdir(parents=True, exist_ok=True)
    written = _served_at(Path((overrides or {}).get("INSTANCE", folder)))
    base = (env.get("PUBLIC_BASE") or written or "http://127.0.0.1:8000").rstrip("/")
    config: dict[str, Any] = {
        "SECRET_KEY": env["SECRET_KEY"] if production else env.get("SECRET_KEY") or _local_secret(folder),
        "SQLALCHEMY_DATABASE_URI": env.get("DATABASE_URL", f"sqlite:///{folder / 'ashiato.db'}"),
        "EVIDENCE_DIR": env.get("EVIDENCE_DIR", str(folder / "evidence")),
        "PUBLIC_BASE": base,
        "QR_BASE": env.get("QR_BASE", base),
        "QR_PREFIXES": [p.rstrip("/") for p in env.get("QR_PREFIXES", env.get("QR_BASE", base)).split(",")],
        "INSTANCE": str(folder),
        "SIGNER_DIR": env.get("SIGNER_DIR", ""),
        "PRODUCTION": production,
        # the fire drill signs a lie with the real key: never where it counts
        "LEDGER_DRILL": env.get("LEDGER_DRILL") == "1" and not production,
        # labels of parcels and shelter cards are signed by keys made from this; "" means SECRET_KEY
        "LABEL_SECRET": env.get("LABEL_SECRET", ""),
        "LABEL_KEY_NUMBER": int(env.get("LABEL_KEY_NUMBER", "1")),
        "SMTP_URL": env.get("SMTP_URL", ""),
        "MAIL_FROM": env.get("MAIL_FROM", ""),
        "VAPID_KEY_FILE": env.get("VAPID_KEY_FILE", ""),
        # mails of other people are shown to everybody: for trying out on one's own machine only
        "MAIL_SINK": "" if production else env.get("MAIL_SINK", ""),
        "MAX_CONTENT_LENGTH": 60 * 1024 * 1024,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": production,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": production,
        "WTF_CSRF_TIME_LIMIT": None,
        "RATELIMIT_STORAGE_URI": env.get("RATELIMIT_STORAGE_URI", "memory://"),
        "RATELIMIT_ENABLED": True,
    }
    config.update(overrides or {})
    return config
