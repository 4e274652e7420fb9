"""Signed commits: whose signature counts, and that no other commit is carried out."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitops.aim import Unsigned, aim, insisting
from gitops.git.pins import GOOD
from gitops.git.revert import carry_out, plan_revert
from gitops.git.signatures import Signers
from gitops.git.source import Source, SourceError
from gitops.head import Head
from gitops.request import Request
from gitops.service.keeper import Keeper
from tests.gitops.material import shop
from tests.gitops.repository import Repository
from tests.gitops.signing import Key, gpg_key, ssh_key, stop_agent
from tests.host import Host

ONE, TWO = {"web.yaml": "1"}, {"web.yaml": "2"}


@pytest.fixture
def ada(tmp_path: Path) -> Key:
    return ssh_key(tmp_path / "ada")


@pytest.fixture
def eve(tmp_path: Path) -> Key:
    return ssh_key(tmp_path / "eve")


@pytest.fixture(scope="module")
def gpg() -> Iterator[Key]:
    home = Path(tempfile.mkdtemp(prefix="sloop-"), "gpg")  # short: an agent's socket is in it
    yield gpg_key(home)
    stop_agent(home)
    shutil.rmtree(home.parent)


def of(repository: Repository, state: Path, signers: Signers) -> Source:
    return Source(str(repository.directory), state=state, signers=signers)


def test_what_an_allowed_key_has_signed_counts(
    repository: Repository, state: Path, ada: Key, gpg: Key
) -> None:
    by_ssh = ada.commit(repository, "SSH", ONE)
    by_gpg = gpg.commit(repository, "GPG", TWO)
    source = of(repository, state, Signers(ada.public, gpg.public))

    assert (source.unsigned(by_ssh), source.unsigned(by_gpg)) == ("", "")


def test_what_nobody_or_somebody_else_has_signed_does_not_count(
    repository: Repository, state: Path, ada: Key, eve: Key, gpg: Key
) -> None:
    bare = repository.commit("Bare", ONE)
    by_eve = eve.commit(repository, "Eve", TWO)
    by_gpg = gpg.commit(repository, "GPG", ONE)
    source = of(repository, state, Signers(ssh=ada.public))

    assert source.unsigned(bare) == "it is not signed"
    assert source.unsigned(by_eve) == f"its signature is of nobody who is in {ada.public}"
    assert source.unsigned(by_gpg)
    assert of(repository, state, Signers(gpg=gpg.public)).unsigned(by_eve)


def test_another_gpg_key_does_not_count(repository: Repository, state: Path, gpg: Key) -> None:
    home = Path(tempfile.mkdtemp(prefix="sloop-"), "gpg")
    other = gpg_key(home)
    try:
        sha = other.commit(repository, "Other", ONE)
        assert "nobody who is in" in of(repository, state, Signers(gpg=gpg.public)).unsigned(sha)
    finally:
        stop_agent(home)
        shutil.rmtree(home.parent)


def test_a_commit_that_was_changed_after_it_was_signed_does_not_count(
    repository: Repository, state: Path, ada: Key
) -> None:
    ada.commit(repository, "Good", ONE)
    written = repository.git("cat-file", "commit", "HEAD").replace("\n\nGood", "\n\nEvil") + "\n"
    forged = repository.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=written)
    repository.git("update-ref", "HEAD", forged)

    assert of(repository, state, Signers(ssh=ada.public)).unsigned(forged) == "its signature is wrong"


def test_a_key_that_is_no_longer_valid_does_not_count(
    repository: Repository, state: Path, tmp_path: Path
) -> None:
    old = ssh_key(tmp_path / "old", valid='valid-before="20200101" ')

    assert of(repository, state, Signers(ssh=old.public)).unsigned(old.commit(repository, "Late", ONE))


def test_a_file_of_signers_that_is_away_lets_nothing_in(
    repository: Repository, state: Path, ada: Key
) -> None:
    sha = ada.commit(repository, "One", ONE)

    with pytest.raises(SourceError, match="whose signatures count"):
        of(repository, state, Signers(ssh=Path("/nowhere"))).unsigned(sha)


def test_a_rollback_is_signed_where_git_is_told_to_sign_and_refused_before_it_is_made_otherwise(
    repository: Repository, state: Path, ada: Key, eve: Key, tmp_path: Path
) -> None:
    ada.commit(repository, "One", ONE)
    tip = ada.commit(repository, "Two", TWO)
    source = of(repository, state, Signers(ssh=ada.public))
    settings = tmp_path / "gitconfig"

    with pytest.raises(SourceError, match="takes signed commits only"):
        carry_out(source, plan_revert(source))
    settings.write_text(f"{settings.read_text()}{_signing(eve)}")
    with pytest.raises(SourceError, match="would refuse the rollback: its signature is of nobody"):
        carry_out(source, plan_revert(source))
    assert repository.head() == tip
    settings.write_text(f"{settings.read_text()}{_signing(ada)}")

    assert source.unsigned(carry_out(source, plan_revert(source))) == ""
    assert repository.read("web.yaml") == "1"


def test_an_unsigned_commit_is_not_carried_out_and_the_good_one_is_kept(host: Host, tmp_path: Path) -> None:
    ada = ssh_key(tmp_path / "ada")
    host.source.signers = Signers(ssh=ada.public)
    good = ada.commit(host.repository, "Good", dict(shop("app:1")))
    host.apply()
    bad = host.commit("Evil", shop("app:2"))

    found = aim(host.source)

    assert (found.sha, found.newest, found.refused) == (good, bad, True)
    assert "Ada: Evil is not carried out: it is not signed" in found.why
    with pytest.raises(Unsigned, match="not signed"):
        insisting(host.source)()


def test_a_loop_without_end_stays_at_the_good_commit_and_says_so_once(host: Host, tmp_path: Path) -> None:
    ada = ssh_key(tmp_path / "ada")
    host.source.signers = Signers(ssh=ada.public)
    kept = _keeper(host)
    bad = host.commit("Evil", shop("app:2"))
    kept.turn()
    assert host.pods() == []
    good = ada.commit(host.repository, "Good", dict(shop("app:1")))
    _keep(kept, host)
    assert host.source.pinned() == {GOOD: good}
    worse = host.commit("Worse", shop("app:3"))
    host.engine.stop(host.pods()[0])

    _keep(kept, host)

    assert {(pod.image, pod.state) for pod in host.engine.look().pods} == {("app:1", "running")}
    assert len([one for one in host.told.notices if "Worse is not carried out" in one]) == 1
    failed = {run.revision: run.message for run in host.ledger.past.history() if run.outcome == "Failed"}
    assert set(failed) == {bad, worse}
    assert [event.reason for event in host.ledger.past.events() if event.type == "Warning"] == ["Refused"] * 2


def _keeper(host: Host) -> Keeper:
    loop = host.loop(Request("run", patient=True))
    head = Head(host.source, 1, host.clock, host.told.notice, lambda: aim(host.source))
    loop.aim = head.aim
    return Keeper(loop, head, timeout=60)


def _keep(kept: Keeper, host: Host) -> None:
    end = host.clock.now + 40
    while host.clock.now < end:
        kept.loop.watch.wait(min(kept.turn(), 5))


def _signing(key: Key) -> str:
    fields = [setting.partition("=") for setting in (*key.settings, "commit.gpgSign=true")]
    return "".join(
        f"[{name.rpartition('.')[0]}]\n\t{name.rpartition('.')[2]} = {value}\n" for name, _, value in fields
    )
