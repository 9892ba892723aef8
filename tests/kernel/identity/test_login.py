"""Logging in, staying in, being thrown out."""

import re
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update

from tests.factories.identity import PASSWORD, a_person, log_in
from webapp.kernel.base.clock import DAY, HOUR, MINUTE, now_ms
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.outcomes import Refusal
from webapp.kernel.identity import authentication, login, passwords, service
from webapp.kernel.identity.models import Organisation, Person


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def attempt(person: Person, password: str, *, now: int) -> Person | Refusal:
    return service.authenticate(person.login or "", password, now=now)


def test_with_the_right_password_one_is_in(client):
    person = a_person()
    assert not is_in(client)
    log_in(client, person)
    assert is_in(client)


def test_a_login_is_taken_however_it_is_typed(client):
    a_person(login="tanaka.m")
    client.post("/login", data={"login": "  Tanaka.M ", "password": PASSWORD})
    assert is_in(client)


@pytest.mark.parametrize(("known", "password"), [(True, "wrong wrong"), (False, PASSWORD), (True, "")])
def test_a_wrong_login_or_password_gets_one_and_the_same_answer(client, known, password):
    person = a_person(login="tanaka")
    answer = client.post("/login", data={"login": person.login if known else "nobody", "password": password})
    assert answer.status_code == 422
    assert "ログインできませんでした。" in answer.text
    assert not is_in(client)


def test_after_ten_failures_the_right_password_waits_fifteen_minutes(app):
    person, start = a_person(), now_ms()
    for _ in range(10):
        attempt(person, "wrong wrong", now=start)
    assert isinstance(attempt(person, PASSWORD, now=start + 15 * MINUTE - 1), Refusal)
    assert isinstance(attempt(person, PASSWORD, now=start + 15 * MINUTE), Person)


def test_failures_count_in_a_row_only(app):
    person = a_person()
    for _ in range(3):
        for _ in range(9):
            attempt(person, "wrong wrong", now=0)
        assert isinstance(attempt(person, PASSWORD, now=0), Person)


def test_a_locked_out_person_stays_where_they_are_logged_in(client, app):
    # given a driver on the road, and somebody else who guesses passwords
    person = a_person("driver")
    log_in(client, person)
    for _ in range(10):
        log_in(app.test_client(), person, "wrong wrong")
    # then the driver goes on working
    assert is_in(client)
    assert log_in(app.test_client(), person).status_code == 422


def test_a_leaver_loses_the_session_at_once(client):
    person = a_person()
    log_in(client, person)
    service.leave(person.id, by="an administrator", now=now_ms())
    assert not is_in(client)
    assert log_in(client, person).status_code == 422


def test_who_is_stopped_loses_the_session_at_once_and_an_unlock_asks_for_a_new_login(client):
    person = a_person()
    log_in(client, person)
    service.lock(person.id, by="an administrator")
    assert not is_in(client)
    service.unlock(person.id)
    assert not is_in(client)
    log_in(client, person)
    assert is_in(client)


def test_logging_out_ends_the_session(client):
    log_in(client, a_person())
    assert client.post("/logout").headers["Location"] == "/login"
    assert not is_in(client)


def test_a_page_made_for_somebody_stays_in_no_cache(client):
    log_in(client, a_person())
    assert client.get("/account").headers["Cache-Control"] == "private, no-store"
    assert "no-store" not in client.get("/t").headers.get("Cache-Control", "")


def test_the_phone_app_logs_out_without_a_form(client):
    log_in(client, a_person())
    assert client.post("/api/logout", headers={"X-Ashiato": "1"}).status_code == 204
    assert not is_in(client)


def test_a_phone_stays_logged_in_for_thirty_days_and_a_desk_for_twelve_hours(client, app, monkeypatch):
    person, start = a_person(), now_ms()
    phone, desk = app.test_client(), client
    log_in(phone, person, remember="1")
    log_in(desk, person)
    assert phone.get_cookie("session").expires is not None
    assert desk.get_cookie("session").expires is None
    monkeypatch.setattr(login, "now_ms", lambda: start + 12 * HOUR + MINUTE)
    assert (is_in(phone), is_in(desk)) == (True, False)
    monkeypatch.setattr(login, "now_ms", lambda: start + 30 * DAY + MINUTE)
    assert not is_in(phone)


def test_a_phone_that_is_used_is_renewed(client, monkeypatch):
    start = now_ms()
    log_in(client, a_person(), remember="1")
    for day in range(1, 61, 20):
        monkeypatch.setattr(login, "now_ms", lambda day=day: start + day * DAY)
        assert is_in(client)


def test_a_forged_cookie_is_nobody(client, app):
    person = a_person()
    client.set_cookie("session", "eyJfdXNlcl9pZCI6IngifQ.aaaa.bbbb")
    client.set_cookie("remember_token", f"{person.id}:0|{'0' * 128}")
    assert not is_in(client)


