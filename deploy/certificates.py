"""A certificate authority for one LAN, so that a phone's camera works: browsers open it over HTTPS only.

Its name constraints allow private addresses and `.local` names and nothing else: whoever stole its key could
not pass for a bank with it.
"""

import datetime as dt
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16")
CA_DAYS, SERVER_DAYS, RENEW_DAYS = (
    825,
    90,
    7,
)  # phones refuse a private server certificate of more than 825 days


@dataclass(frozen=True, slots=True)
class Issued:
    """Where a certificate and its key lie."""

    certificate: Path
    key: Path


def authority(folder: Path, address: str, now: dt.datetime) -> Issued:
    """The LAN's authority, made once. A new one if it ends soon or may not speak for `address`."""
    issued = Issued(folder / "ca.pem", folder / "ca.key")
    if issued.certificate.exists() and _still_good(issued.certificate, address, now):
        return issued
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Ashiato LAN CA {now:%Y-%m-%d}")])
    builder = _builder(name, name, key.public_key(), now, CA_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(for_ca=True), critical=True)
    builder = builder.add_extension(_only_here(address), critical=True)
    _write(issued, key, builder.sign(key, hashes.SHA256()))
    return issued


def server(folder: Path, address: str, now: dt.datetime) -> Issued:
    """A fresh certificate of the site at this LAN address, signed by the authority in the same folder."""
    ca = authority(folder, address, now)
    ca_certificate = x509.load_pem_x509_certificate(ca.certificate.read_bytes())
    ca_key = serialization.load_pem_private_key(ca.key.read_bytes(), password=None)
    if not isinstance(ca_key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{ca.key} is not a key of ours")
    key = ec.generate_private_key(ec.SECP256R1())
    # not the address: a common name that could be a host name is measured by the authority's constraints too
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ashiato (LAN)")])
    builder = _builder(name, ca_certificate.subject, key.public_key(), now, SERVER_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(for_ca=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    names = [x509.IPAddress(ipaddress.ip_address(ip)) for ip in dict.fromkeys([address, "127.0.0.1"])]
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    builder = builder.add_extension(issuer_key, critical=False)
    issued = Issued(folder / "server.pem", folder / "server.key")
    _write(issued, key, builder.sign(ca_key, hashes.SHA256()))
    return issued


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, now: dt.datetime, days: int
) -> x509.CertificateBuilder:
    start = now - dt.timedelta(hours=1)  # a phone's clock may be a little behind
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, for_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not for_ca,
        key_cert_sign=for_ca,
        crl_sign=for_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _only_here(address: str) -> x509.NameConstraints:
    networks = [*map(ipaddress.ip_network, PRIVATE)]
    if not any(ipaddress.ip_address(address) in network for network in networks):
        networks.append(ipaddress.ip_network(address))
    allowed: list[x509.GeneralName] = [x509.IPAddress(network) for network in networks]
    return x509.NameConstraints(permitted_subtrees=[*allowed, x509.DNSName("local")], excluded_subtrees=None)


def _still_good(path: Path, address: str, now: dt.datetime) -> bool:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    allowed = (
        certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    )
    networks = [name.value for name in allowed if isinstance(name, x509.IPAddress)]
    speaks_for = any(
        ipaddress.ip_address(address) in network
        for network in networks
        if isinstance(network, ipaddress.IPv4Network | ipaddress.IPv6Network)
    )
    return speaks_for and certificate.not_valid_after_utc > now + dt.timedelta(days=SERVER_DAYS + RENEW_DAYS)


def _write(issued: Issued, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    """Key first, for its owner's eyes only; the certificate last: its presence says that all is there."""
    issued.key.parent.mkdir(parents=True, exist_ok=True)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    handle = os.open(issued.key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(private)
    issued.certificate.write_bytes(certificate.public_bytes(pem))
