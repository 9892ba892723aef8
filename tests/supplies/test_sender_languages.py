"""From the request to the last box, and to the closed account, senders read their own language."""

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.supplies.sender_pages import Site, error, requested, site
from tests.supplies.test_public_languages import JAPANESE, words_of
from webapp.kernel.base.clock import DAY, jst, now_ms, show_date, show_time, to_minute
from webapp.kernel.base.db import db
from webapp.kernel.base.i18n import MONTHS, catalog
from webapp.kernel.base.ids import new_id
from webapp.supplies import entries as kinds
from webapp.supplies.models import Match

__all__ = ["site"]

VILLAGE = "山形県最上郡最上町"
ADDRESS = f"{VILLAGE}大字向町43"
#: What carriers call it; it is written on the form in Japanese.
HELD = "営業所止め"


def reader(site: Site, language: str, who: str = "citizen") -> FlaskClient:
    """The browser of somebody who chose a language once."""
    client = site.browser(who)
    client.get(f"/send?lang={language}")
    return client


def shown(client: FlaskClient, address: str) -> str:
    """A page in the language that this browser chose, with the switch to the others."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    assert "languages__link" in answer.text, address
    return answer.text


def read(page: str) -> str:
    """What stands on a page beside names of places, and beside what is to be written on the box for the shelter."""
    text = re.sub(r'<p lang="ja">.*?</p>', "", page, flags=re.DOTALL)
    for name in (ADDRESS, VILLAGE, HELD):
        text = text.replace(name, "")
    return words_of(text)


def is_english(page: str) -> bool:
    assert 'lang="en"' in page
    return not JAPANESE.search(read(page))


def followed(client: FlaskClient, answer: TestResponse) -> str:
    """The page to which a form led."""
    assert answer.status_code == 303
    return shown(client, answer.location)


def settled(site: Site, mode: str = "door", **more: str) -> None:
    """The first shelter has an address, a telephone, and a way to take goods."""
    body = {"shelter": site.relief.shelters[0], "receive_mode": mode, "accept_policy": "anyone", **more}
    told = {"name": "第1体育館", "address": ADDRESS, "phone": "0233-43-2111", "mail": "shelter@example.jp"}
    assert site.relief.say("officer", kinds.SHELTER_SET, body, told).refusal is None


def ship(client: FlaskClient, match: str, **typed: str) -> TestResponse:
    form = {"id": new_id(), "quantity": "40", "eta": to_minute(now_ms() + 2 * DAY)[:10], **typed}
    return client.post(f"/send/{match}/ship", data=form)


def pack(client: FlaskClient, match: str, **typed: str) -> TestResponse:
    return client.post(f"/send/{match}/pack", data={"id": new_id(), **typed})


def pledged(site: Site) -> str:
    made = site.relief.offer("citizen", 40, need=site.relief.need(100)).id
    return site.relief.match_of(made).id


# The whole way


def test_the_whole_way_from_the_pledge_to_the_count_is_in_english(site: Site) -> None:
    settled(site)
    client, relief, match = reader(site, "en"), site.relief, pledged(site)
    here = f"/send/{match}"
    waiting = [shown(client, here + step) for step in ("", "/less", "/cancel")]
    assert relief.request(40, offer=db.session.get_one(Match, match).offer, match=match).refusal is None

    asked = [shown(client, here + step) for step in ("", "/pack", "/ship", "/less", "/cancel")]
    fewer = followed(client, client.post(f"{here}/less", data={"id": new_id(), "quantity": "30"}))
    packed = followed(client, pack(client, match, count="2"))
    written = shown(client, f"{here}/hand")
    moving = followed(client, ship(client, match, quantity="30", tracking="1234-5678"))
    first, second = (parcel.code for parcel in relief.parcels_of(match))
    relief.scan("worker", "arrived", first, relief.shelters[0], at=1)
    partly = shown(client, here)
    for code, count in ((first, {"as_listed": True}), (second, {"good": 12, "damaged": 2, "expired": 1})):
        relief.scan("worker", "counted", code, relief.shelters[0], count, at=2)
    counted = shown(client, here)

    pages = [*waiting, *asked, fewer, packed, written, moving, partly, counted, shown(client, "/send")]
    assert [read(page) for page in pages if not is_english(page)] == []
    assert "Baby diaper, M" in asked[0]
    assert "Now: 1 box (40 pieces)." in read(asked[0])
    assert "Number of boxes: 2. Please print the labels." in packed
    assert "Now: 2 boxes (15, 15 pieces)." in read(packed)
    assert ADDRESS in packed
    assert "Phone 0233-43-2111" in packed
    assert "It is recorded as sent." in moving
    assert "Box 1 / 2" in moving
    due = jst(db.session.get_one(Match, match, populate_existing=True).eta or 0)
    day = f"{due.day} {MONTHS[due.month - 1]} {due.year}"
    assert f"Expected arrival {day} Carrier's parcel number 1234-5678" in read(moving)
    assert "1 Arrived; 1 On the way" in read(partly)
    assert "received 27, damaged 2, expired 1, missing 0" in counted


def test_the_same_pages_say_no_sentence_of_the_ordinary_japanese_in_easy_japanese(site: Site) -> None:
    settled(site)
    client, match = reader(site, "ja_easy"), requested(site)
    other = site.relief.offer("citizen", 40).id

    steps = [f"/send/{match}{step}" for step in ("", "/pack", "/hand", "/ship", "/less", "/cancel")]
    pages = [shown(client, address) for address in (*steps, f"/send/offers/{other}", "/send/close")]
    packed = followed(client, pack(client, match, count="2"))
    moving = followed(client, ship(client, match))

    translated = [
        str(m.id if isinstance(m.id, str) else m.id[0]) for m in catalog("ja_easy") if m.id != m.string
    ]
    sentences = [text for text in translated if text.endswith("。") and "%(" not in text]
    for page in (*pages, packed, moving):
        assert 'data-language="ja_easy"' in page
        assert [sentence for sentence in sentences if sentence in read(page)] == []
    assert '今は <b class="number">1はこ</b>（40こ）です。' in pages[0]
    assert "はこの 数を 2こに しました。" in packed
    assert "おくったと 書きました。" in moving


def test_the_japanese_page_is_as_it_was(site: Site) -> None:
    settled(site)
    client, match = reader(site, "ja"), requested(site)

    asked, by_hand = shown(client, f"/send/{match}"), shown(client, f"/send/{match}/hand")
    packed = followed(client, pack(client, match, count="3"))
    moving = followed(client, ship(client, match))

    made = db.session.get_one(Match, match, populate_existing=True)
    assert '今は <b class="number">1箱</b>（40個）です。' in asked
    assert (
        "2 ラベルを貼る 箱ごとに1枚、いちばん広い面に貼ります。 ラベルを印刷する（PDF） コンビニで"
        in read(asked)
    )
    assert f"頼まれた日 {show_time(made.requested_at)} " in read(asked)
    assert "日本語" not in asked.split("<main")[1]
    assert "1箱のうち1箱目　40個" in by_hand
    assert "3箱にしました。ラベルを印刷してください。" in packed
    assert '今は <b class="number">3箱</b>（14・13・13個）です。' in packed
    assert "発送を記録しました。避難所にメールでお知らせします。" in moving
    assert f"到着の予定 {show_date(made.eta)} " in read(moving)
    assert "1 / 3箱目　14個" in moving


@pytest.mark.parametrize("mode", ["depot", "hub"])
def test_where_another_takes_the_boxes_the_address_says_so_in_english(site: Site, mode: str) -> None:
    hub = {"hub": site.relief.shelters[1]} if mode == "hub" else {}
    settled(site, mode, **hub)
    client, match = reader(site, "en"), requested(site)

    asked, by_hand = shown(client, f"/send/{match}"), shown(client, f"/send/{match}/hand")
    moving = followed(client, ship(client, match))

    assert is_english(asked)
    assert is_english(by_hand)
    assert is_english(moving)
    if mode == "depot":
        assert "To be held at the carrier's office (営業所止め)" in asked
        assert f"held at the carrier's office (営業所止め), {ADDRESS}" in moving
    else:
        assert re.search(r"第\d+組織 \(for 第\d+組織\)", asked)


# The label


def test_the_label_stays_japanese_and_the_page_says_so(site: Site) -> None:
    client, match = reader(site, "en"), requested(site)

    asked, by_hand = shown(client, f"/send/{match}"), shown(client, f"/send/{match}/hand")
    label = client.get(f"/send/{match}/labels.pdf")

    assert "The label itself is in Japanese, because the shelter reads it." in asked
    assert "Please copy the lines below the ID as they are, in Japanese" in by_hand
    assert "支援物資　紙おむつ（乳児・小児） M 40個　1/1" in by_hand
    assert "Box 1 of 1　40 pieces" in by_hand
    assert "The PDF is in Japanese." in by_hand
    assert label.data.startswith(b"%PDF")
    assert label.headers["Content-Language"] == "ja"


# What is refused


def test_what_cannot_be_packed_or_sent_is_refused_in_english(site: Site) -> None:
    client, match = reader(site, "en"), requested(site)
    past = to_minute(now_ms() - 5 * DAY)[:10]

    refused = [
        (pack(client, match, count="41"), "count", "40 boxes at most."),
        (pack(client, match, each="20\n21"), "each", "The boxes hold 41 together."),
        (pack(client, match, count="3", each="20\n20"), "count", "The number of boxes is 3, but there are 2 lines."),
        (pack(client, match, each="20 2020-01-01"), "each", "Goods past their date cannot be sent."),
        (pack(client, match, each="20箱"), "each", "Please count this item in pieces."),
        (ship(client, match, quantity="41"), "quantity", "40 are left."),
        (ship(client, match, quantity="x"), "quantity", "Please write digits only"),
        (ship(client, match, eta=""), "eta", "Please write the day on which it should arrive"),
        (ship(client, match, eta=past), "eta", "The day of arrival is over."),
        (ship(client, match, tracking="送り状"), "tracking", "digits, letters and hyphens only"),
        (client.post(f"/send/{match}/less", data={"id": new_id(), "quantity": "40"}), "quantity",
         "It can only be reduced (to 39 at most)."),
    ]  # fmt: skip

    for answer, field, sentence in refused:
        assert answer.status_code == 422
        assert sentence in error(answer, field), (field, sentence, error(answer, field))
        typed = read(answer.text).replace("20箱", "").replace("3箱", "").replace("送り状", "")
        assert not JAPANESE.search(typed), typed


def test_what_is_over_says_so_in_the_senders_language(site: Site) -> None:
    said = {
        "en": "This shipment is cancelled. Please do not send it.",
        "ja_easy": "おくるのは やめに なりました。おくらないでください。",
        "ja": "この便は取り消されています。発送しないでください。",
    }
    for language, sentence in said.items():
        client, match = reader(site, language), requested(site)
        done = followed(client, client.post(f"/send/{match}/cancel", data={"id": new_id(), "goods": "gone"}))
        late = [
            followed(client, client.get(f"/send/{match}{step}")) for step in ("/pack", "/hand", "/labels.pdf")
        ]
        late.append(followed(client, ship(client, match)))

        assert [page for page in late if sentence not in page] == []
        if language == "en":
            assert "This shipment is cancelled. The shelter is told." in done
            assert all(is_english(page) for page in (done, *late))


def test_a_form_that_was_changed_and_sent_again_is_answered_with_a_sentence(site: Site) -> None:
    client, match, form = reader(site, "en"), requested(site), new_id()

    pack(client, match, id=form, count="2")
    again = followed(client, pack(client, match, id=form, count="3"))

    assert "This was sent before." in again
    assert "intake." not in again
    assert len(site.relief.parcels_of(match)) == 2


def test_before_the_request_nothing_is_packed_and_that_is_said_in_english(site: Site) -> None:
    client, match = reader(site, "en"), pledged(site)

    early = followed(client, client.get(f"/send/{match}/pack"))

    assert "It has not been requested yet." in early
    assert is_english(early)


def test_a_decline_is_told_in_english_and_its_reason_as_the_shelter_wrote_it(site: Site) -> None:
    client, match = reader(site, "en"), pledged(site)
    said = site.relief.say("officer", kinds.DECLINED, {"match": match}, {"reason": "置き場がありません"})
    assert said.refusal is None

    page = shown(client, f"/send/{match}")

    assert "From the shelter" in page
    assert "置き場がありません" in page
    assert is_english(page.replace("置き場がありません", ""))


def test_a_page_that_is_somebody_elses_is_not_found_in_the_readers_language(site: Site) -> None:
    match = requested(site)

    answer = reader(site, "en", "citizen2").get(f"/send/{match}")

    assert answer.status_code == 404
    assert "Page not found" in answer.text


# Taking back


def test_an_offer_is_withdrawn_in_english(site: Site) -> None:
    client, made = reader(site, "en"), site.relief.offer("citizen", 40).id
    address = f"/send/offers/{made}"

    asked = shown(client, address)
    too_much = client.post(address, data={"id": new_id(), "quantity": "41"})
    done = followed(client, client.post(address, data={"id": new_id(), "quantity": "40"}))

    assert is_english(asked)
    assert "Not requested yet: 40 pieces." in asked
    assert "40 are left." in error(too_much, "quantity")
    assert is_english(too_much.text)
    assert "It is withdrawn." in done
    assert is_english(done)


def test_an_account_is_closed_in_english(site: Site) -> None:
    client, match = reader(site, "en"), requested(site)

    open_one = shown(client, "/send/close")
    client.post(f"/send/{match}/cancel", data={"id": new_id(), "goods": "gone"})
    asked = shown(client, "/send/close")
    done = followed(client, client.post("/send/close", data={"sure": "1"}))

    assert "1 shipment is under way." in open_one
    assert "This cannot be undone." in asked
    assert "Your account is closed. Thank you for your help." in done
    assert all(is_english(page) for page in (open_one, asked, done))
