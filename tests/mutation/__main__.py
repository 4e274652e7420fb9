"""``python -m tests.mutation``: breaks each module in every way, and tells of what no test minds."""

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.machine.telling import tell
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.trial import Visit, survives, temporary, visits

ROOT = Path(__file__).parents[2]
MODULES = (
    *("reconcilers/rollout", "reconcilers/ordinals", "reconcilers/pacing"),
    *(f"gitops/planning/{name}" for name in ("plan", "steps", "mending", "supplying", "clearing", "changes")),
)
KINDS = (
    "autoscaler",
    "daemonset",
    "deployment",
    "ordinals",
    "pacing",
    "replicaset",
    "rollout",
    "statefulset",
)
TESTS = (
    *(f"tests/reconcilers/test_{name}.py" for name in KINDS),
    *(
        f"tests/gitops/test_{name}.py"
        for name in (
            "changes",
            "claims",
            "clearing",
            "execute",
            "loop",
            "mending",
            "plan",
            "steps",
            "subnets",
        )
    ),
    "tests/test_scenarios.py",
)
EXPLAINED = ROOT / "docs" / "mutants.md"
JOBS = 2
ENOUGH = 30.0  # seconds of tests for one mutant, the quickest first
_known: list[Callable[[int], Any]] = []  # what a process does with numbers, the newest last


@dataclass
class Trial:
    """What pytest runs instead of the tests, once it has collected them."""

    modules: Sequence[str]
    items: Sequence[pytest.Item] = ()
    visits: Sequence[Visit] = ()
    mutants: Sequence[tuple[str, Mutant]] = ()
    survivors: list[tuple[str, Mutant]] = field(default_factory=list)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """See which test comes by which line, then try every mutant on those that come by its lines."""
        begun = time.monotonic()
        self.items = session.items
        temporary(self.items)  # made once, before anybody is copied
        self.visits = sorted(
            (one for found in _side_by_side(self.share, range(JOBS)) for one in found),
            key=lambda one: one.seconds,
        )
        tell(f"{len(self.visits)} of {len(self.items)} tests pass, in {time.monotonic() - begun:.0f} s")
        self.mutants = [
            (name, one)
            for name in self.modules
            for one in mutants((ROOT / name).read_text(), str(ROOT / name))
        ]
        lived = _side_by_side(self.lives, range(len(self.mutants)))
        self.survivors += [one for one, lives in zip(self.mutants, lived, strict=True) if lives]
        tell(f"{len(self.mutants)} mutants in {time.monotonic() - begun:.0f} s")
        return True

    def share(self, number: int) -> list[Visit]:
        """Run every so manieth test."""
        files = [str(ROOT / name) for name in self.modules]
        return visits(self.items, range(len(self.items))[number::JOBS], files)

    def lives(self, number: int) -> bool:
        """Try one mutant."""
        name, mutant = self.mutants[number]
        file = str(ROOT / name)
        found = [one for one in self.visits if not one.lines[file].isdisjoint(mutant.lines)]
        lived = survives(self.items, file, mutant, list(_quick(found)))
        if lived:
            tell(f"lives: {name}:{mutant.lines[-1]}: {mutant}")
        return lived


def _quick(found: Sequence[Visit]) -> Iterator[Visit]:
    spent = 0.0
    for one in found:
        if spent < ENOUGH:
            yield one
        spent += one.seconds


def _side_by_side(what: Callable[[int], Any], numbers: Sequence[int]) -> list[Any]:
    """Do this with all the numbers, in processes that know all that this one knows now."""
    with ProcessPoolExecutor(JOBS, multiprocessing.get_context("fork"), _known.append, (what,)) as pool:
        return list(pool.map(_do, numbers))


def _do(number: int) -> Any:
    return _known[-1](number)


def main() -> None:
    """Try all mutants; exit with 1 where one survives that the page does not explain."""
    asked = _asked()
    trial = Trial(asked.modules.split(","))
    quiet = ("-q", "-s", "-p", "no:cacheprovider", "-o", "tmp_path_retention_policy=none")
    with tempfile.TemporaryDirectory() as place:
        code = pytest.main([*quiet, f"--basetemp={place}/tests", *asked.tests.split(",")], plugins=[trial])
    page = EXPLAINED.read_text()
    new = [(name, one) for name, one in trial.survivors if f"| `{name}` | {one} |" not in page]
    for name, one in new:
        tell(f"no test minds: {name}:{one.lines[-1]}: {one}")
    minded = len(trial.mutants) - len(trial.survivors)
    tell(f"{minded} minded, {len(trial.survivors) - len(new)} explained, {len(new)} not")
    sys.exit(bool(code or new))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument(
        "--modules", default=",".join(f"{name}.py" for name in MODULES), help="files, separated by commas"
    )
    parser.add_argument("--tests", default=",".join(TESTS), help="files or folders, separated by commas")
    return parser.parse_args()


if __name__ == "__main__":
    main()
