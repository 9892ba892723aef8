"""Reading a photo costs seconds of the server: one person may ask for it once a second."""

from flask import Flask

from tests.factories.identity import a_person, log_in
from webapp.kernel.base.limits import limiter


def test_the_sixty_first_photo_in_a_minute_waits_and_another_persons_does_not(app: Flask) -> None:
    app.config["RATELIMIT_ENABLED"] = True
    limiter.init_app(app)
    try:
        one, other = app.test_client(), app.test_client()
        log_in(one, a_person("officer"))
        log_in(other, a_person("officer"))
        headers = {"X-Ashiato": "1"}
        answers = [
            one.post("/api/decode", data=b"no picture", headers=headers).status_code for _ in range(61)
        ]
        assert (set(answers[:60]), answers[60]) == ({422}, 429)
        assert other.post("/api/decode", data=b"no picture", headers=headers).status_code == 422
    finally:
        limiter.enabled = False
        limiter.reset()
