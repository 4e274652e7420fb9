"""What reconcilers are given: a world made of YAML, and pods that were seen in it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from textwrap import dedent
from typing import Any

from reconcilers.kinds import catalog, reconcile
from reconcilers.wanted import Past, Wanted
from reconcilers.world import World
from runtime.resources import Pod
from runtime.seen import Seen, SeenPod
from schemas.load import load
from schemas.manifest import Manifest

NOW = 1_700_000_000.0
SOURCE = "0123456789ab"

DEPLOYMENT = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {{name: web, namespace: shop, annotations: {annotations}}}
    spec:
      replicas: {replicas}
      strategy: {strategy}
      minReadySeconds: {min_ready}
      paused: {paused}
      progressDeadlineSeconds: {deadline}
      selector: {{matchLabels: {{app: web}}}}
      template:
        metadata: {{labels: {{app: web}}}}
        spec:
          containers: [{{name: main, image: "{image}"{container}}}]
          volumes: {volumes}
"""


def deployment(
    image: str = "app:1",
    replicas: int = 2,
    *,
    strategy: str = "{}",
    container: str = "",
    **fields: object,
) -> str:
    """Return a Deployment; ``container`` is more of its container, beginning with a comma."""
    plain = {"annotations": "{}", "min_ready": 0, "paused": "false", "volumes": "[]", "deadline": 600}
    return dedent(DEPLOYMENT).format(
        image=image, replicas=replicas, strategy=strategy, container=container, **{**plain, **fields}
    )


def rolling(surge: int | str, unavailable: int | str) -> str:
    """Return a strategy of these bounds."""
    return f"{{rollingUpdate: {{maxSurge: {surge}, maxUnavailable: {unavailable}}}}}"


def manifests(*documents: str) -> tuple[Manifest, ...]:
    """Read documents that have nothing wrong with them."""
    loaded = load({f"{number}.yaml": dedent(text).encode() for number, text in enumerate(documents)})
    assert loaded.problems == ()
    return loaded.manifests


def world(*documents: str, pods: Iterable[SeenPod] = (), now: float = NOW, **fields: Any) -> World:
    """Return a moment of a commit with these documents."""
    plain = {"source": SOURCE, "commit": "c0ffee", "key": b"the key of tests"}
    return World(
        **{**plain, **fields}, now=now, seen=Seen(pods=tuple(pods)), catalog=catalog(manifests(*documents))
    )


def wanted(*documents: str, pods: Iterable[SeenPod] = (), now: float = NOW, **fields: Any) -> Wanted:
    """Return what the last of the documents wants."""
    given = world(*documents, pods=pods, now=now, **fields)
    return reconcile(manifests(*documents)[-1:], given)[0]


def pods_of(answer: Wanted) -> list[Pod]:
    """Return the pods that are wanted."""
    return [one for one in answer.resources if isinstance(one, Pod)]


def seen(pod: Pod, *, since: float = NOW - 3600, **fields: Any) -> SeenPod:
    """Return a wanted pod as it is seen once it runs."""
    image = pod.containers[0].image
    plain = SeenPod(pod.name, pod.name, pod.labels, "running", image, image, (pod.network,), since, since)
    return replace(plain, **fields)


def running(*documents: str, since: float = NOW - 3600, **fields: Any) -> list[SeenPod]:
    """Return the pods of the last document, all of them up."""
    return [seen(pod, since=since) for pod in pods_of(wanted(*documents, **fields))]


def past(**known: Mapping[str, Any]) -> Past:
    """Return what is known of earlier passes."""
    return Past(**known)
