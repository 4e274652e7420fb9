"""Tries mutants within one run of pytest: tests are loaded once, each mutant has a copy of that process."""

import gc
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType

import coverage
import pytest
from _pytest.runner import runtestprotocol

from tests.mutation.mutants import Mutant

GLANCE = 0.01  # seconds between two looks whether a process has ended
LONG = 10.0  # times as long as its tests have taken before, and a mutant counts as one that never ends


@dataclass(frozen=True, slots=True)
class Visit:
    """A test that comes by: which one of those that were collected, for how long, and by which lines."""

    test: int
    seconds: float
    lines: Mapping[str, Set[int]]


def visits(items: Sequence[pytest.Item], numbers: Sequence[int], files: Sequence[str]) -> list[Visit]:
    """Run tests, and see by which lines of the files each of those comes that pass."""
    _apart(items)
    eye = coverage.Coverage(data_file=None, include=files)
    with eye.collect():
        seconds = {number: took for number in numbers if (took := _watched(eye, items, number)) is not None}
    seen: dict[int, dict[str, set[int]]] = {number: {file: set() for file in files} for number in numbers}
    for file in files:
        for line, tests in eye.get_data().contexts_by_lineno(file).items():
            for number in filter(None, tests):
                seen[int(number)][file].add(line)
    return [Visit(number, seconds[number], seen[number]) for number in seconds]


def _watched(eye: coverage.Coverage, items: Sequence[pytest.Item], number: int) -> float | None:
    """Return how many seconds a test takes; None for one that fails already, and so proves nothing."""
    eye.switch_context(str(number))
    begun = time.monotonic()
    return None if _fails(items[number]) else time.monotonic() - begun


def survives(items: Sequence[pytest.Item], file: str, mutant: Mutant, found: Sequence[Visit]) -> bool:
    """Say whether all those tests pass with a mutant in its module's place."""
    child = os.fork()
    if child == 0:
        try:
            _apart(items)
            put(file, mutant.code)
            os._exit(any(_fails(items[one.test]) for one in found))
        finally:
            os._exit(1)
    return _ended(child, 5 + LONG * sum(one.seconds for one in found)) == 0


def put(file: str, code: CodeType) -> None:
    """Give every function of a file that is loaded the code that it has in this version of it."""
    codes = {(one.co_qualname, one.co_firstlineno): one for one in _codes(code)}
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename == file:
            one.__code__ = codes[one.__code__.co_qualname, one.__code__.co_firstlineno]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


def _fails(item: pytest.Item) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def _ended(child: int, patience: float) -> int:
    """Wait for a process; return its exit code, or the signal by which it ended."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(GLANCE)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def temporary(items: Sequence[pytest.Item]) -> pytest.TempPathFactory:
    """Return what makes the tests' folders, with the one in which they lie."""
    factory: pytest.TempPathFactory = items[0].config._tmp_path_factory  # type: ignore[attr-defined]
    factory.getbasetemp()
    return factory


def _apart(items: Sequence[pytest.Item]) -> None:
    """Write where nobody reads, and keep files where no other process does."""
    factory = temporary(items)
    factory._basetemp = Path(tempfile.mkdtemp(dir=factory.getbasetemp()))
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
