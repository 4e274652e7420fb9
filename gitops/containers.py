"""Which containers git gives an object's pods."""

from gitops.look import look
from gitops.settings import Settings
from gitops.sources import engine_of
from gitops.telling.meant import pods_of
from gitops.telling.which import Missing
from runtime.resources import Label, Owner
from schemas.pods import pod_of


def check_container(settings: Settings, whose: Owner, name: str) -> None:
    """Raise Missing if git knows the object and it has no container of that name."""
    names = container_names(settings, whose)
    if names and name not in names:
        kind = whose.kind.lower()
        raise Missing(f"the {kind} {whose.name} has no container {name}: it has {', '.join(names)}")


def container_names(settings: Settings, whose: Owner) -> list[str]:
    """Return the names of the containers that each of an object's pods has; none where git can't be read."""
    engine = engine_of(settings)
    sight = look(settings, engine)
    pods = pods_of(sight.seen, whose)
    writer = Owner.parse(pods[0].labels[Label.OWNER]) if pods else whose
    manifest = sight.manifests.get(writer)
    pod = pod_of(manifest.object) if manifest else None
    return [one.name for one in pod.spec.every_container] if pod else []
