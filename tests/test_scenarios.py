"""Every scenario goes as its ``expected.txt`` says: what changes and why, and the steps, pass by pass.

A scenario is a folder.  ``before/`` is applied first, where there is one, on a machine that ``first.txt``
tells of; of ``between/`` only one pass is made, as if a crash had ended it; then hands meddle as
``hands.txt`` says (see ``tests/hands.py``); and what becomes of ``after/`` is told.  Where there is another
source in the same configuration, its ``neighbour/before/`` is applied first of all, its ``neighbour/after/``
committed with ours, and what becomes of that is told last.  ``pytest --accept`` rewrites the expectations.
Digests stand as REV1, CONTENT1, SECRET1.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from gitops.converge import Converged
from gitops.execute import Result
from gitops.loop import Pass
from gitops.planning.changes import Change
from gitops.planning.guard import Refusal
from gitops.request import Request
from tests.hands import meddle
from tests.host import Host

SCENARIOS = sorted(path for path in (Path(__file__).parent / "scenarios").iterdir() if path.is_dir())
STABLE = (
    (re.compile(r"(?<=\.files-)([a-z0-9.-]+)-([0-9a-f]{10})\b"), r"\1-CONTENT"),
    (re.compile(r"\b(sloop-[0-9a-f]{12})-([0-9a-f]{20})\b"), "sloop-SECRET"),
    (re.compile(r"()\b([0-9a-f]{10})\b"), "REV"),
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.name)
def test_a_scenario_goes_as_expected(
    host: Host, scenario: Path, expected: Callable[[Path, str], str]
) -> None:
    meddle(host, scenario / "first.txt")
    neighbour = _neighbour(host, scenario / "neighbour")
    _apply(host, scenario / "before", Request())
    _interrupt(host, scenario / "between")
    known = "".join(f"{name}\n" for name in _left(host))
    request = meddle(host, scenario / "hands.txt")
    host.told.announced.clear()

    lines = [*_told(host, scenario / "after", request), *_told_beside(neighbour, host)]
    told = _stable(known, "".join(f"{line}\n" for line in lines), host)

    assert told == expected(scenario / "expected.txt", told)


def test_no_scenario_shows_a_secret() -> None:
    told = "".join((scenario / "expected.txt").read_text() for scenario in SCENARIOS)

    assert "hidden" in told
    assert "s3cr3t" not in told
    assert "czNjcjN0" not in told  # the same in base64


def _apply(host: Host, directory: Path, request: Request) -> None:
    if directory.is_dir():
        host.commit("Before", _files(directory))
        host.apply(request)
        host.clock.now += 3600


def _neighbour(host: Host, directory: Path) -> Host | None:
    """Return the neighbour, once it has carried out what it had, and committed what it has."""
    if not directory.is_dir():
        return None
    other = host.beside()
    other.commit("Before", _files(directory / "before"))
    other.apply()
    other.commit("After", _files(directory / "after"))
    other.told.announced.clear()
    host.clock.now += 3600
    return other


def _told_beside(neighbour: Host | None, host: Host) -> Iterator[str]:
    if neighbour is None:
        return
    yield "neighbour:"
    lines = [*_told(neighbour, host.directory / "nowhere", Request())]
    yield from (f"  {line}" for line in lines[: lines.index("left:")])
    yield from (f"  left to {name}: {owner}" for owner, name in neighbour.passes[-1].view.left.items())


def _interrupt(host: Host, directory: Path) -> None:
    if directory.is_dir():
        host.commit("Between", _files(directory))
        host.loop().sync_once()
        host.clock.now += 1


def _files(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in directory.iterdir()}


def _told(host: Host, directory: Path, request: Request) -> Iterator[str]:
    if directory.is_dir():
        host.commit("After", _files(directory))
    try:
        ended = host.apply(request)
    except Refusal as refusal:
        yield f"refused: {refusal}"
        return
    yield from _changes([change for announced in host.told.announced for change in announced])
    for earlier, passed in pairwise([None, *host.passes]):
        yield from _pass(earlier, passed)
    yield from _end(host, ended)


def _changes(changes: Sequence[Change]) -> Iterator[str]:
    yield "changes:" if changes else "changes: none"
    for change in changes:
        yield f"  {change.verdict} {change.owner}, {change.consequence}: {change.cause}"
        for field in change.fields:
            yield f"    {field.path}: {_json(field.old)} -> {_json(field.new)}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _pass(earlier: Pass | None, passed: Pass) -> Iterator[str]:
    """Tell of a pass that did something, or left something else undone than the one before."""
    if passed.results or _undone(passed) != _undone(earlier):
        yield "pass:"
        yield from _undone(passed)
        for result in sorted(passed.results, key=lambda result: result.step.number):
            yield f"  {result.step}{_outcome(result)}"


def _undone(passed: Pass | None) -> list[str]:
    if passed is None:
        return []
    conflicts = [f"  conflict of {one.owner}: {one.message}" for one in passed.view.plan.conflicts]
    return conflicts + [f"  not now {one.name}: {one.reason}" for one in passed.view.plan.held]


def _outcome(result: Result) -> str:
    if result.error:
        return f"\n    failed: {result.error}"
    if result.held:
        return "\n    held back"
    return f"\n    notice: {result.notice}" if result.notice else ""


def _end(host: Host, ended: Converged) -> Iterator[str]:
    yield f"end: {ended.end.value}"
    for fare in ended.last.fares:
        words = [
            str(fare.owner),
            fare.ready,
            fare.health,
            fare.reason,
            "" if fare.synced else "(out of sync)",
        ]
        yield f"  {' '.join(filter(None, words))}"
    yield "left:"
    yield from (f"  {line}" for line in _left(host))


def _left(host: Host) -> Iterator[str]:
    seen = host.engine.look()
    yield from sorted(f"pod {pod.name} {pod.image} {pod.state}" for pod in seen.pods)
    yield from sorted(
        f"network {one.name} {' '.join(one.subnets)}" for one in seen.networks if one.name != "podman"
    )
    yield from sorted(f"volume {one.name}" for one in seen.volumes)
    yield from sorted(f"secret {name}" for name in seen.secrets)


def _stable(known: str, text: str, host: Host) -> str:
    """Replace digests by words, numbered as they appear, those of before first."""
    for pattern, word in STABLE:
        found = dict.fromkeys(match[2] for match in pattern.finditer(known + text))
        numbers = {digest: number for number, digest in enumerate(found, start=1)}
        text = pattern.sub(lambda match: f"{match.expand(word)}{numbers[match[2]]}", text)  # noqa: B023
    text = text.replace(host.source.id, "SOURCE").replace(host.source.display, "REPOSITORY")
    text = re.sub(r"\b[0-9a-f]{7} Ada: (\w+)", r"\1", text)
    return text.replace(host.repository.head()[:7], "COMMIT")
