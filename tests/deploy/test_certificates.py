"""The LAN's own authority: phones must be able to trust it, and it must be good for nothing else."""

import datetime as dt
import ipaddress
import ssl
import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from urllib.request import urlopen

import pytest
from cryptography import x509

from deploy import certificates

NOW = dt.datetime.now(dt.UTC)
DESK = "192.168.11.20"


class Silent(SimpleHTTPRequestHandler):
    """A site that writes no log."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_browser_that_trusts_the_authority_opens_the_site(tmp_path: Path) -> None:
    # given a site at this machine with a certificate of ours
    issued = certificates.server(tmp_path, "127.0.0.1", NOW)
    site = HTTPServer(("127.0.0.1", 0), Silent)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(issued.certificate, issued.key)
    site.socket = tls.wrap_socket(site.socket, server_side=True)
    threading.Thread(target=site.serve_forever, args=(0.05,), daemon=True).start()
    # when somebody who trusts the authority, by the strict rules, opens it
    trusting = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    trusting.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    with urlopen(f"https://127.0.0.1:{site.server_port}/", context=trusting) as answer:
        # then it opens
        assert answer.status == 200
    site.shutdown()
    site.server_close()


def test_the_authority_stays_the_same_while_the_site_gets_a_fresh_certificate(tmp_path: Path) -> None:
    first = certificate(certificates.server(tmp_path, DESK, NOW).certificate)
    ca = certificate(tmp_path / "ca.pem")
    second = certificate(certificates.server(tmp_path, DESK, NOW + dt.timedelta(days=30)).certificate)
    assert certificate(tmp_path / "ca.pem") == ca
    assert first.serial_number != second.serial_number


def test_an_authority_that_ends_soon_is_replaced(tmp_path: Path) -> None:
    certificates.server(tmp_path, DESK, NOW)
    ca = certificate(tmp_path / "ca.pem")
    certificates.server(tmp_path, DESK, NOW + dt.timedelta(days=certificates.CA_DAYS - 90))
    assert certificate(tmp_path / "ca.pem") != ca


def test_the_authority_cannot_speak_for_the_internet(tmp_path: Path) -> None:
    certificates.server(tmp_path, DESK, NOW)
    constraints = certificate(tmp_path / "ca.pem").extensions.get_extension_for_class(x509.NameConstraints)
    allowed = constraints.value.permitted_subtrees or []
    networks = [name.value for name in allowed if isinstance(name.value, ipaddress.IPv4Network)]
    assert constraints.critical
    assert all(network.is_private for network in networks)
    assert [name.value for name in allowed if isinstance(name, x509.DNSName)] == ["local"]


def test_a_public_address_gets_an_authority_for_itself_alone(tmp_path: Path) -> None:
    # given an authority for the office
    certificates.server(tmp_path, DESK, NOW)
    office = certificate(tmp_path / "ca.pem")
    # when the machine has moved to a public address
    certificates.server(tmp_path, "203.0.113.7", NOW)
    # then there is a new one, that may speak for this address
    moved = certificate(tmp_path / "ca.pem")
    assert moved != office
    constraints = moved.extensions.get_extension_for_class(x509.NameConstraints).value
    assert x509.IPAddress(ipaddress.ip_network("203.0.113.7")) in (constraints.permitted_subtrees or [])


def test_phones_accept_how_long_the_site_s_certificate_lives(tmp_path: Path) -> None:
    issued = certificate(certificates.server(tmp_path, DESK, NOW).certificate)
    assert issued.not_valid_after_utc - issued.not_valid_before_utc <= dt.timedelta(days=825)


@pytest.mark.parametrize("name", ["ca.key", "server.key"])
def test_keys_are_for_their_owner_alone(tmp_path: Path, name: str) -> None:
    certificates.server(tmp_path, DESK, NOW)
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
