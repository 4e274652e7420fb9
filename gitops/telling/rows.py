"""What kubectl's columns say of an object, as plain data; of a Secret nothing but how many keys it has."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gitops.look import Sight
from gitops.telling.bounds import budget_now, usage
from gitops.telling.jobs import cron_row, job_row, runs_here
from gitops.telling.meant import pods_of
from gitops.telling.pods import PodHere
from reconcilers.cronjob import Cron
from reconcilers.endpoints import endpoints
from reconcilers.ingress import classes
from reconcilers.mounts import claim_volume, place_of
from reconcilers.places import Place
from reconcilers.scaling import WORD, Figure, State
from reconcilers.template import network_name
from runtime.proxies import members
from runtime.resources import Label, Owner, Pod
from schemas.apps import DaemonSetSpec
from schemas.autoscaling import Autoscaler
from schemas.batch import CronJob
from schemas.core import ConfigMap, PersistentVolumeClaim, Secret
from schemas.disruption import PodDisruptionBudget
from schemas.kinds import Workload
from schemas.network_policy import NetworkPolicy
from schemas.networking import CONTROLLER, Ingress, IngressClass
from schemas.quotas import ResourceQuota
from schemas.service import Service, ServicePort
from schemas.storage import PersistentVolume

Row = Mapping[str, Any]

WORKLOADS: Mapping[str, tuple[str, ...]] = {
    "DaemonSet": ("desired", "current", "readyPods", "upToDate", "available", "nodeSelector"),
    "Deployment": ("ready", "upToDate", "available"),
    "ReplicaSet": ("desired", "current", "readyPods"),
    "ReplicationController": ("desired", "current", "readyPods"),
    "StatefulSet": ("ready",),
}


def row(sight: Sight, whose: Owner) -> Row:
    """Return the columns of an object; what nobody can tell while git is out of reach is None."""
    manifest = sight.manifests.get(whose)
    match whose.kind:
        case kind if kind in WORKLOADS:
            return _workload(sight, whose)
        case "Namespace":
            return _namespace(sight, whose)
        case "Endpoints":
            return {"endpoints": _addresses(sight, whose.namespace, whose.name)}
        case "Job" if run := runs_here(sight).get(whose):
            return job_row(run, sight.now)
        case kind if manifest and kind in ROWS:
            return ROWS[kind](manifest.object, sight)
        case _:
            return {}


def pod_row(pod: PodHere) -> Row:
    """Return the columns of a pod."""
    return {"ready": pod.count, "status": pod.status, "restarts": pod.restarts}


def wanted_pods(sight: Sight, whose: Owner) -> list[Pod]:
    """Return the pods that an object wants at this moment."""
    answers = [one for one in (sight.view.wanted if sight.view else ()) if one.owner == whose]
    return [one for answer in answers for one in answer.resources if isinstance(one, Pod)]


def _workload(sight: Sight, whose: Owner) -> Row:
    """Return all that the columns of any workload tell; each kind shows some of it."""
    pods, wanted = pods_of(sight.seen, whose), sight.manifests.get(whose)
    spec = wanted.object.spec if wanted and isinstance(wanted.object, Workload) else None
    digests = {one.digest for one in wanted_pods(sight, whose)}
    ready = sum(sight.world.readiness(pod).ready for pod in pods)
    desired = _desired(sight, whose)
    told = {
        "ready": f"{ready}/{'?' if desired is None else desired}",
        "desired": desired,
        "current": len(pods),
        "readyPods": ready,
        "upToDate": sum(pod.labels.get(Label.DIGEST) in digests for pod in pods) if sight.view else None,
        "available": sum(sight.world.available(pod, spec.min_ready_seconds if spec else 0) for pod in pods),
        "nodeSelector": _node_selector(spec),
    }
    return {key: told[key] for key in WORKLOADS[whose.kind]}


def _desired(sight: Sight, whose: Owner) -> int | None:
    if sight.view is None:
        return None
    return next((one.status.total for one in sight.view.wanted if one.owner == whose), 0)


def _node_selector(spec: object) -> list[str]:
    selector = spec.template.spec.node_selector if isinstance(spec, DaemonSetSpec) else {}
    return [f"{key}={value}" for key, value in sorted(selector.items())]


def _namespace(sight: Sight, whose: Owner) -> Row:
    networks = {one.name for one in sight.seen.networks}
    return {"status": "Active" if network_name(whose.name) in networks else "Pending"}


def _service(one: Service, sight: Sight) -> Row:
    place = sight.world.places.get((one.metadata.namespace, one.metadata.name), Place())
    outside = sight.options.machine.address if one.spec.type == "LoadBalancer" else None
    named = one.spec.external_name if one.spec.type == "ExternalName" else None
    return {
        "type": one.spec.type,
        "clusterIP": one.spec.cluster_ip or place.address or None,
        "externalIP": named or outside,
        "ports": [_port(port, place) for port in one.spec.ports],
    }


def _port(port: ServicePort, place: Place) -> str:
    number = place.node_ports.get(port.label)
    return f"{port.port}{f':{number}' if number else ''}/{port.protocol}"


def _addresses(sight: Sight, namespace: str, name: str) -> list[str]:
    """Return where a Service leads at this moment: pods by name, others by address, with their ports."""
    service = sight.manifests.get(Owner("Service", namespace, name))
    if not (service and isinstance(service.object, Service)):
        return []
    known = members(sight.world.note_text(f"{namespace}.{name}__service"))
    found = endpoints(sight.world, service.object, known)
    return [
        f"{one.name.removeprefix(f'{namespace}.')}:{port}" for one in found for port in one.ports.values()
    ]


def _autoscaler(one: Autoscaler, sight: Sight) -> Row:
    ref = one.spec.scale_target_ref
    return {
        "reference": f"{ref.kind}/{ref.name}",
        "targets": [f"{each.name}: {each.current}/{each.target}" for each in figures(sight, one)],
        "minPods": one.spec.min_replicas,
        "maxPods": one.spec.max_replicas,
        "replicas": _desired(sight, Owner(ref.kind, one.metadata.namespace, ref.name)),
    }


def figures(sight: Sight, one: Autoscaler) -> Sequence[Figure]:
    """Return what an autoscaler has found when it last decided; nothing where it never did."""
    owner = Owner(one.kind, one.metadata.namespace, one.metadata.name)
    note = sight.remembered.memory.notes.get((owner, WORD))
    return State.read(note.text).figures if note else ()


def _ingress(one: Ingress, sight: Sight) -> Row:
    """Return where an Ingress is reached; an address only where its class is served."""
    entrance = sight.options.entrance
    here = one.class_name in classes((each.object for each in sight.manifests.values()), entrance)
    ports = [entrance.http, *([entrance.https] if one.spec.tls or one.wishes.acme else [])]
    return {
        "class": one.class_name,
        "hosts": list(dict.fromkeys(rule.host or "*" for rule in one.spec.rules)) or ["*"],
        "address": (entrance.address or sight.options.machine.address) if here else "",
        "ports": [str(port) for port in ports],
    }


def _ingress_class(one: IngressClass, _: Sight) -> Row:
    return {"controller": one.spec.controller or CONTROLLER}


def _network_policy(one: NetworkPolicy, _: Sight) -> Row:
    labels = one.spec.pod_selector.match_labels
    return {"podSelector": [f"{key}={value}" for key, value in labels.items()]}


def _config_map(one: ConfigMap, _: Sight) -> Row:
    return {"data": len(one.values)}


def _secret(one: Secret, _: Sight) -> Row:
    return {"type": one.type, "data": len(one.values)}


def _quota(one: ResourceQuota, sight: Sight) -> Row:
    """Return what is used as kubectl shows it: what may be used apart from all else."""
    told = usage(one, sight)
    return {
        "request": [f"{name}: {text}" for name, text in told.items() if not name.startswith("limits.")],
        "limit": [f"{name}: {text}" for name, text in told.items() if name.startswith("limits.")],
    }


def _disruption_budget(one: PodDisruptionBudget, sight: Sight) -> Row:
    return {
        "minAvailable": one.spec.min_available,
        "maxUnavailable": one.spec.max_unavailable,
        "disruptionsAllowed": budget_now(one, sight).allowed,
    }


def _claim(one: PersistentVolumeClaim, sight: Sight) -> Row:
    volume, _ = claim_volume(sight.world, one)
    volumes = sight.view.seen.volumes if sight.view else ()
    there = any(volume == each.name for each in volumes) or place_of(sight.world, one) is not None
    return {
        "status": "Bound" if there else "Pending",
        "volume": volume,
        "accessModes": list(one.spec.access_modes),
    }


def _volume(one: PersistentVolume, _: Sight) -> Row:
    return {
        "capacity": str(one.spec.capacity["storage"]),
        "accessModes": list(one.spec.access_modes),
        "path": one.spec.place.path,
    }


def _cron_job(one: CronJob, sight: Sight) -> Row:
    owner = Owner("CronJob", one.metadata.namespace, one.metadata.name)
    return cron_row(Cron(one, sight.manifests[owner].document, sight.world))


ROWS: Mapping[str, Callable[[Any, Sight], Row]] = {
    "ConfigMap": _config_map,
    "CronJob": _cron_job,
    "HorizontalPodAutoscaler": _autoscaler,
    "Ingress": _ingress,
    "IngressClass": _ingress_class,
    "NetworkPolicy": _network_policy,
    "PersistentVolume": _volume,
    "PersistentVolumeClaim": _claim,
    "PodDisruptionBudget": _disruption_budget,
    "ResourceQuota": _quota,
    "Secret": _secret,
    "Service": _service,
}