def test_a_request_asks_the_database_for_the_person_once(client):
    log_in(client, a_person("admin"))
    client.get("/account")
    asked: list[str] = []

    def note(_conn, _cursor, statement, *_rest):
        if re.search(r"FROM people|FROM organisations", statement):
            asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    client.get("/account")
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(asked) == 1


def test_a_change_of_a_person_or_their_organisation_holds_from_the_next_request_on(client):
    log_in(client, a_person("admin"))

    def page_after(change):
        assert is_in(client)
        with transaction() as session:
            session.execute(change)
        return client.get("/account").text

    assert "新しい名前" in page_after(update(Person).values(name="新しい名前"))
    assert "新しい市" in page_after(update(Organisation).values(name="新しい市"))
    assert 'href="/people"' in client.get("/account").text
    assert 'href="/people"' not in page_after(update(Person).values(roles=["auditor"]))
    page_after(update(Organisation).values(active=False))
    assert not is_in(client)


@pytest.mark.parametrize(
    "path",
    ["/people", "/people/new", "/people/x", "/people/x/change", "/organisations", "/account", "/places?q=あ"],
)
def test_a_page_asks_for_a_login_and_comes_back(client, path):
    person = a_person("admin")
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login?next=/")
    where = client.post("/login", data={"login": person.login, "password": PASSWORD, "next": path}).headers[
        "Location"
    ]
    assert client.get(where).status_code in {200, 404}
    assert where.startswith(path[:4])


def test_an_api_answers_in_json_that_a_login_is_needed(app: Flask):
    @app.get("/api/something")
    @login.login_required
    def something():
        return "secret"

    answer = app.test_client().get("/api/something")
    assert answer.status_code == 401
    assert answer.get_json()["code"] == "identity.login_needed"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/ok\r\nSet-Cookie: a=b",
        "///evil.example",
        "http:///evil.example",
        "people",
        "",
    ],
)
def test_an_open_redirect_is_refused(client, target):
    person = a_person("officer")
    answer = client.post("/login", data={"login": person.login, "password": PASSWORD, "next": target})
    assert answer.headers["Location"] == "/app/"
    assert "Set-Cookie: a=b" not in str(answer.headers)


def test_a_path_of_ours_is_kept_with_its_query():
    assert login.safe_next("/people?q=田中&left=1") == "/people?q=田中&left=1"


def test_who_is_logged_in_already_goes_on_from_the_login_page(client):
    log_in(client, a_person("driver"))
    assert client.get("/login?next=/account").headers["Location"] == "/account"
    assert client.get("/login?next=//evil.example").headers["Location"] == "/app/"


def test_an_unknown_login_takes_as_long_as_a_wrong_password(app, monkeypatch):
    """Counted, not timed: each answer costs exactly one verification."""
    person = a_person()
    a_person(login="nopassword", password=None)
    calls: list[str] = []
    fits = passwords.fits

    def counted(stored, password):
        calls.append(password)
        return fits(stored, password)

    monkeypatch.setattr(passwords, "fits", counted)
    for name in (person.login, "nobody", "nopassword"):
        service.authenticate(name or "", "wrong wrong", now=0)
    assert len(calls) == 3


def test_a_password_of_nobody_is_verified_at_the_full_cost(app):
    app.testing = False
    person = a_person()  # hashed at the real cost
    spent = []
    for stored in (person.password_hash, None):
        passwords.fits(stored, "warm up")
        begun = time.process_time()
        passwords.fits(stored, "wrong wrong")
        spent.append(time.process_time() - begun)
    assert 0.3 < spent[0] / spent[1] < 3


def test_every_no_takes_the_same_time_whether_the_failure_is_counted_or_not(app, monkeypatch):
    clock = iter(range(100))
    slept: list[float] = []
    monkeypatch.setattr(authentication, "monotonic", lambda: next(clock) / 10)
    monkeypatch.setattr(authentication, "sleep", slept.append)
    person = a_person()
    app.testing = False
    for name in (person.login, "nobody"):
        service.authenticate(name or "", "wrong wrong", now=0)
    assert slept == pytest.approx([authentication.NO_SECONDS - 0.1] * 2)


def test_a_hash_of_an_older_cost_is_renewed_at_login(app):
    person = a_person()
    old = person.password_hash
    app.testing = False
    assert isinstance(attempt(person, PASSWORD, now=0), Person)
    db.session.expire_all()
    renewed = db.session.get_one(Person, person.id).password_hash
    assert renewed != old
    assert str(renewed).startswith("$argon2id$")


def test_knocking_is_limited_by_login_and_the_answer_says_when_to_come_back(tmp_path, app):
    app.config["RATELIMIT_ENABLED"] = True
    from webapp.kernel.base.limits import limiter

    limiter.init_app(app)
    try:
        client, person = app.test_client(), a_person()
        answers = [log_in(client, person, "wrong wrong") for _ in range(11)]
        assert [answer.status_code for answer in answers] == [422] * 10 + [429]
        assert int(answers[-1].headers["Retry-After"]) > 0
        assert log_in(client, a_person()).status_code == 302  # somebody else beside them
    finally:
        limiter.enabled = False
        limiter.reset()
