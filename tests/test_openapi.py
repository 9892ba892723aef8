"""The description of the API is made from the models that validate, and says what the server does."""

import json

from flask import Flask
from flask.testing import FlaskClient
from openapi_pydantic import OpenAPI

from webapp.kernel.intake.format import Act


def test_it_is_openapi_3_1_and_public(client: FlaskClient) -> None:
    answer = client.get("/api/openapi.json")
    api = OpenAPI.model_validate_json(answer.data)
    assert (answer.status_code, api.openapi[:3], "/api/scans" in (api.paths or {})) == (200, "3.1", True)


def test_every_address_under_api_is_described(app: Flask, client: FlaskClient) -> None:
    described = {
        path.replace("{", "<").replace("}", ">") for path in client.get("/api/openapi.json").json["paths"]
    }
    served = {
        rule.rule.replace("job_id", "id")
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
    }
    assert served - described == {"/api/openapi.json", "/api/logout"}


def test_the_form_of_an_act_is_the_one_that_validates(client: FlaskClient) -> None:
    schema = client.get("/api/openapi.json").json["components"]["schemas"]["Act"]
    assert set(schema["properties"]) == set(Act.model_fields)
    assert json.dumps(schema["required"]) == json.dumps(["v", "id", "log", "kind", "actor", "at"])
