"""The factory: settings, extensions, rooms, headers, and the one place where an error becomes an answer."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Flask

from webapp import wiring
from webapp.kernel.base import settings
from webapp.kernel.base.db import db


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """A ready application. `overrides` are Flask configuration keys, as tests use them."""
    app = Flask(__name__)
    app.config.update(settings.load(overrides))
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
        "hide_parameters": True,  # a traceback in the log must not carry a serial number or a name
        **app.config.get("SQLALCHEMY_ENGINE_OPTIONS", {}),
    }
    db.init_app(app)
    wiring.wire(app)
    return app
