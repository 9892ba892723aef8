"""Every reader in their language: no code of ours on a page, dates as written there, the sender's pages too."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.identity import PASSWORD, log_in
from tests.factories.supplies import Relief
from tests.supplies.test_public_pages import page, relief  # noqa: F401 - a fixture
from webapp.kernel.base.clock import DAY
from webapp.kernel.base.db import db, transaction
from webapp.kernel.base.i18n import LANGUAGES
from webapp.kernel.base.ids import new_id
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Person
from webapp.supplies import catalogue, known
from webapp.supplies.catalogue import BASE
from webapp.supplies.models import Need

KANJI = re.compile(r"[一-龠]")
JAPANESE = re.compile(r"[ぁ-ゖァ-ヺ一-龠]")
#: What stands on the goods themselves.
ON_PACKAGES = {"S", "M", "L", "LL", "USB-C", "Lightning", "microUSB"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", BASE)
def test_no_item_shows_a_code_in_any_language(code: str, language: str) -> None:
    item = BASE[code]
    for word in ["", *(word for word, _ in item.variants)]:
        shown = known.item_text(BASE, code, word, language)
        name, kind = item.name(language), item.variant_text(word, language)
        assert shown == f"{name}{', ' if language == 'en' else ' '}{kind}".strip(", ")
        assert name
        assert code not in shown
        assert not re.search(
            r"\b(stage\d|m\d+|udf\d|NB|BIG|usbc|microusb|alcoholfree|lactosefree|bp)\b", shown
        )
        parts = re.split(r"[・,、] ?", kind) if kind else []
        assert all(part in ON_PACKAGES or not re.fullmatch(r"[A-Z]+|[a-z]+\d+", part) for part in parts), kind
        if language == "en":
            assert not JAPANESE.search(shown), shown
        if language == "ja_easy":
            assert not KANJI.search(shown), shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_towns_own_item_is_shown_as_the_town_named_it(language: str) -> None:
    own = catalogue.Item("X001", "雪かきスコップ", "雪かきスコップ", "other", "piece", (("v1", "大型"),))
    shown = known.item_text({"X001": own}, "X001", "v1", language)
    assert shown.replace(",", "") == "雪かきスコップ 大型"


def test_the_page_of_what_is_offered_writes_its_date_as_the_reader_does(
    relief: Relief,  # noqa: F811
    client: FlaskClient,
) -> None:
    relief.offer("citizen", 40, item="I01", variant="stage1", best_before=20300331, allergens=["milk"])

    assert "2030年3月31日" in page(client, "/relief/063622/offers")
    english = page(client, "/relief/063622/offers?lang=en")
    assert "31 Mar 2030" in english
    assert "Infant formula powder, from birth" in english
    assert "年" not in english.split("<main")[1].replace("令和8年最上地震", "")
    assert "あかちゃんの こなミルク 0かげつから" in page(client, "/relief/063622/offers?lang=ja_easy")


def test_where_the_place_is_not_told_the_day_is_all_that_is_said_of_the_time(
    relief: Relief,  # noqa: F811
    client: FlaskClient,
) -> None:
    """The hour is rounded to the day, so hours would be false."""
    need = relief.need(3, shelter=2, item="I05", variant="L", audience=["infant"], persons=1)

    for language, today, yesterday in (
        ("ja", "今日確認", "昨日確認"),
        ("en", "checked today", "checked yesterday"),
        ("ja_easy", "きょう たしかめました", "きのう たしかめました"),
    ):
        shown = page(client, f"/relief/063622/needs/{need}?lang={language}")
        assert today in shown
        assert not re.search(r"時間前|hours ago|時間 まえ", shown)
        with transaction() as session:
            session.get_one(Need, need).confirmed_at -= DAY
        assert yesterday in page(client, f"/relief/063622/needs/{need}?lang={language}")
        with transaction() as session:
            session.get_one(Need, need).confirmed_at += DAY


def words_of(shown: str) -> str:
    """What a reader sees in the page's own part; names that people gave (town, disaster, shelter) do not count."""
    text = unescape(
        re.sub(r"<[^>]*>", " ", re.sub(r"<svg.*?</svg>", "", shown.split("<main")[1], flags=re.DOTALL))
    )
    text = re.sub(r"第\d+組織", "", text)
    for name in ("山形県最上町", "最上町", "令和8年最上地震", "中央公民館", "第二体育館", "黒沢公民館"):
        text = text.replace(name, "")
    return re.sub(r"\s+", " ", text)


