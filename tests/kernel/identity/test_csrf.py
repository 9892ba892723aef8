"""No other site may act for a person of ours."""

import pytest

from tests.factories.identity import PASSWORD, a_person, found


@pytest.fixture
def guarded(app):
    app.config["WTF_CSRF_ENABLED"] = True
    return app.test_client()


def token_of(page: str) -> str:
    return found(r'name="csrf_token" value="([^"]+)"', page)


def test_a_form_without_a_token_gets_a_page_that_says_so(guarded):
    person = a_person()
    answer = guarded.post("/login", data={"login": person.login, "password": PASSWORD})
    assert answer.status_code == 400
    assert "開き直して" in answer.text


def test_a_form_of_another_browser_is_refused(guarded, app):
    person = a_person()
    foreign = token_of(app.test_client().get("/login").text)
    answer = guarded.post("/login", data={"login": person.login, "password": PASSWORD, "csrf_token": foreign})
    assert answer.status_code == 400


def test_the_form_of_ones_own_page_works(guarded):
    person = a_person()
    token = token_of(guarded.get("/login").text)
    form = {"login": person.login, "password": PASSWORD, "csrf_token": token}
    assert guarded.post("/login", data=form).status_code == 302
    token = token_of(guarded.get("/account").text)
    assert guarded.post("/logout", data={"csrf_token": token}).status_code == 302


def test_the_api_wants_its_header_instead(guarded):
    assert guarded.post("/api/logout").status_code == 403
    assert guarded.post("/api/logout").get_json()["code"] == "base.missing_header"
    assert guarded.post("/api/logout", headers={"X-Ashiato": "1"}).status_code == 204
