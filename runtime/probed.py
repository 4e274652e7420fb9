"""Whom probes are put to: the containers that run, each with the probes of its own."""

from collections.abc import Iterable, Iterator

from runtime.dataclass import dataclass
from runtime.probes import Probe, read_probes
from runtime.resources import Label
from runtime.seen import SeenContainer, SeenPod


@dataclass(frozen=True, slots=True)
class Asked:
    """A container that runs, and what it is asked."""

    container: SeenContainer
    probes: tuple[Probe, ...]


def asked_of(pods: Iterable[SeenPod]) -> Iterator[Asked]:
    """Yield the containers of whom there is something to ask; a probe that can't be read asks everybody."""
    for pod in pods:
        probes = read_probes(pod.labels.get(Label.PROBES) or "{}")
        for one in pod.containers if probes else ():
            own = tuple(probe for probe in probes if not one.part or probe.container in ("", one.part))
            if own and one.state == "running":
                yield Asked(one, own)
