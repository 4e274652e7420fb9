"""Who tells a person what happens while it happens: plain lines, a live line on a terminal, or nobody."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from gitops.changes import Change
    from gitops.execute import Result
    from gitops.steps import Step
    from gitops.view import View
    from runtime.lock import Holder


class Silent:
    """Tells only what must not be missed, on stderr; for ``-o json``."""

    def changes(self, view: "View", changes: "Sequence[Change]") -> None:
        """Leave it to the document."""

    def ended(self, result: "Result") -> None:
        """Leave it to the document."""

    def waiting(self, holder: "Holder") -> None:
        """Say whom we wait for."""
        _say(f"waiting for {holder}", sys.stderr)

    def superseded(self, old: str, new: str) -> None:
        """Say which commit it is about from now on."""
        _say(f"{old[:7]} is superseded by {new[:7]}", sys.stderr)

    def notice(self, text: str) -> None:
        """Say what is worth knowing."""
        _say(f"notice: {text}", sys.stderr)


class Plain(Silent):
    """Tells one line per step as it ends."""

    def changes(self, view: "View", changes: "Sequence[Change]") -> None:
        """Say what is about to change, and why."""
        from gitops.report import changes_document
        from gitops.show import announced

        for line in announced(changes_document(view.commit.sha, changes, (), (), {})):
            _say(line)

    def ended(self, result: "Result") -> None:
        """Say how a step ended."""
        _say(told(result))


class Live(Plain):
    """On a terminal: what is done, and below it in one line what is under way and what waits for it."""

    def __init__(self) -> None:
        self._open: dict[int, Step] = {}

    def planned(self, steps: "Sequence[Step]") -> None:
        """Begin to show a pass."""
        self._open = {step.number: step for step in steps}
        self._show()

    def ended(self, result: "Result") -> None:
        """Put a step's line above the live line."""
        self._open.pop(result.step.number, None)
        _say(f"\r\x1b[K{told(result)}")
        self._show()

    def _show(self) -> None:
        waiting = [step for step in self._open.values() if self._open.keys() & set(step.needs)]
        under_way = [step for step in self._open.values() if step not in waiting]
        if not self._open:
            return
        now = ", ".join(f"{step.verb} {step.resource}" for step in under_way[:2])
        more = f" and {len(under_way) - 2} more" if len(under_way) > 2 else ""
        behind = f"; {len(waiting)} wait for {'them' if len(under_way) > 1 else 'it'}" if waiting else ""
        sys.stdout.write(f"\r\x1b[K... {now}{more}{behind}"[:200])
        sys.stdout.flush()


def told(result: "Result") -> str:
    """Return a step's end in one line."""
    step = f"{result.step.verb} {result.step.resource}"
    if result.held:
        return f"  held    {step}: what it needs has failed"
    if result.error:
        return f"  failed  {step}: {result.error}"
    return f"  done    {step}: {result.notice or result.step.reason}"


def _say(text: str, stream: TextIO | None = None) -> None:
    print(text, file=stream or sys.stdout, flush=True)
