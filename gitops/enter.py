"""The way into a running pod: the podman command that takes over from sloop."""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import NoReturn

from gitops.inside import Chosen, chosen, defaulted
from gitops.settings import Settings
from gitops.sources import source_of
from gitops.telling.meant import shown, some_pods_of
from gitops.telling.which import Missing
from runtime.engine import EngineError
from runtime.observe import of_source
from runtime.podman import PodmanEngine
from runtime.resources import Owner


def entrance(
    settings: Settings, whose: Owner, container: str | None, flags: Sequence[str], words: Sequence[str]
) -> tuple[list[str], str]:
    """Return the podman command that runs another one in a pod, and what to say where nobody chose.

    Raises Missing where no pod runs.
    """
    engine = PodmanEngine(settings.podman)
    pods = some_pods_of(of_source(engine.look(), source_of(settings).id), whose)
    name = _running(chosen(pods, container))
    command = ["podman", "--remote", "--url", engine.url, "exec", *flags, name, *words]
    return command, "" if container else defaulted(pods)


def become(command: Sequence[str]) -> NoReturn:
    """Let a command take this process over: its terminal, its signals, its exit code."""
    if shutil.which(command[0]) is None:
        raise EngineError(f"cannot run {command[0]}: install the package `{command[0]}`")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execvp(command[0], list(command))


def _running(several: Sequence[Chosen]) -> str:
    """Return the name of the first container that runs."""
    for _, one in several:
        if one.state == "running":
            return one.name
    pod, first = several[0]
    name = shown(pod)
    state = (
        f"it ended with exit code {first.exit_code}" if first.state == "exited" else f"it is {first.state}"
    )
    what = f"container {first.part} of the pod {name.name}" if first.part else f"pod {name.name}"
    which = f" -c {first.part}" if first.part else ""
    raise Missing(
        f"the {what} doesn't run, {state}: see sloop logs pod/{name.name} -n {name.namespace}{which}"
    )
