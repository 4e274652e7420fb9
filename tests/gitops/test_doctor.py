"""What the doctor says of a machine that lacks something: each is made wrong, and named with its remedy."""

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from gitops.doctor.doctor import doctor, engine
from gitops.doctor.findings import Finding, Verdict, document, told
from gitops.doctor.machine import clock, disk, registries, room, rootless
from gitops.settings import Settings, SourceSettings
from runtime.podman_facts import Facts
from tests.gitops.repository import Repository
from tests.host import BEGINNING, Host

WELL = Facts(
    url="unix:///run/podman/podman.sock",
    private=False,
    version=(5, 4, 2),
    rootless=False,
    cgroups="v2",
    controllers=frozenset({"cpu", "memory", "pids"}),
    network="netavark",
    dns="/usr/lib/podman/aardvark-dns",
    graph=Path("/var/lib/containers/storage"),
)


def left(mib: int, files: int) -> os.statvfs_result:
    """Return a disk of 10 GiB and 1000 files of which so much is left."""
    return os.statvfs_result((1 << 20, 1 << 20, 10 << 10, mib, mib, 1000, files, files, 0, 255))


ROOMY, TIGHT, FULL, NO_FILES = left(5000, 900), left(500, 900), left(50, 900), left(5000, 1)


def wrong(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Return what isn't well, and make sure that each has a remedy."""
    found = [one for one in findings if one.verdict is not Verdict.OK]
    assert [one.check for one in found if not one.remedy] == []
    return [(one.check, one.verdict.value) for one in found]


def one_of(findings: Iterable[Finding], check: str) -> Finding:
    (found,) = (one for one in findings if one.check == check)
    return found


@pytest.fixture
def settings(repository: Repository, state: Path, tmp_path: Path) -> Settings:
    repository.commit("One", {"a.yaml": ""})
    return Settings(repo=str(repository.directory), state=state, podman=f"unix://{tmp_path}/nobody.sock")


def test_a_podman_that_is_as_it_should_be_has_nothing_wrong() -> None:
    assert wrong(engine(WELL)) == []


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (replace(WELL, version=(4, 2, 9)), ("podman", "blocks")),
        (replace(WELL, private=True), ("socket", "warning")),
        (replace(WELL, rootless=True, cgroups="v1"), ("limits", "warning")),
        (replace(WELL, rootless=True, controllers=frozenset({"pids"})), ("limits", "warning")),
        (replace(WELL, network="cni"), ("names", "blocks")),
        (replace(WELL, dns=""), ("names", "blocks")),
    ],
    ids=["too old", "no socket", "rootless under v1", "not delegated", "another network", "no names"],
)
def test_a_podman_that_lacks_something_is_told_so(facts: Facts, found: tuple[str, str]) -> None:
    assert wrong(engine(facts)) == [found]


def test_a_podman_that_nobody_reaches_blocks_and_the_rest_is_looked_at_all_the_same(
    settings: Settings,
) -> None:
    findings = list(doctor(settings))

    assert ("podman", "blocks") in wrong(findings)
    assert one_of(findings, "source").verdict is Verdict.OK
    assert one_of(findings, "state").verdict is Verdict.OK


def test_every_source_is_asked_and_the_one_that_cannot_be_read_is_named(settings: Settings) -> None:
    assert settings.repo
    sources = (SourceSettings("good", settings.repo), SourceSettings("gone", "/nowhere/at/all"))

    findings = list(doctor(replace(settings, repo=None, sources=sources)))

    assert one_of(findings, "source good").verdict is Verdict.OK
    gone = one_of(findings, "source gone")
    assert (gone.verdict, "/nowhere/at/all" in gone.message) == (Verdict.BLOCKS, True)


def test_a_machine_without_git_is_told_to_install_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")

    found = one_of(doctor(settings), "git")

    assert (found.verdict, "apt install git" in found.remedy) == (Verdict.BLOCKS, True)


def test_a_state_directory_that_is_a_file_or_damaged_is_named(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings.state.mkdir()
    (settings.state / "ledger.sqlite3").write_text("this is no database, whatever its name says " * 100)

    unwritable = one_of(doctor(replace(settings, state=tmp_path / "file")), "state")
    damaged = one_of(doctor(settings), "state")

    assert (unwritable.verdict, damaged.verdict) == (Verdict.BLOCKS, Verdict.WARNING)
    assert str(tmp_path / "file") in unwritable.message


def test_a_user_without_ranges_or_a_session_is_told_of_each(tmp_path: Path) -> None:
    (tmp_path / "subuid").write_text("somebody:100000:65536\n")

    found = dict(wrong(rootless(True, tmp_path, {"XDG_RUNTIME_DIR": str(tmp_path / "gone")})))

    assert {"subuid", "subgid", "session"} <= found.keys()
    assert list(rootless(False, tmp_path, {})) == []


def test_a_disk_is_judged_by_the_room_and_the_files_that_are_left(tmp_path: Path) -> None:
    assert "are left" in disk("disk", tmp_path / "not/there/yet").message
    verdicts = [room("disk", tmp_path, found).verdict.value for found in (ROOMY, TIGHT, FULL, NO_FILES)]

    assert verdicts == ["ok", "warning", "blocks", "blocks"]


def test_a_clock_behind_the_ledger_blocks(host: Host) -> None:
    host.commit("One", {})
    host.ledger.begin_run(host.source.id, host.source.commit(host.source.resolve()), "apply", BEGINNING)

    late = clock(host.directory / "state", BEGINNING - 3600)

    assert (late.verdict, "3600 s behind" in late.message) == (Verdict.BLOCKS, True)
    assert clock(host.directory / "state", BEGINNING + 3600).verdict is not Verdict.BLOCKS


def test_a_webhook_secret_is_looked_for_where_a_daemon_listens(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    verdicts = []
    for secret in ("", "short", "long enough to be one"):
        file.write_text(secret)
        named = str(file) if secret else None
        asked = replace(settings, listen=":9090", webhook_secret_file=named)
        verdicts.append(one_of(doctor(asked), "webhooks").verdict.value)

    assert verdicts == ["warning", "blocks", "ok"]
    assert [one for one in doctor(settings) if one.check == "webhooks"] == []


def test_logins_are_told_by_their_registry_and_never_by_their_words(tmp_path: Path) -> None:
    file = tmp_path / "auth.json"
    file.write_text(json.dumps({"auths": {"registry.example.org": {"auth": "c2VjcmV0"}}}))
    named = {"REGISTRY_AUTH_FILE": str(file)}

    assert next(registries(named)).message == "logged in to registry.example.org"
    file.write_text("{")
    assert wrong(registries(named)) == [("registries", "blocks")]
    file.unlink()
    assert wrong(registries(named)) == [("registries", "blocks")]


def test_everything_is_a_line_for_people_and_a_row_for_scripts() -> None:
    findings = [Finding("git", Verdict.OK, "2.39"), Finding("names", Verdict.BLOCKS, "nobody", "install it")]

    assert list(told(document(findings))) == [
        "ok       git    2.39",
        "blocks   names  nobody: install it",
        "2 checks: 1 block, 0 warn",
    ]
    assert document(findings)["blocked"] is True
