"""What tests of several packages need: a machine in memory, and expectations that are rewritten on demand."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.host import Host

# They boot machines, as root and for two minutes: `make test-systemd`.
collect_ignore = [] if os.environ.get("SLOOP_TEST_SYSTEMD") else ["systemd"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite every expected.txt with what is told now")


@pytest.fixture
def expected(pytestconfig: pytest.Config) -> Callable[[Path, str], str]:
    """Return what reads an expectation; with ``--accept`` it first writes what is told now."""

    def read(file: Path, told: str) -> str:
        if pytestconfig.getoption("--accept"):
            file.write_text(told)
        return file.read_text()

    return read


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """Return a machine in memory, with locks and settings of git of its own."""
    (tmp_path / "gitconfig").touch()
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    with Host(tmp_path) as made:
        yield made
