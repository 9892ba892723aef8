"""`make phone`: the address phones use, the page that helps them to trust us, the codes in the terminal."""

import datetime as dt
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import certificates, phone, progress

BASE = "https://192.168.11.20:8443"


@pytest.fixture
def help_page(tmp_path: Path) -> Iterator[str]:
    """The address of the page with the certificate."""
    certificates.server(tmp_path, "192.168.11.20", dt.datetime.now(dt.UTC))
    server = phone.help_server(0, tmp_path / "ca.pem", BASE)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_phone_gets_the_certificate_as_one_that_it_can_install(help_page: str, tmp_path: Path) -> None:
    with urllib.request.urlopen(f"{help_page}/ashiato-ca.crt") as answer:
        assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
        assert answer.read() == (tmp_path / "ca.pem").read_bytes()


def test_the_page_explains_both_kinds_of_phones_and_leads_to_the_app(help_page: str) -> None:
    with urllib.request.urlopen(f"{help_page}/") as answer:
        page = answer.read().decode()
    assert "iPhone" in page
    assert "Android" in page
    assert f'href="{BASE}/app/"' in page
    assert "<svg" in page
    assert "$" not in page


@pytest.mark.parametrize("path", ["/ca.key", "/../ca.key", "/server.key", "/etc/passwd"])
def test_the_help_page_gives_out_nothing_else(help_page: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{help_page}{path}")
    refused.value.close()
    assert refused.value.code == 404


def test_an_address_that_is_none_is_refused_with_an_example(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAN", "my-pc")
    with pytest.raises(progress.NeedsPerson, match=r"LAN=192\.168\.1\.20 make phone"):
        phone.lan_address()


def test_the_address_that_a_person_says_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAN", "192.168.11.20")
    assert phone.lan_address() == "192.168.11.20"


def test_the_code_in_the_terminal_has_a_quiet_edge() -> None:
    drawn = phone.terminal_qr(f"{BASE}/app/").splitlines()
    assert len({len(line) for line in drawn if line}) == 1
