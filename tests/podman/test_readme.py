"""The README's first repository, typed as it stands there."""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.machine import api, images, ports
from tests.podman.conftest import Podman
from tests.readme import Example, examples

IMAGE = "docker.io/library/busybox:1.37"
HOME = "/home/ada"
PORT = "8080"
NAMES = re.compile(r"\b[0-9a-f]{7,40}\b")  # of commits and digests, which are new ones each time


@dataclass(frozen=True, slots=True)
class Typed:
    """An example, what it printed on both channels, and what the page said afterwards."""

    example: Example
    printed: str
    errors: str
    page: str


@pytest.fixture(scope="module")
def typed(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Typed]]:
    """Type all examples, one after the other, at an empty engine that has their image already."""
    api.clear(podman.socket)
    images.podman(podman.engine, "tag", podman.images[0], IMAGE)
    home, port = tmp_path_factory.mktemp("home"), str(ports.free())
    yield [_typed(example, home, port, podman) for example in examples()]
    api.clear(podman.socket)
    images.podman(podman.engine, "untag", IMAGE, IMAGE)  # without a name it would lose them all


def test_what_the_readme_shows_is_what_is_printed(typed: list[Typed]) -> None:
    shown = [one for one in typed if one.example.shown]

    assert [_names_apart(one.printed) for one in shown] == [_names_apart(one.example.shown) for one in shown]


def test_nothing_in_the_readme_complains(typed: list[Typed]) -> None:
    assert [one.errors for one in typed] == [""] * len(typed)


def test_the_page_follows_the_commits_and_the_rollback(typed: list[Typed]) -> None:
    asked = [one.page for one in typed if re.search(r"sloop (apply|rollback)", one.example.script)]

    assert asked == ["Hello from git.\n", "Hello from git.\n", ""]


def test_what_the_readme_takes_away_is_gone(typed: list[Typed], podman: Podman) -> None:
    assert "2 to delete" in typed[-1].printed
    assert images.podman(podman.engine, "ps", "--all", "--quiet") == ""


def _typed(example: Example, home: Path, port: str, podman: Podman) -> Typed:
    script = example.script.replace(PORT, port)
    where = home / "site" if (home / "site").exists() else home
    ran = subprocess.run(
        ["bash", "-e", "-c", script.replace("sloop diff", "sloop diff || test $? = 1")],
        cwd=where,
        env=_surroundings(home, podman),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return Typed(example, ran.stdout.replace(str(home), HOME), ran.stderr, _page(port))


def _surroundings(home: Path, podman: Podman) -> Mapping[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "SLOOP_"))}
    return ours | {
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SLOOP_PODMAN": podman.url,
        "SLOOP_STATE": str(home / "state"),
    }


def _page(port: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return str(answer.read().decode())
    except urllib.error.URLError:
        return ""


def _names_apart(text: str) -> str:
    return NAMES.sub("(name)", text)
