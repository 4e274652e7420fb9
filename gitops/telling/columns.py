"""What ``get`` found, in kubectl's columns."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gitops.telling.ages import age, duration
from gitops.telling.show import table

Document = Mapping[str, Any]

MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
NOTHING = {
    **dict.fromkeys(("clusterIP", "externalIP", "lastSchedule", "timeZone"), "<none>"),
    **dict.fromkeys(("minAvailable", "maxUnavailable"), "N/A"),
}
SPACED = frozenset({"limit", "request"})
HEADS: Mapping[str, Mapping[str, str]] = {
    "Pod": {"ready": "READY", "status": "STATUS", "restarts": "RESTARTS"},
    "DaemonSet": {
        "desired": "DESIRED",
        "current": "CURRENT",
        "readyPods": "READY",
        "upToDate": "UP-TO-DATE",
        "available": "AVAILABLE",
        "nodeSelector": "NODE SELECTOR",
    },
    "Deployment": {"ready": "READY", "upToDate": "UP-TO-DATE", "available": "AVAILABLE"},
    "ReplicaSet": {"desired": "DESIRED", "current": "CURRENT", "readyPods": "READY"},
    "ReplicationController": {"desired": "DESIRED", "current": "CURRENT", "readyPods": "READY"},
    "StatefulSet": {"ready": "READY"},
    "HorizontalPodAutoscaler": {
        "reference": "REFERENCE",
        "targets": "TARGETS",
        "minPods": "MINPODS",
        "maxPods": "MAXPODS",
        "replicas": "REPLICAS",
    },
    "Job": {"status": "STATUS", "completions": "COMPLETIONS", "duration": "DURATION"},
    "CronJob": {
        "schedule": "SCHEDULE",
        "timeZone": "TIMEZONE",
        "suspend": "SUSPEND",
        "active": "ACTIVE",
        "lastSchedule": "LAST SCHEDULE",
    },
    "Service": {"type": "TYPE", "clusterIP": "CLUSTER-IP", "externalIP": "EXTERNAL-IP", "ports": "PORT(S)"},
    "Endpoints": {"endpoints": "ENDPOINTS"},
    "EndpointSlice": {},
    "Ingress": {"class": "CLASS", "hosts": "HOSTS", "address": "ADDRESS", "ports": "PORTS"},
    "IngressClass": {"controller": "CONTROLLER"},
    "LimitRange": {},
    "PodDisruptionBudget": {
        "minAvailable": "MIN AVAILABLE",
        "maxUnavailable": "MAX UNAVAILABLE",
        "disruptionsAllowed": "ALLOWED DISRUPTIONS",
    },
    "ResourceQuota": {"request": "REQUEST", "limit": "LIMIT"},
    "NetworkPolicy": {"podSelector": "POD-SELECTOR"},
    "ConfigMap": {"data": "DATA"},
    "Secret": {"type": "TYPE", "data": "DATA"},
    "PersistentVolume": {"capacity": "CAPACITY", "accessModes": "ACCESS MODES", "path": "PATH"},
    "PersistentVolumeClaim": {"status": "STATUS", "volume": "VOLUME", "accessModes": "ACCESS MODES"},
    "Namespace": {"status": "STATUS"},
}


def columns(items: Sequence[Document], now: float, *, everywhere: bool, several: bool) -> Iterator[str]:
    """Yield a table for each kind; names say their kind where ``several`` were asked for."""
    kinds = dict.fromkeys(item["kind"] for item in items)
    for number, kind in enumerate(kinds):
        if number:
            yield ""
        found = [item for item in items if item["kind"] == kind]
        heads = HEADS.get(kind, {})
        place = ["NAMESPACE"] if everywhere and found[0]["namespace"] else []
        rows = [[*_name(item, place, several), *_cells(item, heads, now)] for item in found]
        yield from table([*place, "NAME", *heads.values(), "AGE"], rows)


def _name(item: Document, place: Sequence[str], several: bool) -> list[str]:
    name = f"{item['kind'].lower()}/{item['name']}" if several else item["name"]
    return [item["namespace"], name] if place else [name]


def _cells(item: Document, heads: Mapping[str, str], now: float) -> list[str]:
    return [*(_cell(item, key, now) for key in heads), age(item["created"], now)]


def _cell(item: Document, key: str, now: float) -> str:
    match key, item[key]:
        case "accessModes", modes:
            return ",".join(MODES[mode] for mode in modes)
        case "restarts", int(count) if count and item["started"]:
            return f"{count} ({age(item['started'], now)} ago)"
        case "duration", int(seconds):
            return duration(seconds)
        case "lastSchedule", str(moment):
            return age(moment, now)
        case _, None:
            return NOTHING.get(key, "?")
    return _plain(item[key], ", " if key in SPACED else ",")


def _plain(value: Any, between: str) -> str:
    return (between.join(value) or "<none>") if isinstance(value, list) else str(value)
