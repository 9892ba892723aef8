"""What phones sign, in the vectors that the browser's tests read too (tests/js/keys.test.js)."""

import json
from itertools import pairwise
from pathlib import Path

from webapp.kernel.phones.keys import enrolment_text, hash_of, key_id, verify

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "signed_scans.json").read_text())


def test_signatures_are_judged_here_as_on_the_phone() -> None:
    judged = {
        each["what"]: verify(each["key"], each["p"].encode(), each["s"]) for each in VECTORS["signatures"]
    }
    assert judged == {each["what"]: each["good"] for each in VECTORS["signatures"]}


def test_each_scan_names_the_hash_of_the_one_before() -> None:
    chain = VECTORS["chain"]
    assert [hash_of(link["p"].encode()) for link in chain] == [link["hash"] for link in chain]
    assert [json.loads(link["p"])["prev"] for link in chain] == [
        "",
        *(one["hash"] for one, _ in pairwise(chain)),
    ]


def test_an_enrolment_is_proved_over_the_same_words() -> None:
    told = VECTORS["enrolment"]
    text = enrolment_text(told["token"], told["dev"], told["key"])
    assert text.decode() == told["text"]
    assert verify(told["key"], text, told["proof"])
    assert key_id(told["key"]) == told["key_id"]
