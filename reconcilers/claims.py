"""The claims that a StatefulSet makes for each of its pods, and the volumes behind them."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

from reconcilers.mounts import claim_volume
from reconcilers.world import World
from runtime.resources import Label, Volume
from runtime.seen import SeenVolume
from schemas.apps import StatefulSet
from schemas.core import PersistentVolumeClaim
from schemas.pod import PodSpec
from schemas.pods import maker_of
from schemas.volumes import StatefulClaim
from schemas.volumes import Volume as PodVolume


def with_claims(world: World, one: StatefulSet, pod: str) -> World:
    """Return the world with the claims of one pod in it; a claim that stands in git by itself wins."""
    made = {
        (one.metadata.namespace, name): _claim(one, template, name) for name, template in _names(one, pod)
    }
    return replace(world, catalog=replace(world.catalog, claims={**made, **world.catalog.claims}))


def mounting(one: StatefulSet, pod: str) -> PodSpec:
    """Return the specification of one pod, whose claims take the place of volumes of their names."""
    spec = one.spec.template.spec
    claimed = [
        PodVolume.model_validate(
            {"name": template.metadata.name, "persistentVolumeClaim": {"claimName": name}}
        )
        for name, template in _names(one, pod)
    ]
    taken = {volume.name for volume in claimed}
    own = [volume for volume in spec.volumes if volume.name not in taken]
    return spec.model_copy(update={"volumes": (*own, *claimed)})


def volumes(world: World, one: StatefulSet, pod: str) -> Iterator[Volume]:
    """Yield the volumes of one pod's claims, mounted or not; ``world`` has the claims."""
    for name, _ in _names(one, pod):
        yield from claim_volume(world, world.catalog.claims[one.metadata.namespace, name])[1]


def leftover(one: StatefulSet, seen: Iterable[SeenVolume], used: Container[int]) -> frozenset[str]:
    """Return the names of the volumes, of those that are there, of a set's pods that aren't used any more."""
    namespace, name = one.metadata.namespace, one.metadata.name
    beginnings = {
        f"PersistentVolumeClaim/{namespace}/{template.metadata.name}-{name}"
        for template in one.spec.volume_claim_templates
    }
    claims = [(volume.name, volume.labels.get(Label.OWNER, "")) for volume in seen if _is_claim(volume)]
    return frozenset(
        volume for volume, owner in claims if maker_of(owner) in beginnings and _number(owner) not in used
    )


def _names(one: StatefulSet, pod: str) -> list[tuple[str, StatefulClaim]]:
    return [(f"{template.metadata.name}-{pod}", template) for template in one.spec.volume_claim_templates]


def _claim(one: StatefulSet, template: StatefulClaim, name: str) -> PersistentVolumeClaim:
    metadata = {"name": name, "namespace": one.metadata.namespace}
    head = {"apiVersion": template.api_version, "kind": template.kind, "metadata": metadata}
    return PersistentVolumeClaim.model_validate({**head, "spec": template.spec})


def _is_claim(volume: SeenVolume) -> bool:
    return volume.labels.get(Label.KIND) == "claim"


def _number(owner: str) -> int:
    return int(owner.rpartition("-")[2])
