"""The service that sloop starts itself where there is no socket."""

import os
import select
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime.podman_api import Api
from runtime.podman_service import Address

CONTAINERS = """\
[engine]
lock_type = "file"
events_logger = "none"
cgroup_manager = "cgroupfs"
tmp_dir = "{0}/tmp"
[network]
network_config_dir = "{0}/networks"
"""
STORAGE = """\
[storage]
driver = "vfs"
graphroot = "{0}/storage"
runroot = "{0}/run"
"""
WRAPPER = """\
#!/bin/sh
echo $$ >>{0}/pids
exec {1} "$@"
"""


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Address:
    """Return an address where nobody serves, whose Podman has its own storage and notes its pids."""
    (tmp_path / "containers.conf").write_text(CONTAINERS.format(tmp_path))
    (tmp_path / "storage.conf").write_text(STORAGE.format(tmp_path))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/podman").write_text(WRAPPER.format(tmp_path, shutil.which("podman")))
    (tmp_path / "bin/podman").chmod(0o755)
    monkeypatch.setenv("CONTAINERS_CONF", str(tmp_path / "containers.conf"))
    monkeypatch.setenv("CONTAINERS_STORAGE_CONF", str(tmp_path / "storage.conf"))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return Address(str(tmp_path / "sloop/podman.sock"), private=True)


def started(address: Address) -> list[int]:
    return [int(pid) for pid in (Path(address.path).parent.parent / "pids").read_text().split()]


def wait_for_end_of(pid: int) -> None:
    process = os.pidfd_open(pid)
    poll = select.poll()
    poll.register(process, select.POLLIN)
    ended = poll.poll(30_000)
    os.close(process)
    assert ended


def test_many_who_ask_at_once_share_one_service(address: Address) -> None:
    def ask(_: int) -> object:
        return Api(address).get("containers/json", all=True)

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, range(4)))

    assert answers == [[]] * 4
    assert len(started(address)) == 1
    assert Path(address.path).stat().st_mode & 0o777 == 0o600
    assert Path(address.path).parent.stat().st_mode & 0o777 == 0o700


def test_the_service_ends_by_itself_and_is_started_again_when_needed(address: Address) -> None:
    api = Api(address)
    first = api.get("volumes/json")
    wait_for_end_of(started(address)[0])
    api.post("volumes/create", {"Name": "cellar"})
    second = api.get("volumes/json")

    assert (len(first), len(second)) == (0, 1)
    assert len(started(address)) == 2
