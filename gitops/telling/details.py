"""What git says of an object, in the fields that ``describe`` tells; of a Secret only keys and sizes."""

from collections.abc import Callable, Mapping
from typing import Any

from gitops.look import Sight
from gitops.telling import bounds
from gitops.telling.jobs import cron_jobs
from reconcilers.cronjob import Cron
from reconcilers.ingress import NAME as INGRESS
from reconcilers.routing import secured
from reconcilers.template import network_name
from reconcilers.world import Entrance
from runtime.engine import EngineError
from runtime.resources import Owner
from runtime.seen import SeenServer
from schemas.apps import DaemonSet, Deployment, ReplicaSet, StatefulSet
from schemas.autoscaling import Autoscaler, ScalingRules
from schemas.batch import NO_LIMIT, CronJob, Job, JobSpec
from schemas.core import ConfigMap, Namespace, PersistentVolumeClaim, Pod, Secret
from schemas.disruption import PodDisruptionBudget
from schemas.manifest import Manifest
from schemas.network_policy import NetworkPolicy
from schemas.networking import Ingress, IngressBackend
from schemas.pod import PodTemplate
from schemas.replication import ReplicationController
from schemas.selectors import LabelSelector
from schemas.service import Service
from schemas.storage import PersistentVolume

Details = Mapping[str, Any]


def details(sight: Sight, manifest: Manifest) -> Details:
    """Return an object's labels and annotations, and what its kind has to tell."""
    one = manifest.object
    told = KINDS.get(one.kind, _nothing)(one, sight)
    annotations = {} if isinstance(one, Secret) else one.metadata.annotations  # kubectl copies values there
    return {"labels": dict(one.metadata.labels), "annotations": dict(annotations), **told}


def _daemon_set(one: DaemonSet, sight: Sight) -> Details:
    return {
        "selector": _selector(one.spec.selector),
        "nodeLabels": dict(sight.node_labels),
        "updateStrategy": {"type": one.spec.update_strategy.type},
        "containers": _containers(one.spec.template),
    }


def _replica_set(one: ReplicaSet | ReplicationController, _: Sight) -> Details:
    return {
        "selector": _selector(one.spec.label_selector),
        "replicas": one.spec.replicas,
        "containers": _containers(one.spec.template),
    }


def _stateful_set(one: StatefulSet, _: Sight) -> Details:
    spec, strategy = one.spec, one.spec.update_strategy
    rolling = {"partition": strategy.rolling.partition, "maxUnavailable": strategy.rolling.max_unavailable}
    retention = spec.persistent_volume_claim_retention_policy
    return {
        "selector": _selector(spec.selector),
        "replicas": spec.replicas,
        "serviceName": spec.service_name,
        "podManagementPolicy": spec.pod_management_policy,
        "updateStrategy": {"type": strategy.type, **(rolling if strategy.type == "RollingUpdate" else {})},
        "containers": _containers(spec.template),
        "volumeClaims": [each.metadata.name for each in spec.volume_claim_templates],
        "volumesWhen": {"deleted": retention.when_deleted, "scaled": retention.when_scaled},
    }


def _containers(template: PodTemplate) -> Details:
    return {each.name: each.image for each in template.spec.every_container}


def _deployment(one: Deployment, _: Sight) -> Details:
    rolling = one.spec.strategy.rolling
    pace = {"maxSurge": rolling.max_surge, "maxUnavailable": rolling.max_unavailable}
    kind = one.spec.strategy.type
    return {
        "selector": _selector(one.spec.selector),
        "replicas": one.spec.replicas,
        "strategy": {"type": kind, **(pace if kind == "RollingUpdate" else {})},
        "containers": _containers(one.spec.template),
    }


def _autoscaler(one: Autoscaler, _: Sight) -> Details:
    rules = {"scaleUp": one.behavior.scale_up, "scaleDown": one.behavior.scale_down}
    return {"behavior": {way: _rules(each) for way, each in rules.items() if each}}


def _rules(one: ScalingRules) -> Details:
    policies = [f"{each.type} {each.value} in {each.period_seconds}s" for each in one.policies]
    window = one.stabilization_window_seconds
    return {
        "window": None if window is None else f"{window}s",
        "select": one.select_policy,
        "policies": policies,
    }


def _disruption_budget(one: PodDisruptionBudget, sight: Sight) -> Details:
    selector = _selector(one.spec.selector) if one.spec.selector else {}
    return {"selector": selector, **bounds.disruption(one, sight)}


def _pod(one: Pod, _: Sight) -> Details:
    containers = {each.name: each.image for each in one.spec.every_container}
    return {"restartPolicy": one.spec.restart_policy, "containers": containers}


def _job(one: Job, _: Sight) -> Details:
    return _of_job(one.spec)


def _cron_job(one: CronJob, sight: Sight) -> Details:
    spec, owner = one.spec, Owner("CronJob", one.metadata.namespace, one.metadata.name)
    cron = Cron(one, sight.manifests[owner].document, sight.world)
    return {
        "concurrencyPolicy": spec.concurrency_policy,
        "startingDeadlineSeconds": spec.starting_deadline_seconds,
        "history": {
            "successful": spec.successful_jobs_history_limit,
            "failed": spec.failed_jobs_history_limit,
        },
        **_of_job(spec.job_template.spec),
        "jobs": cron_jobs(cron),
    }


