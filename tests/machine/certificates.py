"""Certificates that sign themselves, for tests."""

import datetime
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Made:
    """A certificate and its key, as PEM."""

    pem: str
    key: str = field(repr=False)


def certificate(*names: str) -> Made:
    """Return a certificate for names, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    made = (
        x509.CertificateBuilder(called, called, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    how = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Made(made.public_bytes(pem).decode(), key.private_bytes(pem, *how).decode())


def names_of(der: bytes) -> list[str]:
    """Return the names of a certificate."""
    found = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    return found.value.get_values_for_type(x509.DNSName)


def names_in(pem: bytes) -> list[str]:
    """Return the names of the first certificate of a PEM."""
    return names_of(x509.load_pem_x509_certificates(pem)[0].public_bytes(serialization.Encoding.DER))
