"""What people read of a hand-over that both sides signed: staff in the timeline, residents in three languages."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.custody import Journey, Town, a_town
from tests.factories.office import as_, words

BOTH = {
    "ja": "渡した人と受け取った人の両方が署名しました",
    "en": "the giver and the receiver both signed",
    "ja_easy": "わたした人と うけとった人が サインしました",
}


def on_the_road(answered: str) -> Town:
    """One PC in a sealed cage that was offered to a driver."""
    town = a_town(devices=1, cages=1)
    j = Journey(town)
    town.send("officer", *j.register(0))
    town.send("technician", *j.sanitize(0))
    town.send("officer", *j.load(0), j.lock([0]), j.hand_over())
    if answered:
        town.send("driver", j.answer(step=answered))
    return town


@pytest.mark.parametrize("language", BOTH)
def test_residents_read_that_both_signed_in_their_language(
    client: FlaskClient, app: Flask, language: str
) -> None:
    town = on_the_road("accepted")
    page = client.get(f"/t/{town.codes[0]}/detail?lang={language}").text
    assert BOTH[language] in page


def test_residents_do_not_read_so_as_long_as_only_one_has_signed(client: FlaskClient, app: Flask) -> None:
    town = on_the_road("")
    assert BOTH["ja"] not in client.get(f"/t/{town.codes[0]}/detail").text


@pytest.mark.parametrize(("step", "shown"), [("accepted", "受取"), ("declined", "受取拒否")])
def test_staff_read_the_answer_in_the_timeline_of_the_device(
    client: FlaskClient, app: Flask, step: str, shown: str
) -> None:
    town = on_the_road(step)
    as_(client, town, "officer")
    text = words(client.get(f"/consignments/{town.job}/devices/{town.devices[0]}").text)
    assert shown in text
    assert town.people["driver"].name in text


def test_the_board_names_who_has_not_signed_and_who_has_refused(client: FlaskClient, app: Flask) -> None:
    town = on_the_road("")
    as_(client, town, "officer")
    text = words(client.get(f"/consignments/{town.job}").text)
    assert "相手の署名なし" in text
    assert f"{town.people['officer'].name} から {town.people['driver'].name} への引渡" in text
