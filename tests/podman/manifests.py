"""Objects for tests of the whole program, as plain data."""

from collections.abc import Mapping
from typing import Any

ONE, TWO = "localhost/sloop/busybox:1", "localhost/sloop/busybox:2"
SLEEP = ("sleep", "100000")  # longer than a soak
SERVE = ("httpd", "-f", "-h", "/etc", "-p", "8000")

Object = dict[str, Any]


def deployment(name: str = "web", image: str = ONE, *, replicas: int = 1, **more: Any) -> Object:
    """Return a Deployment; ``more`` is about its container, ``spec`` and ``pod`` about what is around it."""
    labels = {"app": name}
    spec, annotations = more.pop("spec", {}), more.pop("annotations", {})
    template = {"metadata": {"labels": labels}, "spec": pod_spec(image, **more)}
    body = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec}
    return {**named("Deployment", name, api="apps/v1", annotations=annotations), "spec": body}


def workload(kind: str, name: str, image: str = ONE, **more: Any) -> Object:
    """Return a DaemonSet, ReplicaSet or StatefulSet; ``more`` is as for a Deployment."""
    made = deployment(name, image, **more)
    kept = {key: value for key, value in made["spec"].items() if key != "replicas" or kind != "DaemonSet"}
    return {**made, "kind": kind, "spec": kept}


def stateful_set(name: str = "db", image: str = ONE, *, replicas: int = 2, **spec: Any) -> Object:
    """Return a StatefulSet whose pods have a volume each, at /data; ``spec`` is more of its spec."""
    claims = [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}]
    whole = {"serviceName": name, "volumeClaimTemplates": claims, **spec}
    mounts = [mounted("data", "/data")]
    return workload("StatefulSet", name, image, replicas=replicas, volumeMounts=mounts, spec=whole)


def pod(name: str, image: str = ONE, **more: Any) -> Object:
    """Return a Pod that stands by itself."""
    return {**named("Pod", name), "spec": pod_spec(image, **more)}


def pod_spec(
    image: str, *, command: tuple[str, ...] = SLEEP, pod: Mapping[str, Any] | None = None, **container: Any
) -> Object:
    """Return a pod's spec of one container, that is killed as soon as it should stop."""
    main = {"name": "main", "image": image, "command": list(command), **container}
    return {"terminationGracePeriodSeconds": 0, "containers": [main], **(pod or {})}


def config_map(name: str = "settings", /, *, binary: Mapping[str, str] | None = None, **data: str) -> Object:
    """Return a ConfigMap; ``binary`` is in base64."""
    return {**named("ConfigMap", name), "data": data, **({"binaryData": binary} if binary else {})}


def secret(name: str = "login", /, **data: str) -> Object:
    """Return a Secret."""
    return {**named("Secret", name), "stringData": data}


def claim(name: str = "data", *modes: str, annotations: Mapping[str, str] | None = None) -> Object:
    """Return a PersistentVolumeClaim."""
    spec = {
        "accessModes": list(modes or ("ReadWriteOnce",)),
        "resources": {"requests": {"storage": "1Gi"}},
    }
    return {**named("PersistentVolumeClaim", name, annotations=annotations or {}), "spec": spec}


def headless(name: str, app: str) -> Object:
    """Return a Service without an address: names on the pods."""
    spec = {"clusterIP": "None", "selector": {"app": app}, "ports": [{"port": 80}]}
    return {**named("Service", name), "spec": spec}


def service(
    name: str = "web", app: str = "web", *, port: int = 80, target: int | str = 8000, **spec: Any
) -> Object:
    """Return a Service of one port; ``spec`` is more of its spec."""
    whole = {"selector": {"app": app}, "ports": [{"port": port, "targetPort": target}], **spec}
    return {**named("Service", name), "spec": whole}


def namespace(name: str) -> Object:
    """Return a Namespace."""
    return named("Namespace", name)


def within(name: str, one: Object) -> Object:
    """Return an object in another namespace."""
    return {**one, "metadata": {**one["metadata"], "namespace": name}}


def named(kind: str, name: str, *, api: str = "v1", annotations: Mapping[str, str] | None = None) -> Object:
    """Return the head of an object."""
    metadata = {"name": name, **({"annotations": dict(annotations)} if annotations else {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata}


def mounted(volume: str, path: str, **more: Any) -> Object:
    """Return where a container sees a volume."""
    return {"name": volume, "mountPath": path, **more}


def claimed(volume: str = "data") -> Object:
    """Return a pod's volume that is a claim's."""
    return {"name": volume, "persistentVolumeClaim": {"claimName": volume}}


def variable(name: str, secret: str, key: str) -> Object:
    """Return a variable that is a Secret's key."""
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
