"""The page for what went wrong: words and a number for people, the code for who looks at its source."""

from flask.testing import FlaskClient

from tests.factories.identity import a_person, an_organisation, log_in
from tests.factories.office import words


def test_an_error_page_shows_a_number_and_no_english_code(client: FlaskClient) -> None:
    answer = client.get("/nowhere")

    assert answer.status_code == 404
    assert "エラー番号： 404 " in words(answer.text)
    assert "base." not in words(answer.text)
    assert 'data-code="base.not_found"' in answer.text


def test_so_does_a_page_that_is_not_for_this_person(client: FlaskClient) -> None:
    log_in(client, a_person("driver", an_organisation("carrier")))

    answer = client.get("/supplies")

    assert answer.status_code == 403
    assert "identity." not in words(answer.text)
    assert 'data-code="identity.not_allowed"' in answer.text


def test_programs_get_the_code(client: FlaskClient) -> None:
    assert client.get("/api/nowhere").get_json()["code"] == "base.not_found"
