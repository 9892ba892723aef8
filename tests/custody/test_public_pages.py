"""Residents' pages as they are drawn: three languages, required beside done, nothing the CSP forbids."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import jinja2
import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient

import webapp
from webapp.kernel.base import i18n, styles

ROOM = Path(webapp.__file__).parent / "custody" / "templates"
MORNING = 1_791_158_400_000  # 5 October 2026, 9:00 JST
KANA = re.compile(r"[ぁ-んァ-ヶ]")
NAMES = ("やさしい日本語", "日本語", "最上町", "総務課")  # stay as they are in every language


@dataclass(frozen=True)
class AStep:
    """One of the six public steps."""

    key: str
    state: str
    at_ms: int | None = None
    note: str = ""


@dataclass(frozen=True)
class ATrail:
    """A notebook that has reached the centre."""

    id: str = "HWVEN9XSYWCX7K2MP"
    shown_id: str = "HWVE-N9XS-YWCX-7K2MP"
    kind_text: str = "ノートPC"
    class_text: str = "機密性3"
    status: str = "received"
    consistent: bool = True
    waiting: bool = False
    municipality: str = "最上町"
    contact: str = "総務課 0233-00-0000"
    steps: tuple[AStep, ...] = field(
        default=(
            AStep("registered", "done", MORNING),
            AStep("sanitized", "done", MORNING, "witnessed"),
            AStep("departed", "done", MORNING),
            AStep("received", "done", MORNING, "seal_intact"),
            AStep("destroyed", "next"),
            AStep("ended", "later"),
        )
    )


@pytest.fixture
def site() -> Flask:
    """Only the templates of the room, on any trail a test makes."""
    site = Flask("webapp")
    site.config.update(TESTING=True, SECRET_KEY="test")
    site.jinja_loader = jinja2.ChoiceLoader(
        [site.jinja_loader or jinja2.BaseLoader(), jinja2.FileSystemLoader(ROOM)]
    )
    i18n.init(site)
    styles.init(site)
    site.register_blueprint(styles.bp)
    return site


def page(site: Flask, template: str, **context: object) -> FlaskClient:
    """A client whose `/page` shows this template."""

    @i18n.for_residents
    def view() -> str:
        return render_template(f"custody/{template}.html", **context)

    site.add_url_rule("/page", view_func=view)
    return site.test_client()


def words(html: str) -> str:
    """What is read on the page: tags, and names that are nobody's to translate, taken out."""
    text = re.sub(r"<[^>]+>", " ", html)
    for name in NAMES:
        text = text.replace(name, "")
    return re.sub(r"\s+", " ", text)


PAGES = [
    ("public_home", {}),
    ("public_result", {"trail": ATrail()}),
    ("public_detail", {"trail": ATrail()}),
    *(("public_unknown", {"reason": reason, "typed": "ABCD"}) for reason in ("check", "length", "none")),
    ("public_void", {"replaced": True, "shown_id": "X", "municipality": "最上町", "contact": "総務課"}),
    ("public_thing", {"kind": "cage", "shown_id": "X", "municipality": "最上町", "contact": "総務課"}),
]


@pytest.mark.parametrize(("template", "context"), PAGES)
def test_the_english_page_has_no_japanese_left(
    site: Flask, template: str, context: dict[str, object]
) -> None:
    html = page(site, template, **context).get("/page?lang=en").text
    assert KANA.findall(words(html)) == []
    assert KANA.findall(" ".join(re.findall(r'(?:aria-label|data-\w+|content)="([^"]*)"', html))) == []


@pytest.mark.parametrize("language", list(i18n.LANGUAGES))
@pytest.mark.parametrize(("template", "context"), PAGES)
def test_nothing_is_written_into_the_page_that_the_csp_forbids(
    site: Flask, template: str, context: dict[str, object], language: str
) -> None:
    html = page(site, template, **context).get(f"/page?lang={language}").text
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|placeholder=|\sdisabled", html)


def test_the_detail_shows_what_is_required_beside_what_is_done(site: Flask) -> None:
    # given a monitor: it holds no data, so two steps do not apply
    steps = [AStep("sanitized", "not_applicable"), AStep("received", "done", MORNING), AStep("ended", "next")]
    trail = replace(ATrail(), steps=tuple(steps))
    # when a resident opens the detail
    read = words(page(site, "public_detail", trail=trail).get("/page").text)
    # then each step says both
    assert "手順 対象外 記録 なし" in read
    assert "手順 必要 記録 2026年10月5日 9:00" in read
    assert "手順 必要 記録 まだありません" in read


def test_a_drive_destroyed_in_the_town_hall_says_so(site: Flask) -> None:
    trail = replace(ATrail(), steps=(AStep("sanitized", "on_site", MORNING),))
    read = words(page(site, "public_detail", trail=trail).get("/page").text)
    assert "庁内破壊" in read
    assert "消去できない部品を、役場の中で壊しました" in read


@pytest.mark.parametrize(
    ("trail", "sentence"),
    [
        (ATrail(), "記録は手順どおりです"),
        (ATrail(waiting=True), "まだ届いていない記録があります"),
        (ATrail(consistent=False, waiting=True), "確かめている記録があります"),
    ],
)
def test_the_page_says_whether_the_records_agree(site: Flask, trail: ATrail, sentence: str) -> None:
    assert sentence in page(site, "public_result", trail=trail).get("/page").text


def test_a_typing_mistake_gets_a_hint_and_the_text_to_mend(site: Flask) -> None:
    html = page(site, "public_unknown", reason="check", typed="HWVE-N9XS").get("/page").text
    assert "1文字ちがうようです" in html
    assert 'value="HWVE-N9XS"' in html


def test_typed_markup_is_only_text(site: Flask) -> None:
    html = page(site, "public_unknown", reason="none", typed="<script>x</script>").get("/page").text
    assert "<script>x" not in html


def test_the_characters_are_counted_without_what_stands_between_them(site: Flask) -> None:
    html = page(site, "public_unknown", reason="length", typed="HWVE-N9XS YWCX").get("/page").text
    assert "入れた文字は12文字でした" in html


@pytest.mark.parametrize("typed", ["", "   ", " - ー "])
def test_who_presses_the_button_with_nothing_entered_is_asked_for_the_number(app: Flask, typed: str) -> None:
    answer = app.test_client().get("/t", query_string={"id": typed})
    assert answer.status_code == 200
    assert "シールの番号を入れてください。" in answer.text
    assert "0文字" not in answer.text
    assert "シールの番号を入れてください。" not in app.test_client().get("/").text
