"""The last lines that a failed container has said, without the values of Secrets."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from gitops.git.git_error import SourceError, printable
from gitops.look import Sight
from gitops.planning.mask import masker
from gitops.planning.render import render
from gitops.telling.pods import ContainerHere, PodHere
from runtime.engine import EngineError
from runtime.resources import Label
from schemas.manifest import Manifest
from schemas.problems import ManifestError

LINES = 10
UNTOLD = "the last output of {} isn't told, since only git knows which Secrets to hide in it: see sloop logs"


def last_words(sight: Sight, pods: Iterable[PodHere]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the last output of pods, and a notice for each whose Secrets nobody can tell."""
    masks = [(pod, _mask(sight, pod)) for pod in pods]
    told = [
        _output(sight, pod, one, mask) for pod, mask in masks if mask for one in pod.failed or pod.containers
    ]
    return told, [UNTOLD.format(pod.shown.name) for pod, mask in masks if not mask]


def _mask(sight: Sight, pod: PodHere) -> Callable[[str], str] | None:
    """Return what hides the Secrets of now, and of the commit that made the pod."""
    if sight.view is None:
        return None
    try:
        return masker([*sight.view.rendered.manifests, *_made_from(sight, pod)])
    except (SourceError, ManifestError):
        return None


def _made_from(sight: Sight, pod: PodHere) -> Iterator[Manifest]:
    sha = pod.seen.labels.get(Label.COMMIT)
    if sha and sight.view and sha != sight.view.commit.sha:
        yield from render(sha, sight.source.files(sha), sight.options.ignored).manifests


def _output(sight: Sight, pod: PodHere, one: ContainerHere, mask: Callable[[str], str]) -> dict[str, Any]:
    try:
        said = b"".join(sight.engine.logs(one.seen.name, tail=LINES))
    except EngineError:  # it has gone meanwhile
        said = b""
    lines = mask(said.decode(errors="replace")).splitlines()
    whose = f"{pod.shown.name}, container {one.seen.part}" if one.seen.part else pod.shown.name
    return {"pod": whose, "lines": [printable(line) for line in lines]}
