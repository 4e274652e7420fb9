"""Objects that run nothing themselves: namespaces, claims, configuration, endpoints that are written."""

from collections.abc import Mapping
from typing import Any

from reconcilers.mounts import claim_volume, place_of
from reconcilers.template import network
from reconcilers.wanted import Health, Status, Wanted
from reconcilers.world import World
from runtime.resources import Owner, Resource
from schemas.core import ConfigMap, Namespace, PersistentVolumeClaim, Secret
from schemas.kinds import Bounding
from schemas.network_policy import NetworkPolicy
from schemas.service import Endpoints, EndpointSlice
from schemas.storage import PersistentVolume


def namespace(one: Namespace, _: Mapping[str, Any], world: World) -> Wanted:
    """Return a namespace's network."""
    made = network(world, one.metadata.name)
    owner = Owner("Namespace", "", one.metadata.name)
    return _wanted(owner, (made,), there=made.name in world.networks)


def claim(one: PersistentVolumeClaim, _: Mapping[str, Any], world: World) -> Wanted:
    """Return a claim's volume, unless the claim names one that somebody else made."""
    name, made = claim_volume(world, one)
    owner = Owner(one.kind, one.metadata.namespace, one.metadata.name)
    return _wanted(owner, made, there=name in world.volumes or place_of(world, one) is not None)


def volume(one: PersistentVolume, _: Mapping[str, Any], __: World) -> Wanted:
    """Return nothing: a place of the machine is mounted as it is, by the pods of the claim that has it."""
    return _wanted(Owner(one.kind, "", one.metadata.name), (), there=True)


def configuration(
    one: Bounding | ConfigMap | Endpoints | EndpointSlice | NetworkPolicy | Secret,
    _: Mapping[str, Any],
    __: World,
) -> Wanted:
    """Return nothing: pods take along what they read and are given, and Services where they lead."""
    return _wanted(Owner(one.kind, one.metadata.namespace, one.metadata.name), (), there=True)


def _wanted(owner: Owner, resources: tuple[Resource, ...], *, there: bool) -> Wanted:
    status = Status(Health.HEALTHY) if there else Status(Health.MISSING, "it is not there")
    return Wanted(owner, resources, status, settled=there)
