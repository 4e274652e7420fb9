"""Certificates and their keys, as a Secret of the type kubernetes.io/tls has them."""

from collections.abc import Mapping

CERTIFICATE, KEY = "tls.crt", "tls.key"
_SMALLEST = 2048  # bits of an RSA key, below which OpenSSL takes none


def pair_fault(values: Mapping[str, bytes]) -> str:
    """Return why a Secret's values are no certificate with its key, "" where they are; quotes neither."""
    missing = [key for key in (CERTIFICATE, KEY) if not values.get(key)]
    if missing:
        return f"has no `{missing[0]}`"
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509 import load_pem_x509_certificates

    try:
        first = load_pem_x509_certificates(values[CERTIFICATE])[0]
    except ValueError:
        return f"`{CERTIFICATE}` is no certificate in PEM"
    try:
        key = load_pem_private_key(values[KEY], None)
    except (TypeError, ValueError):
        return f"`{KEY}` is no key in PEM without a passphrase"
    if first.public_key() != key.public_key():
        return f"`{KEY}` is not the key of the certificate in `{CERTIFICATE}`"
    if isinstance(key, RSAPrivateKey) and key.key_size < _SMALLEST:
        return f"`{KEY}` has {key.key_size} bits, and {_SMALLEST} are the least that is safe"
    return ""
