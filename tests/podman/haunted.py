"""The command, on a Podman to which something happens between a look and the end of a step.

``python -m tests.podman.haunted GHOST ...``: what it makes first is made by another request right before
(``taken``), as by one that an earlier process had sent when it was killed; what it starts first is removed
(``gone``); or Podman, which then lies in the folder ``PODMAN``, is killed and started again (``away``): as
it starts the first container, or ``LATE`` seconds after it was asked for the change numbered ``CHANGE``.
"""

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import runtime.podman
from runtime.podman_api import Api
from runtime.podman_http import Request
from tests.machine import engine
from tests.podman import leaving

MODULE = (sys.executable, "-m", "tests.podman.haunted")
TAKEN, GONE, AWAY = "taken", "gone", "away"
FOLDER, CHANGE, LATE = "PODMAN", "CHANGE", "LATE"  # variables


class Haunted(Api):
    """An API whose first change of a kind meets a ghost."""

    ghost = TAKEN
    moment, late = 0, 0.0
    _made, _started, _changes = count(1), count(1), count(1)

    def _change(self, request: Request, seconds: float) -> bytes:
        path, _, _ = request.target.partition("?")
        makes = path.endswith("/containers/create") and next(self._made) == 1
        starts = path.endswith("/start") and next(self._started) == 1
        fated = next(self._changes) == self.moment if self.moment else starts
        if makes and self.ghost == TAKEN:
            super()._change(request, seconds)
        if starts and self.ghost == GONE:
            self.delete(path.removesuffix("/start").partition("/libpod/")[2], force=True)
        if fated and self.ghost == AWAY:
            with ThreadPoolExecutor(1) as threads:
                asked = threads.submit(super()._change, request, seconds)
                time.sleep(self.late)
                leaving.restart(engine.PrivateEngine(Path(os.environ[FOLDER])))
                return asked.result()
        return super()._change(request, seconds)


def main() -> None:
    """Run the command line on a haunted Podman."""
    from gitops.cli import main as sloop

    Haunted.ghost = sys.argv.pop(1)
    Haunted.moment, Haunted.late = int(os.environ.get(CHANGE, "0")), float(os.environ.get(LATE, "0"))
    runtime.podman.Api = Haunted  # type: ignore[misc]
    sloop()


if __name__ == "__main__":
    main()
