"""The way into a running pod: the podman command that takes over from sloop."""

import os
import shutil
import sys
from collections.abc import Sequence
from typing import NoReturn

from gitops.meant import shown, some_pods_of
from gitops.program import source_of
from gitops.settings import Settings
from gitops.which import Missing
from runtime.engine import EngineError
from runtime.observe import of_source
from runtime.podman import PodmanEngine
from runtime.resources import Owner
from runtime.seen import SeenPod


def entrance(settings: Settings, whose: Owner, flags: Sequence[str], words: Sequence[str]) -> list[str]:
    """Return the podman command that runs another one in a pod; raises Missing where no pod runs."""
    engine = PodmanEngine(settings.podman)
    pods = some_pods_of(of_source(engine.look(), source_of(settings).id), whose)
    return ["podman", "--remote", "--url", engine.url, "exec", *flags, _running(pods).name, *words]


def become(command: Sequence[str]) -> NoReturn:
    """Let a command take this process over: its terminal, its signals, its exit code."""
    if shutil.which(command[0]) is None:
        raise EngineError(f"cannot run {command[0]}: install the package `{command[0]}`")
    sys.stdout.flush()
    sys.stderr.flush()
    os.execvp(command[0], list(command))


def _running(pods: Sequence[SeenPod]) -> SeenPod:
    """Return the first pod that runs."""
    for pod in pods:
        if pod.state == "running":
            return pod
    first, name = pods[0], shown(pods[0])
    state = (
        f"it ended with exit code {first.exit_code}" if first.state == "exited" else f"it is {first.state}"
    )
    raise Missing(
        f"the pod {name.name} doesn't run, {state}: see sloop logs pod/{name.name} -n {name.namespace}"
    )
