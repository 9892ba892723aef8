"""Rules of the house that no linter knows. One that hurts is talked about, then changed for all."""

import re

import pytest

from tests.habits.source import (
    APP,
    CODE,
    PAGES,
    ROOT,
    TEXT,
    codes,
    length,
    our_files,
    sentences,
    shown,
    text_of,
)

CLOCK = re.compile(r"datetime\.(now|today|utcnow)\(|date\.today\(|\btime\.time(_ns)?\(|\btime_ns\(")
ENVIRONMENT = re.compile(r"\b(?:env|environ)(?:\.get\(|\.setdefault\(|\[)\s*\"([A-Z][A-Z_]+)\"")
COMMAND = re.compile(r"`(?:\w+=\S+ )*make ([a-z-]+)")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
# brackets, so that this line does not find itself
MACHINE = re.compile(r"(?<![\w.$}])/(?:home|root|Users|w[o]rk)/\w|\.l[i]brary/|\bsh[a]red/[A-Z]")


def test_only_the_unit_of_work_commits() -> None:
    committing = {path for path, text in APP.items() if re.search(r"\.commit\(\)", text)}
    assert committing == {"webapp/kernel/base/db.py"}


def test_time_enters_through_the_clock_only() -> None:
    assert {path for path, text in APP.items() if CLOCK.search(text)} == {"webapp/kernel/base/clock.py"}


def test_every_no_has_a_sentence_for_people() -> None:
    assert not {code: path for code, path in codes().items() if code not in sentences()}


def test_every_sentence_is_one_that_a_person_can_read() -> None:
    assert not [code for code, sentence in sentences().items() if len(sentence) < 4 or sentence.isascii()]


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    modules = [path for path in our_files(".py", ".js") if "versions" not in path.parts]
    assert not {shown(path): length(path) for path in modules if length(path) > 400}


def test_there_are_no_drawers() -> None:
    drawer = re.compile(r"(^|/)(utils?|helpers?|common|misc)(/|\.|$)")
    assert not [shown(path) for path in our_files() if drawer.search(shown(path))]


@pytest.mark.parametrize(
    "forbidden",
    [
        pytest.param(r"<script(?![^>]*\bsrc=)", id="a script inside the page"),
        pytest.param(r"<style\b", id="a style sheet inside the page"),
        pytest.param(r"\sstyle\s*=", id="a style attribute"),
        pytest.param(r"\son[a-z]+\s*=\s*[\"']", id="a handler attribute"),
        pytest.param(r"\splaceholder\s*=", id="a placeholder"),
        pytest.param(r"<(input|button|select|textarea|fieldset)\b[^>]*\sdisabled\b", id="a disabled control"),
        pytest.param(r"(src|href)\s*=\s*[\"']https?://[^\"']*\.(js|css|woff2?)", id="somebody else's server"),
    ],
)
def test_no_template_holds(forbidden: str) -> None:
    without_comments = {path: re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL) for path, text in PAGES.items()}
    assert not [path for path, text in without_comments.items() if re.search(forbidden, text)]


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    texts = {shown(path): text_of(path) for path in our_files() if path.suffix in TEXT}
    assert not [(path, found.group()) for path, text in texts.items() if (found := MACHINE.search(text))]


def test_the_example_environment_explains_every_setting() -> None:
    read_by = {path: text for path, text in CODE.items() if path.startswith(("webapp/", "deploy/", "wsgi"))}
    wanted = {name for text in read_by.values() for name in ENVIRONMENT.findall(text)} - {"PATH"}
    explained = re.findall(r"^#? ?([A-Z][A-Z_]+)=", text_of(ROOT / ".env.example"), flags=re.MULTILINE)
    assert wanted <= set(explained)


def test_every_make_command_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(ROOT / "Makefile"), flags=re.MULTILINE))
    named = {(shown(path), name) for path in our_files(".md") for name in COMMAND.findall(text_of(path))}
    assert not {(path, name) for path, name in named if name not in targets}


def test_every_link_between_documents_leads_somewhere() -> None:
    links = [(path, target) for path in our_files(".md") for target in LINK.findall(text_of(path))]
    assert not [f"{shown(path)}: {target}" for path, target in links if not (path.parent / target).exists()]
