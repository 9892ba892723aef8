"""The form of what is sent: one bad item never spoils its neighbours, and nothing can stop a log."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.custody import Town, a_town
from tests.factories.identity import MORNING
from tests.kernel.intake.acts import a_registration, changed, code_of, size
from webapp.demo.phone import Phone
from webapp.kernel.base.db import db
from webapp.kernel.base.ids import new_id
from webapp.kernel.intake.items import parse
from webapp.kernel.ledger.verification import verify


@pytest.fixture
def town(app: Flask) -> Town:
    return a_town(devices=3, cages=1)


def is_refused_alone(town: Town, bad: Any, code: str) -> None:
    """Between two good ones: they land, it does not, and nothing of it stands in the log."""
    before = size(town.log)
    first, answer, last = town.send("officer", a_registration(town, 0), bad, a_registration(town, 1))
    assert [code_of(first), code_of(answer), code_of(last)] == ["", code, ""]
    assert size(town.log) == before + 2
    assert verify(db.session(), town.log).fault == ""


DEEP: Any = []
for _ in range(100):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "item",
    [
        None, 5, "text", [], {}, {"p": None}, {"p": 5}, {"p": ""}, {"p": "{"}, {"p": "[]"}, {"p": "null"}, {"p": "5"},
        {"p": "{}"}, {"p": "NaN"}, {"p": "\ud800"}, {"p": "{}", "extra": 1}, {"p": "{}", "s": 5},
        {"p": "[" * 5_000 + "]" * 5_000}, {"p": '{"id":"' + "x" * 39_000 + '"}'}, {"p": "x" * 40_001},
    ],
    ids=lambda item: repr(item)[:40],
)  # fmt: skip
def test_what_is_no_act_is_refused(town: Town, item: Any) -> None:
    is_refused_alone(town, item, "intake.malformed")


@pytest.mark.parametrize(
    "fields",
    [
        {"v": 2}, {"v": "1"}, {"v": 1.0}, {"id": "1"}, {"id": "../../etc/passwd"}, {"id": 5}, {"log": ""}, {"log": 5},
        {"kind": "Custody Scan"}, {"kind": ""}, {"actor": "佐藤"}, {"actor": ""}, {"at": "now"}, {"at": 1.5},
        {"at": 2**53}, {"at": True}, {"off": 2**60}, {"step": 5}, {"code": "x" * 10_000}, {"parent": "x" * 10_000},
        {"job": "all"}, {"src": "guess"}, {"dev": "my phone"}, {"seq": -1}, {"prev": "x"}, {"wit": "p-1"},
        {"wit": ["佐藤"]}, {"wit": ["p-" + "0" * 20] * 9}, {"ev": ["x"]}, {"ev": ["a" * 64] * 13}, {"body": []},
        {"body": {"a": 1.5}}, {"body": {"あ": 1}}, {"body": {"a": 2**60}}, {"body": {"a": DEEP}},
        {"body": {"a": "x" * 33_000}}, {"commit": "x"}, {"place": "佐藤さんの机"}, {"said": "佐藤"}, {"unknown": 1},
        {"name": "佐藤"}, {"off": False}, {"wit": None}, {"app": "x" * 65},
    ],
    ids=lambda fields: repr(fields)[:40],
)  # fmt: skip
def test_a_field_of_the_wrong_form_is_refused(town: Town, fields: dict[str, Any]) -> None:
    is_refused_alone(town, changed(a_registration(town, 2), **fields), "intake.malformed")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: p.replace('"place":""', '"place":"","place":""'),
        lambda p: p.replace('"place":""', '"place":"佐藤 花子","place":""'),
        lambda p: p.replace('"v":1', '"v": 1'),
        lambda p: p + "\n" * 30_000,
        lambda p: p.replace('"place":""', '"place":"\\u0041"'),
        lambda p: p.replace('"seq":', '"seq":-0,"seq":'),
    ],
    ids=["twice", "twice with a name", "a space", "padding", "an escape", "minus zero"],
)
def test_a_string_that_could_be_read_in_two_ways_is_refused(town: Town, spoil: Callable[[str], str]) -> None:
    item = a_registration(town, 2)
    is_refused_alone(town, {**item, "p": spoil(item["p"])}, "intake.malformed")


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("registered", {"device": "PC 5"}),
        ("registered", {"device": "x" * 64}),
        ("registered", {"device_new": "01890a5d-ac96-774b-bcce-b302099a8057", "cls": "9"}),
        ("registered", {"extra": "x"}),
        ("handed_over", {"to": "driver"}),
        ("handed_over", {"to": "p-" + "0" * 60}),
        ("handed_over", {"nonce": "secret"}),
        ("handed_over", {"sha256": "0" * 64}),  # the folds' own word: no phone may say it
        ("accepted", {"offer": "that one"}),
        ("accepted", {"offer_hash": "0" * 63}),
        ("declined", {"reason": "the seal is torn"}),
        ("arrived", {"verdict": "fine"}),
        ("locked", {"manifest": "all"}),
        ("locked", {"manifest": ["x"] * 1_001}),
        ("locked", {"manifest": [{"code": 1}]}),
        ("locked", {"manifest": ["PC-0005"]}),
        ("locked", {"count": True}),
        ("locked", {"count": -1}),
        ("locked", {"count": 2_000_000}),
        ("locked", {"seal": {"number": 1}}),
        ("locked", {"seal": "key 5"}),
        ("drive_extracted", {"drive": "S4EVNX0M123456"}),  # a maker's serial number
        ("drive_extracted", {"drive": "5CD1234XYZ0000000"}),  # one that is as long as our codes
        ("void", {"target": "that one", "reason": "wrong_cage"}),
        ("void", {"reason": "Sato did it"}),
        ("sanitized", {"result": ["ok"]}),
        ("sanitized", {"a": {"b": {"c": 1}}}),
    ],
    ids=str,
)
def test_a_scans_body_holds_only_what_the_log_may_hold(town: Town, step: str, body: dict[str, Any]) -> None:
    item = town.phones["officer"].scan(step, town.codes[2], MORNING, body=body)
    is_refused_alone(town, item, "custody.body")


@pytest.mark.parametrize("field", ["name", "serial", "note", "email", "address"])
def test_a_personal_field_is_refused_at_any_depth(town: Town, field: str) -> None:
    item = town.phones["officer"].scan(
        "registered", town.codes[2], MORNING, body={"device": {"of": [{field: "x"}]}}
    )
    is_refused_alone(town, item, "intake.personal_data")


@pytest.mark.parametrize(
    ("step", "body"),
    [("locked", {"manifest": ["佐藤"]}), ("locked", {"seal": "鍵の番号"}), ("locked", {"seal": "090-1234-5678"}),
     ("sanitized", {"tool": "sato@example.jp"})],
)  # fmt: skip
def test_a_value_that_looks_like_somebodys_is_refused(town: Town, step: str, body: dict[str, Any]) -> None:
    is_refused_alone(
        town, town.phones["officer"].scan(step, town.codes[2], MORNING, body=body), "intake.personal_data"
    )


@pytest.mark.parametrize("code", ["SERIAL0123", "PC-0005", "5CD1234XYZ0000000", "HTTPS://OTHER.EXAMPLE/Q/1"])
def test_what_another_label_says_stands_in_no_log(town: Town, code: str) -> None:
    for fields in ({"code": code}, {"parent": code}):
        item = changed(a_registration(town, 2), **fields)
        assert code_of(town.send("officer", item)[0]) in {"custody.code_needed", "intake.malformed"}


def test_a_thing_without_our_label_is_recorded_under_a_random_name_and_its_text_lies_in_the_vault(
    town: Town,
) -> None:
    item = town.phones["officer"].scan("loaded", f"x-{5:020x}", MORNING, private={"code": "5CD1234XYZ"})
    (answer,) = town.send("officer", item)
    assert (code_of(answer), answer.verdict.findings[0][0]) == ("", "UNKNOWN_CODE")


@pytest.mark.parametrize("step", ["", "eaten", "REGISTERED"])
def test_an_unknown_step_is_refused(town: Town, step: str) -> None:
    is_refused_alone(town, town.phones["officer"].scan(step, town.codes[2], MORNING), "custody.unknown_step")


@pytest.mark.parametrize("code", ["", "https://例え.jp/", "a\nb", "\x00", "x" * 129])
def test_a_scan_of_nothing_readable_is_refused(town: Town, code: str) -> None:
    answer = town.send("officer", town.phones["officer"].scan("loaded", code, MORNING))[0]
    assert code_of(answer) in {"custody.code_needed", "intake.malformed"}


def test_an_unknown_kind_is_refused(town: Town) -> None:
    is_refused_alone(
        town, Phone(town.p("officer"), town.log).command("custody.burnt", MORNING, {}), "intake.unknown_kind"
    )


def test_somebody_elses_scan_is_refused(town: Town) -> None:
    item = town.phones["driver"].scan("loaded", town.codes[2], MORNING)
    is_refused_alone(town, item, "intake.not_your_scan")


@pytest.mark.parametrize("log", ["999999", "062014"])
def test_a_log_in_which_one_has_no_work_is_refused(town: Town, log: str) -> None:
    a_town("062014")
    is_refused_alone(town, changed(a_registration(town, 2), log=log), "intake.not_a_party")


def test_another_organisations_consignment_is_refused(town: Town) -> None:
    other = a_town("062014")
    is_refused_alone(town, changed(a_registration(town, 2), job=other.job), "custody.not_a_party")
    is_refused_alone(town, changed(a_registration(town, 2), job=new_id()), "custody.not_a_party")


def test_a_scan_that_names_no_consignment_is_recorded(town: Town) -> None:
    (answer,) = town.send("officer", a_registration(town, 0, job=""))
    assert (code_of(answer), answer.verdict.verdict) == ("", "ok")


def test_an_opening_that_does_not_fit_is_refused(town: Town) -> None:
    item = a_registration(town, 2, private={"serial": "A1"})
    is_refused_alone(town, {**item, "open": {**item["open"], "data": {"serial": "A2"}}}, "intake.commitment")
    item = a_registration(town, 2)
    is_refused_alone(town, {**item, "open": {"salt": "0" * 64, "data": {}}}, "intake.commitment")


@pytest.mark.parametrize(
    "data", [{"serial": 1.5}, {"serial": DEEP}, {"番号": "A1"}, {"serial": "x" * 40_000}]
)
def test_an_opening_that_cannot_be_committed_to_is_refused(town: Town, data: dict[str, Any]) -> None:
    item = a_registration(town, 2, private={"serial": "A1"})
    is_refused_alone(town, {**item, "open": {**item["open"], "data": data}}, "intake.malformed")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("custody.cage_added", {"consignment": 5, "code": "x", "label": "C-01"}),
        ("custody.cage_added", {"consignment": "x", "code": "x", "label": 12}),
        ("custody.cage_added", {"consignment": "x", "code": "x", "label": "C-01", "extra": "call Sato"}),
        ("custody.consignment_opened", {"municipality": ["x"], "carrier": "x", "itad": "x", "policy": "x"}),
        ("custody.consignment_opened", {"municipality": "", "carrier": "", "itad": "", "policy": "", "due_at": ""}),
        ("custody.import_committed", {"consignment": "x", "draft": {}, "file_sha256": "f" * 64, "devices": 1}),
        ("custody.import_committed", {"consignment": "x"}),
        ("codes.issued", {"kind": ["device"], "count": 1}),
        ("codes.issued", {"kind": "device", "count": "1"}),
        ("codes.voided", {"code": {}, "replaced_by": []}),
        ("reconciliation.closed", {"discrepancy": [], "reason": "explained"}),
        ("reconciliation.closed", {"discrepancy": "x", "reason": "explained", "extra": "Sato"}),
    ],
    ids=str,
)  # fmt: skip
def test_a_command_of_the_wrong_form_is_refused_and_not_written(
    town: Town, kind: str, body: dict[str, Any]
) -> None:
    is_refused_alone(
        town, Phone(town.p("officer"), town.log).command(kind, MORNING, body), "intake.malformed"
    )


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@given(junk, st.dictionaries(st.sampled_from(["p", "s", "open", "x"]), junk | st.text(max_size=60)))
def test_reading_an_item_never_fails(raw: Any, item: dict[str, Any]) -> None:
    assert parse(raw) is not None
    assert parse(item) is not None


FIELDS = [
    "id",
    "log",
    "kind",
    "step",
    "code",
    "parent",
    "job",
    "wit",
    "at",
    "off",
    "ev",
    "body",
    "boot",
    "commit",
    "place",
]
BODY = [
    "device",
    "device_new",
    "cls",
    "kind",
    "seal",
    "manifest",
    "to",
    "verdict",
    "count",
    "target",
    "reason",
    "drive",
]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    fields=st.dictionaries(st.sampled_from(FIELDS), junk, max_size=2),
    body=st.dictionaries(
        st.sampled_from(BODY), junk | st.sampled_from(["", "3", "A1", ["X", "X"], 7]), max_size=4
    ),
    step=st.sampled_from(
        ["registered", "loaded", "locked", "handed_over", "arrived", "count_closed", "void"]
    ),
)
def test_no_observation_can_stop_a_log(
    town: Town, fields: dict[str, Any], body: dict[str, Any], step: str
) -> None:
    """Whatever is taken can be folded; whatever cannot be folded is not taken."""
    code = town.cages[0] if step in ("locked", "handed_over", "arrived", "count_closed") else town.codes[0]
    raw = orjson.loads(town.phones["officer"].scan(step, code, MORNING)["p"])
    try:
        p = orjson.dumps({**raw, "body": body, **fields}).decode()
    except TypeError:  # an integer that JSON writers differ about
        return
    (answer,) = town.send("officer", {"p": p, "s": "", "open": None})
    assert answer.refusal is not None or answer.index >= 0