def _of_job(spec: JobSpec) -> Details:
    return {
        "parallelism": spec.parallelism,
        "completionMode": spec.completion_mode,
        "backoffLimit": spec.limit if spec.limit != NO_LIMIT else None,
        "activeDeadlineSeconds": spec.active_deadline_seconds,
        "ttlSecondsAfterFinished": spec.ttl_seconds_after_finished,
        "containers": _containers(spec.template),
    }


def _service(one: Service, sight: Sight) -> Details:
    targets = {f"{port.port}/{port.protocol}": port.target_port or port.port for port in one.spec.ports}
    name = f"{one.metadata.namespace}.{one.metadata.name}__service"
    servers = (
        {}
        if one.spec.headless
        else {f"{each.name} ({each.backend})": _server(each) for each in _servers(sight, name)}
    )
    return {"selector": dict(one.spec.selector), "targetPorts": targets, "endpoints": servers}


def _servers(sight: Sight, proxy: str) -> tuple[SeenServer, ...]:
    """Return what a proxy says of its servers; nothing where it doesn't answer."""
    try:
        return sight.engine.servers(proxy)
    except EngineError:
        return ()


def _server(one: SeenServer) -> str:
    failed = f", {one.errors} failed" if one.errors else ""
    checked = f", last check: {one.check}" if one.check else ""
    return (
        f"{one.status} at {one.address}, {one.sessions} connections now, {one.total} so far{failed}{checked}"
    )


def _led(one: SeenServer) -> str:
    """Return how many requests an Ingress led to a Service, and how they were answered."""
    answers = [f"{number} {digit}xx" for digit, number in enumerate(one.answers, 1) if number]
    return ", ".join([f"{one.total} requests so far", *answers, f"{one.errors} failed"])


def _ingress(one: Ingress, sight: Sight) -> Details:
    """Return what leads where, as kubectl lists it."""
    entrance, secure = sight.options.entrance, bool(one.spec.tls or one.wishes.acme)
    hosts = [rule.host or entrance.address or sight.options.machine.address for rule in one.spec.rules]
    rest = one.spec.default_backend
    mine = f"{one.metadata.namespace}:{one.metadata.name}:"
    led = [each for each in _servers(sight, INGRESS) if each.backend.startswith(mine)]
    return {
        "defaultBackend": _backend(rest) if rest else "",
        "tls": [f"{_from(secret, one)} for {', '.join(names)}" for secret, names in secured(one)],
        "rules": [
            f"{rule.host or '*'}{path.path or '/'} ({path.path_type}) -> {_backend(path.backend)}"
            for rule in one.spec.rules
            for path in rule.paths
        ],
        "urls": [_url(host, entrance, secure=secure) for host in dict.fromkeys(hosts) if "*" not in host],
        "backends": {each.backend.removeprefix(mine): _led(each) for each in led},
    }


def _from(secret: str, one: Ingress) -> str:
    return secret or ("by ACME" if one.wishes.acme else "no Secret")


def _backend(to: IngressBackend) -> str:
    return f"{to.service.name}:{to.service.port}"


def _url(host: str, entrance: Entrance, *, secure: bool) -> str:
    usual, port = (443, entrance.https) if secure else (80, entrance.http)
    return f"http{'s' if secure else ''}://{host}" + ("/" if port == usual else f":{port}/")


def _network_policy(one: NetworkPolicy, _: Sight) -> Details:
    told = "the pods of its own namespace" if one.spec.closes else "everybody"
    return {"policyTypes": list(one.spec.types), "letsIn": told}


def _config_map(one: ConfigMap, _: Sight) -> Details:
    return {"data": dict(one.data), "binaryData": {key: _size(one.values[key]) for key in one.binary_data}}


def _secret(one: Secret, _: Sight) -> Details:
    return {"data": {key: _size(value) for key, value in one.values.items()}}


def _claim(one: PersistentVolumeClaim, _: Sight) -> Details:
    return {"requests": {name: str(amount) for name, amount in one.spec.resources.requests.items()}}


def _volume(one: PersistentVolume, _: Sight) -> Details:
    return {"storageClassName": one.spec.storage_class_name, "type": one.spec.place.type}


def _namespace(one: Namespace, sight: Sight) -> Details:
    name = network_name(one.metadata.name)
    subnets = [subnet for each in sight.seen.networks if each.name == name for subnet in each.subnets]
    return {"network": name, "subnets": subnets}


def _selector(selector: LabelSelector) -> Details:
    expressions = {f"{one.key} {one.operator}": ", ".join(one.values) for one in selector.match_expressions}
    return {**selector.match_labels, **expressions}


def _size(value: bytes) -> str:
    return f"{len(value)} bytes"


def _nothing(_: Any, __: Sight) -> Details:
    return {}


KINDS: Mapping[str, Callable[[Any, Sight], Details]] = {
    "ConfigMap": _config_map,
    "CronJob": _cron_job,
    "DaemonSet": _daemon_set,
    "Deployment": _deployment,
    "HorizontalPodAutoscaler": _autoscaler,
    "Job": _job,
    "Ingress": _ingress,
    "LimitRange": bounds.limit_range,
    "Namespace": _namespace,
    "NetworkPolicy": _network_policy,
    "PersistentVolume": _volume,
    "PersistentVolumeClaim": _claim,
    "Pod": _pod,
    "PodDisruptionBudget": _disruption_budget,
    "ReplicaSet": _replica_set,
    "ReplicationController": _replica_set,
    "ResourceQuota": bounds.quota,
    "Secret": _secret,
    "Service": _service,
    "StatefulSet": _stateful_set,
}
