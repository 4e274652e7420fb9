"""Who tells a person what happens while it happens: plain lines, a live line on a terminal, or nobody."""

import os
import re
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from gitops.telling.journald import Level, leveled

if TYPE_CHECKING:
    from gitops.execute import Result
    from gitops.planning.changes import Change
    from gitops.planning.fare import Fare
    from gitops.planning.steps import Step
    from gitops.planning.view import View
    from runtime.lock import Holder


_PASSING = re.compile(r"\b\d+s\b|\b\d+ restarts\b")  # what changes without being news


class Silent:
    """Tells only what must not be missed, on stderr; for ``-o json``.  ``name`` stands before each line."""

    def __init__(self, name: str = "") -> None:
        self._before = f"{name}: " if name else ""

    def changes(self, view: "View", changes: "Sequence[Change]") -> None:
        """Leave it to the document."""

    def planned(self, steps: "Sequence[Step]") -> None:
        """Leave it to the document."""

    def ended(self, result: "Result") -> None:
        """Leave it to the document."""

    def unwell(self, fares: "Sequence[Fare]") -> None:
        """Leave it to the document."""

    def waiting(self, holder: "Holder") -> None:
        """Say whom we wait for."""
        if holder.pid != os.getpid():  # another source of ours is told by what it does
            self._say(f"waiting for {holder}", sys.stderr)

    def superseded(self, old: str, new: str) -> None:
        """Say which commit it is about from now on."""
        self._say(f"{old[:7]} is superseded by {new[:7]}", sys.stderr)

    def notice(self, text: str) -> None:
        """Say what is worth knowing."""
        self._say(f"notice: {text}", sys.stderr)

    def _say(self, text: str, stream: TextIO | None = None) -> None:
        place = stream or sys.stdout
        print(leveled(f"{self._before}{text}", level_of(text), place), file=place, flush=True)


class Plain(Silent):
    """Tells one line per step as it ends, and what is still waited for when that changes."""

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        self._told: frozenset[str] = frozenset()

    def changes(self, view: "View", changes: "Sequence[Change]") -> None:
        """Say what is about to change, and why."""
        from gitops.telling.report import changes_document
        from gitops.telling.show import announced

        for line in announced(changes_document(view.commit.sha, changes, (), (), {})):
            self._say(line)

    def ended(self, result: "Result") -> None:
        """Say how a step ended."""
        self._tell(told(result))

    def unwell(self, fares: "Sequence[Fare]") -> None:
        """Say which objects aren't well yet, and why: once, however the seconds pass."""
        lines = [f"  waits   {fare.owner}: {fare.reason or fare.health}" for fare in fares]
        gists = {_PASSING.sub("", line): line for line in lines}
        for line in [line for gist, line in gists.items() if gist not in self._told]:
            self._tell(line)
        self._told = frozenset(gists)

    def _tell(self, line: str) -> None:
        self._say(line)


class Live(Plain):
    """On a terminal: what has ended, and in the last line what is under way and how much waits for it."""

    def __init__(self, terminal: TextIO) -> None:
        super().__init__()
        self._terminal = terminal
        self._open: dict[int, Step] = {}

    def planned(self, steps: "Sequence[Step]") -> None:
        """Begin to show a pass."""
        self._open = {step.number: step for step in steps}
        self._show()

    def ended(self, result: "Result") -> None:
        """Put a step's end above the last line."""
        self._open.pop(result.step.number, None)
        self._write(f"{told(result)}\n")
        self._show()

    def _tell(self, line: str) -> None:
        self._write(f"{line}\n")

    def _show(self) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._write(under_way(list(self._open.values()))[:width])

    def _write(self, text: str) -> None:
        self._terminal.write(f"\r\x1b[K{text}")
        self._terminal.flush()


def teller_for(stream: TextIO, *, silent: bool) -> Silent:
    """Return who tells what happens on this stream."""
    if silent:
        return Silent()
    return Live(stream) if stream.isatty() else Plain()


def under_way(steps: "Sequence[Step]") -> str:
    """Return in one line which of the steps that are left can go on, and how many wait for them."""
    numbers = {step.number for step in steps}
    going = [f"{step.verb} {step.resource}" for step in steps if not numbers.intersection(step.needs)]
    more = f" and {len(going) - 2} more" if len(going) > 2 else ""
    waiting = len(steps) - len(going)
    behind = f"; {waiting} waiting for that" if waiting else ""
    return f"... {', '.join(going[:2])}{more}{behind}" if steps else ""


def told(result: "Result") -> str:
    """Return a step's end in one line."""
    step = f"{result.step.verb} {result.step.resource}"
    if result.done:
        return f"  done    {step}: {result.notice or result.step.reason}"
    if result.failed:
        return f"  failed  {step}: {result.error}"
    return f"  held    {step}: {result.error or 'what it needs has failed'}"


def level_of(text: str) -> Level:
    """Return how much a line matters."""
    if text.startswith("  failed"):
        return Level.ERROR
    return Level.WARNING if text.startswith(("notice:", "  held", "  waits")) else Level.INFO
