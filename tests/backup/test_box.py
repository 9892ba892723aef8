"""A backup file can be read with its key and in no other way, and whoever touches it is found out."""

import io
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.backup import archive
from webapp.backup.archive import reading, writing
from webapp.backup.box import CHUNK, BoxError, Reader, Writer, new_key, read_key

KEY = bytes(range(32))


def boxed(data: bytes, purpose: str = "main") -> bytes:
    out = io.BytesIO()
    with closing(Writer(out, KEY, purpose)) as box:
        box.write(data)
    return out.getvalue()


def opened(raw: bytes, key: bytes = KEY, purpose: str = "main") -> bytes:
    return Reader(io.BytesIO(raw), key, purpose).readall() or b""


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=500), st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK]))
def test_what_was_put_in_comes_out(data: bytes, padding: int) -> None:
    whole = data + bytes(padding)
    assert opened(boxed(whole)) == whole


def test_nothing_of_it_can_be_read_in_the_file() -> None:
    assert b"serial" not in boxed(b"serial number " * 1_000)
    assert boxed(b"same") != boxed(b"same")


@pytest.mark.parametrize("place", [3, 20, 60, 200, CHUNK + 100, 2 * CHUNK + 150, -1])
def test_a_changed_byte_is_found(place: int) -> None:
    raw = bytearray(boxed(bytes(3 * CHUNK)))
    raw[place] ^= 1
    with pytest.raises(BoxError):
        opened(bytes(raw))


@pytest.mark.parametrize("kept", [0, 10, 50, 100, CHUNK, CHUNK + 16 + 48 + 16, -1, -CHUNK])
def test_a_file_that_was_cut_is_found(kept: int) -> None:
    with pytest.raises(BoxError):
        opened(boxed(bytes(3 * CHUNK))[:kept])


def test_chunks_in_another_order_are_found() -> None:
    raw = boxed(bytes(3 * CHUNK))
    head, step = raw.index(b"\n") + 33, CHUNK + 16
    first, second = raw[head : head + step], raw[head + step : head + 2 * step]
    with pytest.raises(BoxError):
        opened(raw[:head] + second + first + raw[head + 2 * step :])


def test_another_key_or_purpose_does_not_open_it() -> None:
    with pytest.raises(BoxError):
        opened(boxed(b"x"), key=bytes(32))
    with pytest.raises(BoxError):
        opened(boxed(b"x"), purpose="vault")


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "instance" / "backup.key"
    key = new_key(path)
    assert new_key(path) == read_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BoxError):
        read_key(tmp_path / "none")


def test_parts_come_back_in_their_order(tmp_path: Path) -> None:
    path, parts = tmp_path / "a.main", [("b", b"2"), ("a/c", bytes(300_000)), ("empty", b"")]
    with writing(path, KEY, "main") as made:
        for name, data in parts:
            made.put(name, data)
    assert list(reading(path, KEY, "main")) == parts
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_backup_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), writing(tmp_path / "a.main", KEY, "main"):
        raise OSError("disk full")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.main").write_text("older")
    with pytest.raises(FileExistsError), writing(tmp_path / "a.main", KEY, "main"):
        pass
    assert (tmp_path / "a.main").read_text() == "older"


def test_a_file_that_swells_beyond_reason_is_not_read_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.main"
    with writing(path, KEY, "main") as parts:
        for number in range(4):
            parts.put(f"{number}", bytes(900_000))
    monkeypatch.setattr(archive, "MOST_BYTES", 1_000_000)
    with pytest.raises(BoxError, match="swells"):
        list(reading(path, KEY, "main"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_links_and_folders_in_an_archive_are_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "a.main"
    with writing(path, KEY, "main") as made:
        info = tarfile.TarInfo("../../etc/passwd")
        info.type, info.linkname = kind, "/etc/passwd"
        made._tar.addfile(info)  # noqa: SLF001
    with pytest.raises(BoxError):
        list(reading(path, KEY, "main"))
