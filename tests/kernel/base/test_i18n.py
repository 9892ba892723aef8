"""Residents read their pages in three languages; nothing they see is left untranslated."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from jinja2 import Environment
from jinja2.ext import babel_extract
from jinja2.meta import find_referenced_templates

from webapp.kernel.base import i18n
from webapp.supplies import form_messages
from webapp.supplies import messages as supplies_messages
from webapp.supplies.labels.words import DATE_WORDS
from webapp.wiring import MENU, SENTENCES

WEBAPP = Path(i18n.__file__).resolve().parents[2]
ERRORS = WEBAPP / "templates" / "errors" / "error.html"
OPTIONS = {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}


def residents_templates() -> set[Path]:
    """What a resident or a sender may meet: every `public_*.html`, every page with the switch of languages, the error
    page, and all that these are made of."""
    found: set[Path] = set()
    switched = [
        p for p in WEBAPP.rglob("templates/**/*.html") if '{% extends "resident.html" %}' in p.read_text()
    ]
    todo = [ERRORS, *WEBAPP.rglob("templates/**/public_*.html"), *switched]
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += [template(name) for name in referenced(path)]
    return found


def referenced(path: Path) -> list[str]:
    """Names of the templates that this one extends, imports or includes."""
    tree = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(path.read_text())
    return [name for name in find_referenced_templates(tree) if name]


def template(name: str) -> Path:
    """The file of a template, in whichever package it lies."""
    return next(path for folder in WEBAPP.rglob("templates") if (path := folder / name).is_file())


def texts_in(path: Path) -> set[str]:
    """Every text that a template shows through gettext."""
    with path.open("rb") as file:
        found = list(babel_extract(file, ("_", "gettext", "ngettext"), (), OPTIONS))
    return {str(text if isinstance(text, str) else text[0]) for _line, _function, text, _comments in found}


def marked_texts() -> Iterator[str]:
    """Texts that Python marks for translation: `mark("…")`."""
    for path in WEBAPP.rglob("*.py"):
        yield from re.findall(r'\bmark\(\s*"([^"]+)"\s*\)', path.read_text())


#: What may be wrong with what a citizen types, or stand in the way of it, from the offer to the last box.
SAID_TO_SENDERS = re.compile(
    r"supplies\.(quantity_\w+|date_\w+|need_by_\w+|form_(mail|date_needed|allergens\w*|variant|note_long|rest)"
    r"|address_long|unknown_(disaster|shelter|need|item|variant|match|offer)|disaster_closed|shelter_closed"
    r"|accepts_none|organisations_only|too_few|need_stopped|need_met|sent_before|other_item|allergens|expired"
    r"|until_past|not_so_many|only_less|already_taken|mail_unverified|is_\w+|not_allowed|body"
    r"|form_(boxes_\w+|eta|eta_past|tracking))|intake\.fault"
    r"|identity\.(login_refused|password_(short|long|common)|login_needed)"
)


def sentences() -> dict[str, str]:
    """Code → Japanese sentence, of all that a sender may be told."""
    return {
        code: text
        for code, text in {**SENTENCES, **form_messages.SENTENCES, **supplies_messages.SENTENCES}.items()
        if SAID_TO_SENDERS.fullmatch(code)
    }


def shown_texts() -> set[str]:
    """All of them."""
    words = {words for words, _door, _action in MENU} | set(DATE_WORDS.values()) | set(sentences().values())
    return set(marked_texts()).union(words, *(texts_in(path) for path in residents_templates()))


@pytest.fixture
def site() -> Flask:
    """A small site with one page for residents and one for staff."""
    site = Flask("webapp")
    site.config.update(TESTING=True, SECRET_KEY="test")
    i18n.init(site)
    text = "{{ _('次の工程') }}|{{ html_language() }}|{{ moment | when }}|{{ address_in('en') }}"

    @site.get("/public")
    @i18n.for_residents
    def public() -> str:
        return render_template_string(text, moment=1_791_158_400_000)

    @site.get("/desk")
    def desk() -> str:
        return render_template_string(text, moment=1_791_158_400_000)

    return site


@pytest.fixture
def resident(site: Flask) -> FlaskClient:
    """Somebody with a phone."""
    return site.test_client()


@pytest.mark.parametrize("language", ["en", "ja_easy"])
def test_everything_a_resident_sees_is_translated(language: str) -> None:
    catalog = i18n.catalog(language)
    missing = sorted(text for text in shown_texts() if not (catalog.get(text) and catalog.get(text).string))
    assert missing == []


@pytest.mark.parametrize("language", ["en", "ja_easy"])
def test_a_translation_keeps_the_parameters_of_its_source(language: str) -> None:
    for message in i18n.catalog(language):
        source = message.id if isinstance(message.id, str) else message.id[0]
        forms = [message.string] if isinstance(message.string, str) else message.string
        for form in forms if source else ():
            for named in (r"%\((\w+)\)", r"{(\w+)}"):
                assert set(re.findall(named, form)) <= set(re.findall(named, source)), source
            assert set(re.findall(r"%\((\w+)\)", form)) == set(re.findall(r"%\((\w+)\)", source)), source


@pytest.mark.parametrize("language", ["en", "ja_easy"])
def test_no_translation_is_left_without_a_source(language: str) -> None:
    used = shown_texts()
    sources = {m.id if isinstance(m.id, str) else m.id[0] for m in i18n.catalog(language) if m.id}
    assert sorted(sources - used) == []


def test_easy_japanese_has_short_sentences() -> None:
    for message in i18n.catalog("ja_easy"):
        for sentence in re.split(r"[。？！\n]", str(message.string)):
            assert len(sentence) <= 45, sentence


def test_a_resident_may_ask_for_a_language_and_it_is_remembered(resident: FlaskClient) -> None:
    # given a resident who chose English once
    assert resident.get("/public?lang=en").text.startswith("Next step|en|")
    # when they come back without saying so
    page = resident.get("/public")
    # then it is English still
    assert page.text.startswith("Next step|en|")
    assert page.headers["Content-Language"] == "en"


def test_an_english_phone_is_answered_in_english(resident: FlaskClient) -> None:
    page = resident.get("/public", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert page.text.startswith("Next step|en|5 Oct 2026, 9:00")
    assert {"Accept-Language", "Cookie"} <= set(page.vary)


def test_a_day_is_written_as_its_reader_writes_it(site: Flask) -> None:
    late = 1_791_158_400_000 + 15 * 3_600_000  # midnight in Japan
    for asked, day in (("en", "6 Oct 2026"), ("ja_easy", "2026年10月6日"), ("ja", "2026年10月6日")):
        with site.test_request_context(f"/public?lang={asked}"):
            assert i18n.when_day(late) == day


@pytest.mark.parametrize("header", ["ja-JP", "fr-FR,fr", "zh-CN", ""])
def test_any_other_phone_is_answered_in_japanese(resident: FlaskClient, header: str) -> None:
    assert resident.get("/public", headers={"Accept-Language": header}).text.startswith("次の工程|ja|2026年")


def test_easy_japanese_is_japanese_to_a_screen_reader(resident: FlaskClient) -> None:
    assert "|ja|2026年10月5日 9時00分|" in resident.get("/public?lang=ja_easy").text


def test_an_unknown_language_is_ignored(resident: FlaskClient) -> None:
    page = resident.get("/public?lang=xx")
    assert page.text.startswith("次の工程|ja|")
    assert "Set-Cookie" not in page.headers


def test_staff_pages_stay_japanese(resident: FlaskClient) -> None:
    resident.get("/public?lang=en")
    assert resident.get("/desk", headers={"Accept-Language": "en"}).text.startswith("次の工程|ja|")


def test_the_language_switch_keeps_the_other_parameters(resident: FlaskClient) -> None:
    assert resident.get("/public?id=AB&lang=ja").text.endswith("/public?id=AB&amp;lang=en")


def test_a_text_without_a_translation_is_shown_as_it_is(site: Flask) -> None:
    with site.test_request_context("/public?lang=en"):
        assert i18n.gettext("まだ訳のない文") == "まだ訳のない文"
        assert i18n.ngettext("まだ訳のない文", "まだ訳のない文", 2) == "まだ訳のない文"
