"""Certificates from an ACME server (RFC 8555), by certbot's own library; hosts are proved by HTTP-01."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from runtime.certificates import Account, Hosts, Issued
from runtime.resources import Hidden

if TYPE_CHECKING:
    from acme.client import ClientV2
    from acme.messages import AuthorizationResource

PATIENCE = 90  # seconds for a whole order
ANSWER = 30  # seconds for one answer
BITS = 2048  # of the account's key, which every server takes


class AcmeError(Exception):
    """The ACME server refused, or can't be reached; the message says what it said."""


def new_account(directory: str) -> Account:
    """Return an account with a key of its own, of which the server doesn't know yet."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from josepy.json_util import encode_b64jose
    from josepy.jwk import JWKRSA

    key = JWKRSA(key=generate_private_key(public_exponent=65537, key_size=BITS))
    return Account(directory, encode_b64jose(key.thumbprint()), Hidden(key.json_dumps().encode()))


def registered(account: Account, email: str) -> Account:
    """Tell the server of an account, agreeing to its terms; return it with the server's name for it."""
    from acme.errors import ConflictError
    from acme.messages import NewRegistration

    with _asking(account.directory):
        wanted = NewRegistration.from_data(email=email or None, terms_of_service_agreed=True)
        try:
            return replace(account, uri=_client(account).new_account(wanted).uri)
        except ConflictError as error:  # the server has known it before
            return replace(account, uri=str(error.location))


def obtain(account: Account, hosts: Hosts) -> Issued:
    """Return a certificate for hosts, with a new key.  The hosts must answer for the account already."""
    from acme.crypto_util import make_csr

    key = _new_key()
    with _asking(account.directory):
        client = _client(account)
        order = client.new_order(make_csr(key, list(hosts)))
        for one in order.authorizations:
            _answer(client, one)
        # the library compares with local time that knows no zone
        chain = client.poll_and_finalize(order, datetime.now() + timedelta(seconds=PATIENCE)).fullchain_pem
        begins, ends = _lifetime(chain.encode())
    return Issued(hosts, account.directory, Hidden(chain.encode().rstrip() + b"\n" + key), begins, ends)


def _client(account: Account) -> "ClientV2":
    from acme.client import ClientNetwork, ClientV2
    from acme.messages import Registration, RegistrationResource
    from josepy.jwk import JWKRSA

    known = RegistrationResource(uri=account.uri, body=Registration()) if account.uri else None
    key = JWKRSA.json_loads(account.key.value.decode())
    net = ClientNetwork(key, account=known, user_agent="sloop", timeout=ANSWER)
    return ClientV2(ClientV2.get_directory(account.directory, net), net)


def _answer(client: "ClientV2", wanted: "AuthorizationResource") -> None:
    """Tell the server that it may ask a host, unless it has asked before."""
    from acme.messages import STATUS_PENDING

    for challenge in wanted.body.challenges:
        if challenge.chall.typ == "http-01" and challenge.status == STATUS_PENDING:
            client.answer_challenge(challenge, challenge.chall.response(client.net.key))


def _new_key() -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _lifetime(pem: bytes) -> tuple[float, float]:
    """Return from when to when a certificate holds, in seconds since 1970."""
    from cryptography.x509 import load_pem_x509_certificates

    first = load_pem_x509_certificates(pem)[0]
    return first.not_valid_before_utc.timestamp(), first.not_valid_after_utc.timestamp()


@contextmanager
def _asking(directory: str) -> Iterator[None]:
    """Turn what the library raises into an AcmeError that says what the server said."""
    from acme.errors import Error, TimeoutError, ValidationError  # noqa: A004 (the library's own)
    from josepy.errors import Error as Unreadable

    try:
        yield
    except ValidationError as error:
        raise AcmeError("; ".join(_said(one) for one in error.failed_authzrs)) from error
    except TimeoutError as error:
        raise AcmeError(f"the ACME server {directory} took more than {PATIENCE} s") from error
    except (Error, Unreadable, OSError, ValueError, KeyError) as error:
        told = getattr(error, "detail", None) or str(error)
        raise AcmeError(f"the ACME server {directory} says: {told}") from error


def _said(failed: "AuthorizationResource") -> str:
    told = [str(one.error.detail) for one in failed.body.challenges if one.error]
    return f"{failed.body.identifier.value} could not be proved: {', '.join(told)}"