def test_a_newcomer_reads_the_whole_way_in_english(relief: Relief, client: FlaskClient) -> None:  # noqa: F811
    food = relief.need(300, item="F01", variant="plain")
    for address in (
        "/relief",
        "/relief?offer=1",
        "/relief/063622",
        f"/relief/063622/needs/{food}",
        "/relief/063622/have?q=rice",
        "/relief/063622/offers",
        "/send",
        f"/send/new?need={food}",
        "/send/new?log=063622",
        "/send/new?log=063622&q=water",
        "/send/new?log=063622&item=I05",
        "/send/register",
        "/send/sent",
        "/send/again",
        "/send/forgot",
        "/send/verify/none",
        "/login?next=/send",
    ):
        answer = client.get(address, headers={"Accept-Language": "en"})
        shown = answer.get_data(as_text=True)
        assert 'lang="en"' in shown, address
        assert "languages__link" in shown, address
        assert not JAPANESE.search(words_of(shown)), (
            address,
            JAPANESE.split(words_of(shown))[0][-60:],
            words_of(shown),
        )


def test_what_is_wrong_with_a_form_is_said_in_the_readers_language(
    relief: Relief,  # noqa: F811
    client: FlaskClient,
) -> None:
    food = relief.need(300, item="F01", variant="plain")
    typed = {
        "id": "0199a0e0-0000-7000-8000-000000000001",
        "need": food,
        "quantity": "-3",
        "best_before": "あした",
    }

    for address, form in (("/send/new", typed), ("/send/register", {"mail": "x", "password": "abc"})):
        answer = client.post(address, data=form, headers={"Accept-Language": "en"})
        assert answer.status_code == 422
        shown = words_of(answer.get_data(as_text=True)).replace("「あした」", "").replace("あした", "")
        assert not JAPANESE.search(shown), (address, shown)


def test_what_the_town_refuses_is_said_in_the_readers_language(
    relief: Relief,  # noqa: F811
    client: FlaskClient,
) -> None:
    need = relief.need(300, shelter=1)
    told = {"shelter": relief.shelters[1], "receive_mode": "door", "accept_policy": "organisations"}
    assert relief.say("officer", "supplies.shelter_set", told, {"name": "x", "address": "y"}).refusal is None
    form = {
        "id": new_id(),
        "need": need,
        "quantity": "3",
        "mail": "a@example.jp",
        "password": "blue whales sing far",
    }

    answer = client.post("/send/new", data=form, headers={"Accept-Language": "en"})

    assert "takes goods from organisations and municipalities only" in answer.get_data(as_text=True)


def test_ones_own_page_is_in_english(app: Flask, relief: Relief) -> None:  # noqa: F811
    with transaction() as session:
        person = session.get_one(Person, relief.people["citizen"].id)
        person.password_hash, person.login = passwords.make_hash(PASSWORD), "citizen@example.jp"
    db.session.refresh(relief.people["citizen"])
    browser = app.test_client()
    assert log_in(browser, relief.people["citizen"]).status_code == 302
    made = relief.offer("citizen", 40, need=relief.need(300)).id
    assert relief.request(40, offer=made, match=relief.match_of(made).id).refusal is None

    english = browser.get("/send?lang=en").get_data(as_text=True)

    assert "Please send 40 pieces of Baby diaper, M" in english
    assert not JAPANESE.search(words_of(english)), words_of(english)
    assert "languages__link" in english
    easy = browser.get("/send?lang=ja_easy").get_data(as_text=True)
    assert "はこと ラベルへ すすむ" in easy
    assert "ふつうの 日本語" not in easy


def test_a_free_offer_is_found_at_the_top(relief: Relief, client: FlaskClient) -> None:  # noqa: F811
    for _ in range(3):
        relief.offer("citizen", 40, best_before=0)
    shown = page(client, "/relief/063622/offers").split("<main")[1]
    assert shown.index("提供したい物を登録する") < shown.index("紙おむつ")

    begin = page(client, "/send").split("<main")[1]
    assert begin.index("必要な物をさがす") < begin.index("提供したい物を登録する") < begin.index("ログイン")
    assert "/send/new?log=063622" in page(client, "/relief?offer=1")


def test_the_way_to_sort_says_what_is_near_what(relief: Relief, client: FlaskClient) -> None:  # noqa: F811
    body = {"receive_mode": "door", "accept_policy": "anyone"}
    for place, lat in ((0, 38_800_000), (1, 38_810_000)):
        told = body | {"shelter": relief.shelters[place], "lat_e6": lat, "lon_e6": 140_500_000}
        assert (
            relief.say("officer", "supplies.shelter_set", told, {"name": "x", "address": "y"}).refusal is None
        )
    assert "この避難所に近い順" in page(client, "/relief/063622/have?item=I05")


def test_a_shelters_name_is_read_and_found_as_the_open_data_list_says(
    relief: Relief,  # noqa: F811
    client: FlaskClient,
) -> None:
    relief.need(100)
    told = {"shelter": relief.shelters[0], "receive_mode": "door", "accept_policy": "anyone"}
    private = {"name": "x", "address": "y", "kana": "チュウオウコウミンカン"}
    assert relief.say("officer", "supplies.shelter_set", told, private).refusal is None

    assert "中央公民館（チュウオウコウミンカン）" in page(client, "/relief/063622?lang=ja_easy")
    assert "チュウオウ" not in page(client, "/relief/063622?lang=ja")
    assert "1件あります" in page(client, "/relief/063622?q=ちゅうおう&lang=ja")
