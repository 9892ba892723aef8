"""Our reader of signed notes and Go's agree about strange ones; where ours is stricter, it is known how."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.kernel.tlog.test_strange_notes import LOG, NOTE, POLICY, STRANGE, WITNESS, bent
from tests.thirdparty.judges import Go, Verdict, with_witnesses
from tests.thirdparty.writing import keep
from webapp.kernel.tlog.notes import NoteError

#: Go reads base64 whose last, unused bits are set, which nobody writes; and names with DEL or other controls in them.
STRICTER = {"base64 that nobody writes so", "a signature line is — name signature"}


def by_go(go: Go, folder: Path, raw: bytes) -> Verdict:
    words = ["-vkey", LOG.public.vkey, *with_witnesses([WITNESS.public]), "-quorum", "0"]
    return go.run(*words, "-checkpoint", keep(folder / "note", raw))


def by_ours(raw: bytes) -> Verdict:
    try:
        POLICY.judge(raw)
    except NoteError as problem:
        return Verdict(1, str(problem))
    return Verdict(0, "")


def test_both_open_a_note_as_it_should_be(go: Go, tmp_path: Path) -> None:
    assert (by_go(go, tmp_path, NOTE).status, by_ours(NOTE).status) == (0, 0)


@pytest.mark.parametrize("what", STRANGE)
def test_both_refuse_a_note_with(go: Go, tmp_path: Path, what: str) -> None:
    theirs, own = by_go(go, tmp_path, STRANGE[what]), by_ours(STRANGE[what])
    assert own.status == 1
    assert theirs.status == 1 or own.said in STRICTER


@given(data=st.data())
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_both_are_of_one_opinion_about_a_bent_note(go: Go, tmp_path: Path, data: st.DataObject) -> None:
    raw = data.draw(bent(NOTE))
    theirs, own = by_go(go, tmp_path, raw), by_ours(raw)
    assert theirs.status == own.status or own.said in STRICTER, (theirs, own)
