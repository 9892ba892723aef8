"""How often one caller may knock. Counted per process unless RATELIMIT_STORAGE_URI names a shared store."""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

#: `@limiter.limit("20 per minute")` on a view; without a limit of its own a view has none.
limiter = Limiter(key_func=get_remote_address, headers_enabled=True)
