"""The command, killed at its n-th change of Podman: ``python -m tests.podman.doomed N before|after ...``.

A kill falls into the middle of a step where that step asks Podman for more than one change.
"""

import os
import signal
import sys
from itertools import count

import runtime.podman
from runtime.podman_api import Api
from runtime.podman_http import Request

MODULE = (sys.executable, "-m", "tests.podman.doomed")
BEFORE, AFTER = "before", "after"


class Doomed(Api):
    """An API whose n-th change is the last thing that this process does, or was about to do."""

    moment, when = 0, AFTER
    _changes = count(1)

    def _change(self, request: Request, seconds: float) -> bytes:
        number = next(self._changes)
        self._die_at(number, BEFORE)
        answer = super()._change(request, seconds)
        self._die_at(number, AFTER)
        return answer

    def _die_at(self, number: int, when: str) -> None:
        if (number, when) == (self.moment, self.when):
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run the command line up to the moment."""
    from gitops.cli import main as sloop

    Doomed.moment, Doomed.when = int(sys.argv[1]), sys.argv[2]
    sys.argv[1:3] = []
    runtime.podman.Api = Doomed  # type: ignore[misc]
    sloop()


if __name__ == "__main__":
    main()
