"""What make says on a machine that it can't set up, and what it installs on one that it can."""

from pathlib import Path

import pytest

from tests.machine import packages


@pytest.mark.parametrize(
    ("system", "os_release", "words"),
    [
        ("Darwin", {}, ["brew install lima", "limactl start"]),
        ("Linux", {"ID": "fedora", "PRETTY_NAME": "Fedora Linux 43"}, ["dnf install podman git python3"]),
        ("Linux", {"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, ["dnf install podman git python3"]),
        ("Linux", {"ID": "arch", "PRETTY_NAME": "Arch Linux"}, ["this is Arch Linux", "Podman 4.3", "git"]),
    ],
)
def test_a_machine_without_apt_is_told_in_two_lines_what_to_install(
    system: str, os_release: dict[str, str], words: list[str]
) -> None:
    told = packages.advice(system, os_release)

    assert told is not None
    assert all(word in told for word in words)
    assert len(told.splitlines()) <= 2


@pytest.mark.parametrize(
    "os_release", [{"ID": "debian"}, {"ID": "ubuntu"}, {"ID": "mint", "ID_LIKE": "ubuntu debian"}]
)
def test_debian_and_its_children_need_no_advice(os_release: dict[str, str]) -> None:
    assert packages.advice("Linux", os_release) is None


def test_os_release_is_read_with_and_without_quotes() -> None:
    text = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n\n# a remark\nID_LIKE='a b'\n"

    read = packages.parse_os_release(text)

    assert read == {"PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)", "ID": "debian", "ID_LIKE": "a b"}


def test_a_user_needs_more_packages_than_root() -> None:
    assert packages.wanted("podman", root=True).items() < packages.wanted("podman", root=False).items()


def test_each_package_says_what_it_is_for() -> None:
    assert all((packages.PODMAN | packages.ROOTLESS | packages.ROOTLESS_PODMAN_5).values())


def test_what_dpkg_has_is_told_from_what_nobody_has() -> None:
    assert packages.installed(["dpkg", "no-such-package-anywhere"]) == {"dpkg"}


def test_what_apt_could_install_is_told_from_what_nobody_has() -> None:
    assert packages.available(["dpkg", "no-such-package-anywhere"]) == {"dpkg"}


def test_a_program_that_comes_from_elsewhere_is_not_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    nobodys = packages.there()

    (tmp_path / "kubectl").touch(mode=0o755)

    assert (nobodys, packages.there()) == (set(), {"kubernetes-client"})
