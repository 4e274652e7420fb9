"""Certificates are had from a real ACME server, which asks a real HAProxy whether a host is ours."""

from dataclasses import replace
from pathlib import Path

import pytest

from reconcilers.ingress_text import Front
from reconcilers.routing import Routing
from runtime.acme_client import AcmeError, new_account, obtain, registered
from runtime.certificates import Kept, account_file, issued_file, kept
from tests.machine.acme_server import acme_server, free_port
from tests.machine.certificates import names_in
from tests.reconcilers.haproxying import told


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder whose ``trust.pem`` is trusted."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "trust.pem"))
    return tmp_path


def test_a_certificate_is_had_for_hosts_that_answer_and_for_no_other(place: Path) -> None:
    account = new_account("")
    front = Front(thumbprint=account.thumbprint, challenged=("a.example.com", "b.example.com"))
    (place / "proxy").mkdir()

    with told(place / "proxy", Routing(), front) as asking, acme_server(place, asking.http) as server:
        known = registered(replace(account, directory=server.directory), "ada@example.org")
        issued = obtain(known, ("a.example.com", "b.example.com"))
        with pytest.raises(AcmeError, match=r"^c\.example\.com could not be proved: .*404"):
            obtain(known, ("a.example.com", "c.example.com"))
        assert registered(replace(known, uri=""), "").uri == known.uri

    assert names_in(issued.pem.value) == ["a.example.com", "b.example.com"]
    assert issued.begins < issued.ends
    assert issued.pem.value.count(b"PRIVATE KEY") == 2
    assert issued.pem.value.count(b"BEGIN CERTIFICATE") == 2
    assert kept([account_file(known), issued_file(issued)]) == Kept(known, {issued.hosts: issued})


def test_a_server_out_of_reach_is_told() -> None:
    directory = f"https://localhost:{free_port()}/dir"

    with pytest.raises(AcmeError, match=rf"^the ACME server {directory} says: .*refused"):
        registered(new_account(directory), "")


def test_what_a_hand_has_spoilt_counts_as_none() -> None:
    whole = account_file(new_account("https://example.org"))

    assert kept([replace(whole, content=whole.content[:-5]), replace(whole, path="a.json")]) == Kept()
