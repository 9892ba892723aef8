"""Words as people type them: kana or kanji, wide or narrow, usual names; the same for citizens and at the desk."""

import unicodedata

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import supplies as factory
from tests.factories.identity import PASSWORD, log_in
from tests.supplies.test_public_pages import page, relief  # noqa: F401 - a fixture
from webapp.kernel.base.db import db, transaction
from webapp.kernel.identity import passwords
from webapp.kernel.identity.models import Person
from webapp.supplies import catalogue
from webapp.supplies.catalogue import BASE

#: As a full-width kana is written in half width: ガ → ｶﾞ.
_NARROW = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}
_NARROW |= {"ー": "ｰ", "\u3099": "ﾞ", "\u309a": "ﾟ"}


def found(words: str) -> set[str]:
    return {item.code for item in catalogue.search(BASE.values(), words)}


def in_katakana(text: str) -> str:
    return "".join(chr(ord(sign) + 0x60) if "ぁ" <= sign <= "ゖ" else sign for sign in text)


def in_hiragana(text: str) -> str:
    return "".join(chr(ord(sign) - 0x60) if "ァ" <= sign <= "ヶ" else sign for sign in text)


def in_half_width(text: str) -> str:
    parts = unicodedata.normalize("NFD", in_katakana(text))
    return "".join(_NARROW.get(sign, sign) for sign in parts)


@pytest.mark.parametrize("code", BASE)
def test_an_item_is_found_by_its_name_however_it_is_written(code: str) -> None:
    item = BASE[code]
    assert item.reading
    for name in (item.name_ja, item.reading, item.name_easy, item.name_en):
        for written in (name, in_katakana(name), in_hiragana(name), in_half_width(name), name.upper()):
            assert code in found(written), written


def test_a_reading_is_written_in_hiragana() -> None:
    for item in BASE.values():
        kana = item.reading.replace(" ", "").replace("LED", "")
        assert all("ぁ" <= sign <= "ゖ" or sign in "ー0123456789mL" for sign in kana), item.reading


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("オムツ", "I05 E01"), ("おむつ", "I05 E01"), ("紙オムツ", "I05 E01"), ("かみおむつ", "I05 E01"),
        ("ｵﾑﾂ", "I05 E01"), ("みず", "W01 W02"), ("水", "W01 W02"), ("ミズ", "W01 W02"), ("お水", "W01 W02"),
        ("ミルク", "I01 I02 I03"), ("みるく", "I01 I02 I03"), ("ﾐﾙｸ", "I01 I02 I03"), ("粉ミルク", "I01"),
        ("こなみるく", "I01"), ("ナプキン", "S01"), ("なぷきん", "S01"), ("カイロ", "C06"), ("ホッカイロ", "C06"),
        ("ペットボトル", "W01 W02 W03"), ("トイレットペーパー", "H03"), ("トイレットペ－パ－", "H03"),
        ("といれっとぺーぱー", "H03"), ("離乳食", "I07"), ("りにゅうしょく", "I07"), ("ベビーフード", "I07"),
        ("もうふ", "B01"), ("ブランケット", "B01"), ("せいりようひん", "S01"), ("携帯トイレ", "H01"),
        ("けいたいといれ", "H01"), ("でんち", "P02"), ("マスク", "H07"), ("ますく", "H07"), ("ﾏｽｸ", "H07"),
        ("歯磨き", "H09"), ("ダンボールベッド", "B02"), ("ごはん", "F02"), ("らーめん", "F06"), ("OS-1", "W04"),
        ("ＯＳ１", "W04"), ("ゴミ袋", "H12"), ("石鹸", "H08"), ("つえ", "E05"), ("杖", "E05"), ("diaper", "I05 E01"),
    ],
)  # fmt: skip
def test_usual_words_find_what_is_meant(words: str, codes: str) -> None:
    assert set(codes.split()) <= found(words)


@pytest.mark.parametrize(
    ("one", "other"), [("みず", "水"), ("オムツ", "おむつ"), ("ﾐﾙｸ", "みるく"), ("おみず", "お水")]
)
def test_two_ways_of_writing_find_the_same(one: str, other: str) -> None:
    assert found(one) == found(other)


def test_water_is_not_everything_that_helps_when_the_water_is_out() -> None:
    assert "H01" not in found("水")
    assert "H01" in found("断水")


@given(st.text(max_size=20))
def test_whatever_is_typed_finds_the_same_in_any_width_and_case(words: str) -> None:
    assert found(words) == found(unicodedata.normalize("NFKC", words)) == found(words.upper().lower().upper())


def test_the_public_list_knows_kana_sizes_and_shelters(
    relief: factory.Relief,  # noqa: F811
    client: FlaskClient,
) -> None:
    relief.need(300)
    relief.need(100, shelter=1, item="W01", variant="")
    for asked, count in {
        "オムツ": 1,
        "紙オムツ": 1,
        "ｵﾑﾂ Ｍ": 1,
        "オムツ L": 0,
        "みず": 1,
        "第二": 1,
    }.items():
        assert f"{count}件あります" in page(client, f"/relief/063622?q={asked}"), asked


def test_what_i_have_is_typed_and_its_size_with_it(relief: factory.Relief, client: FlaskClient) -> None:  # noqa: F811
    """「オムツ Ｍ」 is enough: the item, the size and who needs it, in one step."""
    relief.need(300)
    relief.need(90, shelter=1, variant="L")

    shown = page(client, "/relief/063622/have?q=紙オムツ Ｍ 乳児&quantity=40")

    assert "1件あります" in shown
    assert "40個を送る" in shown


def test_of_several_things_one_chooses_with_its_size_at_once(
    relief: factory.Relief,  # noqa: F811
    client: FlaskClient,
) -> None:
    shown = page(client, "/relief/063622/have?q=オムツ&quantity=40")

    assert "item=I05&amp;variant=M&amp;quantity=40" in shown
    assert "item=E01&amp;variant=LL&amp;quantity=40" in shown
    assert "見つかりませんでした。" in page(client, "/relief/063622/have?q=すいか")


def test_goods_on_nobodys_list_are_searched_alike_and_none_is_chosen_before(
    relief: factory.Relief,  # noqa: F811
    client: FlaskClient,
) -> None:
    first = page(client, "/send/new?log=063622")
    shown = page(client, "/send/new?log=063622&q=オムツ")

    assert 'value="" selected' in first
    assert "item=I05&amp;variant=M" in shown
    assert "送れる数" in page(client, "/send/new?log=063622&item=I05&variant=M")


def test_the_desk_of_a_shelter_searches_alike(relief: factory.Relief, app: Flask) -> None:  # noqa: F811
    officer = relief.people["officer"]
    with transaction() as session:
        session.get_one(Person, officer.id).password_hash = passwords.make_hash(PASSWORD)
    db.session.refresh(officer)
    desk = app.test_client()
    assert log_in(desk, officer).status_code == 302

    for words in ("オムツ", "紙オムツ", "ｵﾑﾂ", "おむつ M"):
        answer = desk.get(f"/desk/{relief.shelters[0]}/needs/new?words={words}")
        assert "紙おむつ（乳児・小児）" in answer.get_data(as_text=True), words
