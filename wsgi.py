"""`gunicorn wsgi:app`."""

import os

from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.app import create_app
from webapp.kernel.base.pwa import release

app = create_app()

with app.app_context():
    release(app)  # read at start, so that all workers serve the same one whatever changes on disk

#: Behind nginx the client's address and scheme come in headers, which only a proxy of ours may set.
PROXIES = int(os.environ.get("TRUSTED_PROXIES", "0"))
if PROXIES:
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=PROXIES, x_proto=PROXIES)  # type: ignore[method-assign]
