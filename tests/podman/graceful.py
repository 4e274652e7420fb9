"""Pods whose program keeps connections and ends as it should: HAProxy once more, that answers by itself."""

from typing import Any

from runtime.proxies import BUILT
from tests.podman.manifests import Object, config_map, deployment

# On SIGUSR1 it takes no more, and says `Connection: close` to those that are connected.
ANSWERS = """\
global
    nbthread 1
    hard-stop-after 8s
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    timeout http-keep-alive 60s
    option idle-close-on-response
frontend web
    bind :8000
    http-request return status 200 content-type text/plain string %[path]
"""
RUN = ("haproxy", "-db", "-f", "/etc/web/haproxy.cfg")


def graceful(version: str, *, replicas: int = 2) -> tuple[Object, Object]:
    """Return a Deployment of such pods, whose readiness probe takes a second, and what they read."""
    probe = {"httpGet": {"port": 8000, "path": "/ready"}, "periodSeconds": 1, "initialDelaySeconds": 1}
    template: dict[str, Any] = {
        "volumes": [{"name": "web", "configMap": {"name": "web"}}],
        "terminationGracePeriodSeconds": 10,
        "hostname": version,
    }
    rolling = {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
    made = deployment(
        image=BUILT,
        replicas=replicas,
        command=RUN,
        readinessProbe=probe,
        lifecycle={"stopSignal": "SIGUSR1"},
        ports=[{"containerPort": 8000, "name": "http"}],
        volumeMounts=[{"name": "web", "mountPath": "/etc/web"}],
        env=[{"name": "VERSION", "value": version}],
        pod=template,
        spec=rolling,
    )
    return made, config_map("web", **{"haproxy.cfg": ANSWERS})
