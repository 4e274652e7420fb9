"""The command, on a Podman that others change between a look and a step.

``python -m tests.podman.haunted taken|gone ...``: what it makes first is made by another request right
before, as one that an earlier process had sent when it was killed; or what it starts first is removed.
"""

import sys
from itertools import count

import runtime.podman
from runtime.podman_api import Api
from runtime.podman_http import Request

MODULE = (sys.executable, "-m", "tests.podman.haunted")
TAKEN, GONE = "taken", "gone"


class Haunted(Api):
    """An API whose first change of a kind finds that somebody was quicker."""

    ghost = TAKEN
    _made, _started = count(1), count(1)

    def _change(self, request: Request, seconds: float) -> bytes:
        path, _, _ = request.target.partition("?")
        match self.ghost:
            case "taken" if path.endswith("/containers/create") and next(self._made) == 1:
                super()._change(request, seconds)
            case "gone" if path.endswith("/start") and next(self._started) == 1:
                self.delete(path.removesuffix("/start").partition("/libpod/")[2], force=True)
        return super()._change(request, seconds)


def main() -> None:
    """Run the command line on a haunted Podman."""
    from gitops.cli import main as sloop

    Haunted.ghost = sys.argv.pop(1)
    runtime.podman.Api = Haunted  # type: ignore[misc]
    sloop()


if __name__ == "__main__":
    main()
