"""The engine that the tests themselves stand on."""

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import api, engine, images
from tests.machine.engine import PrivateEngine
from tests.podman.conftest import Podman


@pytest.fixture
def second(tmp_path: Path) -> Iterator[PrivateEngine]:
    """Lend another engine, that a test may take down or kill."""
    yield engine.up(tmp_path / "podman", own_network=True)
    engine.down(tmp_path / "podman")


def run(podman: Podman, *arguments: str) -> str:
    return images.podman(podman.engine, *arguments)


def fetched(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=5) as page:
            return bytes(page.read())
    except OSError:
        return b""


def test_an_image_has_a_shell_and_two_versions(empty_podman: Podman) -> None:
    said = [
        run(empty_podman, "run", "--rm", image, "sh", "-c", "echo here | cat")
        for image in empty_podman.images
    ]
    labels = [
        run(empty_podman, "inspect", "--format={{.Labels.version}}", image) for image in empty_podman.images
    ]

    assert said == ["here\n", "here\n"]
    assert labels == ["1\n", "2\n"]


def test_a_published_port_is_reached_from_the_test_and_from_nobody_else(empty_podman: Podman) -> None:
    serve = ["busybox", "httpd", "-f", "-h", "/etc"]
    run(empty_podman, "run", "--detach", "--publish=18080:80", empty_podman.images[0], *serve)

    engine.until(lambda: fetched("http://127.0.0.1:18080/passwd").startswith(b"root:"))
    assert fetched("http://127.0.0.1:18080/passwd").startswith(b"root:")
    machine = Path("/proc/1/net/tcp").read_text()
    assert f":{18080:04X} 00000000:0000 0A" not in machine


def test_names_resolve_within_a_network(empty_podman: Podman) -> None:
    run(empty_podman, "network", "create", "town")
    image = empty_podman.images[0]
    run(empty_podman, "run", "--detach", "--network=town", "--name=baker", image, "sleep", "1000")

    assert "Name:\tbaker" in run(empty_podman, "run", "--rm", "--network=town", image, "nslookup", "baker")


def test_clearing_leaves_images_and_nothing_else(empty_podman: Podman) -> None:
    image = empty_podman.images[0]
    run(empty_podman, "network", "create", "town")
    run(empty_podman, "pod", "create", "--name=house", "--network=town")
    run(empty_podman, "run", "--detach", "--pod=house", "--volume=cellar:/cellar", image, "sleep", "1000")
    run(empty_podman, "run", "--detach", "--restart=always", image, "sleep", "1000")

    api.clear(empty_podman.socket)

    left = [
        api.ask(empty_podman.socket, "GET", f"/{kind}/json") for kind in ("pods", "containers", "volumes")
    ]
    assert left == [[], [], []]
    assert [network["name"] for network in api.ask(empty_podman.socket, "GET", "/networks/json")] == [
        "podman"
    ]
    assert len(api.ask(empty_podman.socket, "GET", "/images/json")) >= len(empty_podman.images)


def test_a_second_engine_frees_no_lock_and_moves_no_address_of_the_first(
    empty_podman: Podman, second: PrivateEngine
) -> None:
    run(empty_podman, "network", "create", "town")
    image = empty_podman.images[0]
    run(empty_podman, "run", "--detach", "--network=town", "--name=baker", image, "sleep", "1000")

    images.podman(second, "network", "create", "town")
    engine.down(second.directory)

    run(empty_podman, "run", "--detach", "--network=town", "--name=smith", image, "sleep", "1000")
    run(empty_podman, "rm", "--force", "--time=0", "smith")
    assert "Name:\tbaker" in run(empty_podman, "run", "--rm", "--network=town", image, "nslookup", "baker")


def test_an_engine_that_was_killed_leaves_nothing_once_it_is_taken_down(
    podman: Podman, second: PrivateEngine, tmp_path: Path
) -> None:
    archive = tmp_path / "image.tar"
    run(podman, "save", "--output", str(archive), podman.images[0])
    images.podman(second, "load", "--input", str(archive))
    images.podman(second, "run", "--detach", "--name=orphan", podman.images[0], "sleep", "1000")
    os.kill(second.pid, signal.SIGKILL)

    engine.down(second.directory)

    assert engine.processes(second.directory) == []
    assert not second.directory.exists()
    assert str(second.directory) not in Path("/proc/self/mountinfo").read_text()


LOOK = """
import sys
from pathlib import Path
from tests.machine.engine import processes
print(processes(Path(sys.argv[1])))
"""


def test_nobody_is_an_engines_because_of_a_mount_that_everybody_sees(tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    script = 'mount -t tmpfs none "$1/storage" && exec "$2" -c "$3" "$1"'
    words = ["sh", "-c", script, "sh", str(tmp_path), sys.executable, LOOK]

    run = subprocess.run(["unshare", "--map-root-user", "--mount", *words], capture_output=True, check=False)

    assert (run.stdout, run.stderr) == (b"[]\n", b"")
