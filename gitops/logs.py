"""Whose output is meant, and where it comes from."""

from collections.abc import Iterator
from contextlib import contextmanager

from gitops.look import Missing, look
from gitops.meant import pods_of, some_pods_of
from gitops.output import output
from gitops.program import engine_of, source_of
from gitops.settings import Settings
from runtime.observe import of_source
from runtime.resources import Label, Owner
from schemas.apps import Deployment, DeploymentSpec
from schemas.core import Pod
from schemas.manifest import Manifest


@contextmanager
def logs(
    settings: Settings, whose: Owner, container: str | None, *, follow: bool, tail: int | None
) -> Iterator[Iterator[bytes]]:
    """Open the output of a pod, or of all the pods of an object; raises Missing where there is none."""
    check_container(settings, whose, container)
    with engine_of(settings) as engine:
        pods = some_pods_of(of_source(engine.look(), source_of(settings).id), whose)
        yield output(engine, pods, follow=follow, tail=tail)


def check_container(settings: Settings, whose: Owner, name: str | None) -> None:
    """Raise Missing if git knows the object and it has no container of that name."""
    if name is None:
        return
    names = _containers(settings, whose)
    if names and name not in names:
        kind = whose.kind.lower()
        raise Missing(f"the {kind} {whose.name} has no container {name}: it has {', '.join(names)}")


def _containers(settings: Settings, whose: Owner) -> list[str]:
    with engine_of(settings) as engine:
        sight = look(settings, engine)
    pods = pods_of(sight.seen, whose)
    writer = Owner.parse(pods[0].labels[Label.OWNER]) if pods else whose
    match sight.manifests.get(writer):
        case Manifest(object=Deployment(spec=DeploymentSpec(template=template))):
            return [one.name for one in template.spec.containers]
        case Manifest(object=Pod(spec=spec)):
            return [one.name for one in spec.containers]
        case _:
            return []
