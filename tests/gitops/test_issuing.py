"""Certificates are obtained beside the passes; what becomes of it is written where the next pass finds it."""

from collections.abc import Callable

from gitops.issuing import Issuer
from runtime.certificates import VOLUME, Account, Issued, Kept, account_file, issued_file, kept
from runtime.resources import Hidden, Volume
from tests.engine_in_memory import EngineInMemory
from tests.machine.acme_server import free_port
from tests.podman.program import until

HOSTS = ("a.org",)


def engine() -> EngineInMemory:
    """Return an engine with the volume of certificates."""
    made = EngineInMemory()
    made.create_volume(Volume(VOLUME, {}))
    return made


def clock(now: float) -> Callable[[], float]:
    """Return a clock that stands still."""
    return lambda: now


def found(there: EngineInMemory) -> Kept:
    """Return what is kept."""
    return kept(there.files_of(VOLUME))


def test_a_server_out_of_reach_is_a_failure_that_is_kept_with_what_was_had() -> None:
    directory = f"https://localhost:{free_port()}/dir"
    there, before = engine(), Issued(HOSTS, directory, Hidden(b"PEM"), ends=99, failures=1, tried=10)
    there.write_file(VOLUME, issued_file(before))

    Issuer(directory).pursue(there, [HOSTS], decided=20, clock=clock(30))

    until(lambda: found(there).issued[HOSTS].tried == 30)
    after = found(there).issued[HOSTS]
    assert (after.failures, after.pem.value, after.ends) == (2, b"PEM", 99)
    assert "refused" in after.why


def test_what_was_tried_since_it_was_found_to_be_due_is_not_tried_again() -> None:
    directory = f"https://localhost:{free_port()}/dir"
    there, other = engine(), ("b.org",)
    there.write_file(VOLUME, issued_file(Issued(HOSTS, directory, tried=25)))

    Issuer(directory).pursue(there, [HOSTS, other], decided=20, clock=clock(30))

    until(lambda: other in found(there).issued)
    assert found(there).issued[HOSTS].tried == 25


def test_a_spoilt_account_fails_alone_and_says_so() -> None:
    directory = f"https://localhost:{free_port()}/dir"
    there = engine()
    there.write_file(VOLUME, account_file(Account(directory, "thumb", Hidden(b"nonsense"), "uri")))

    Issuer(directory).pursue(there, [HOSTS], decided=20, clock=clock(30))

    until(lambda: HOSTS in found(there).issued)
    assert found(there).issued[HOSTS].why.startswith(f"the ACME server {directory} says:")


def test_nobody_is_asked_without_agreement() -> None:
    there = engine()

    Issuer("").pursue(there, [HOSTS], decided=20, clock=clock(30))

    assert found(there) == Kept()
