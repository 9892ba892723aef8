"""`make phone`: the site over HTTPS on the LAN, with a page that helps a phone to trust its certificate."""

import datetime as dt
import http.server
import io
import ipaddress
import os
import socket
import string
import sys
import threading
from http import HTTPStatus
from pathlib import Path

import qrcode
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from qrcode.image.svg import SvgPathImage

from deploy import INSTANCE, ROOT, certificates, site
from deploy.progress import NeedsPerson, StepFailed, say

PORT, HELP_PORT = 8443, 8080
EXAMPLE = "Or say its address: LAN=192.168.1.20 make phone"
UNROUTABLE = ("192.0.2.1", 9)  # a documentation address: asking for the way there sends nothing


def lan_address() -> str:
    """Our IPv4 address on the phones' network, unless LAN=… says another. Raises NeedsPerson without one."""
    told = os.environ.get("LAN", "")
    try:
        found = str(ipaddress.IPv4Address(told)) if told else _address_of_default_route()
    except ValueError:
        raise NeedsPerson(
            f"LAN={told} is not an IPv4 address. Example: LAN=192.168.1.20 make phone"
        ) from None
    except OSError:
        raise NeedsPerson(
            "This machine has no network. Join the phone's Wi-Fi, or: LAN=192.168.1.20 make phone"
        ) from None
    return found


def _address_of_default_route() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(UNROUTABLE)
        return str(probe.getsockname()[0])


def main() -> int:
    """Serve until Ctrl-C."""
    address = lan_address()
    env = site.settings()
    port, help_port = int(env.get("PORT", PORT)), int(env.get("HELP_PORT", HELP_PORT))
    folder = Path(env.get("ASHIATO_INSTANCE", INSTANCE)) / "lan"
    issued = certificates.server(folder, address, dt.datetime.now(dt.UTC))
    base, help_url = f"https://{address}:{port}", f"http://{address}:{help_port}/"
    desk = env.get("PUBLIC_BASE", site.DESK)
    env |= {"HOST": "0.0.0.0", "PORT": str(port), "PUBLIC_BASE": base}  # noqa: S104 - phones come from outside
    env |= {"ASHIATO_CERTFILE": str(issued.certificate), "ASHIATO_KEYFILE": str(issued.key)}
    # labels that were printed under `make run` stay ours
    env.setdefault("QR_PREFIXES", f"{base},{desk}")
    site.refuse_taken_port(env["HOST"], help_port)
    site.prepare_ports(env, env["HOST"], port)
    site.fill(env)
    help_server(help_port, folder / "ca.pem", base)
    return site.serve(env, f"https://127.0.0.1:{port}", lambda: _welcome(base, help_url, folder, env))


def _welcome(base: str, help_url: str, folder: Path, env: dict[str, str]) -> None:
    say(f"\n1. Once a phone: open {help_url} (same Wi-Fi), install the certificate, follow the page.\n")
    say(terminal_qr(help_url))
    say(f"   SHA-256 of the certificate: {fingerprint(folder / 'ca.pem')}\n")
    say(f"2. Then open {base}/app/\n")
    say(terminal_qr(f"{base}/app/"))
    site.show_accounts(env)
    say("\nCtrl-C stops the site; the data stays. Remove the certificate from the phone when you are done.\n")


def fingerprint(certificate: Path) -> str:
    """What a phone shows as SHA-256 of this certificate."""
    known = x509.load_pem_x509_certificate(certificate.read_bytes())
    return known.fingerprint(hashes.SHA256()).hex(" ", 2).upper()


def terminal_qr(text: str) -> str:
    """A QR code in half-block characters; on a terminal white on black, whatever its own colours are."""
    code = qrcode.QRCode(border=2)
    code.add_data(text)
    drawn = io.StringIO()
    code.print_ascii(out=drawn, invert=True)
    lines = drawn.getvalue().splitlines()
    return "\n".join(f"\x1b[97;40m{line}\x1b[0m" if sys.stdout.isatty() else line for line in lines)


def help_server(port: int, ca: Path, base: str) -> http.server.ThreadingHTTPServer:
    """A second port without TLS: a phone that does not trust us yet gets the certificate there."""
    page = (ROOT / "deploy" / "phone.html").read_text(encoding="utf-8")
    found = {"base": base, "svg": _svg(f"{base}/app/"), "fingerprint": fingerprint(ca)}
    page = string.Template(page).substitute(found)
    answers = {
        "/": ("text/html; charset=utf-8", page.encode()),
        "/ashiato-ca.crt": ("application/x-x509-ca-cert", ca.read_bytes()),
    }

    class Help(http.server.BaseHTTPRequestHandler):
        """Two files and nothing else."""

        def do_GET(self) -> None:
            kind, body = answers.get(self.path, ("text/plain", b""))
            self.send_response(HTTPStatus.OK if body else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the terminal is for the person."""

    server = http.server.ThreadingHTTPServer(("0.0.0.0", port), Help)  # noqa: S104 - phones come from outside
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def _svg(text: str) -> str:
    image = qrcode.make(text, image_factory=SvgPathImage, border=2)
    drawn = io.BytesIO()
    image.save(drawn)
    return drawn.getvalue().decode().split("?>", maxsplit=1)[-1]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (NeedsPerson, StepFailed) as problem:
        say(f"\n{problem}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
