"""What proxies tell of whom they lead to, as numbers; they are asked when somebody wants to know."""

from collections.abc import Iterator, Sequence

from gitops.planning.view import View
from gitops.service.metrics import Labels, Metric, counter, gauge
from runtime.engine import Engine, EngineError
from runtime.observe import pod_name
from runtime.resources import Label, Owner
from runtime.seen import SeenServer

LEADING = frozenset({"Service", "IngressClass"})  # whose pods are proxies

Told = tuple[Labels, SeenServer]


def traffic(engine: Engine, views: Sequence[tuple[str, View]]) -> Iterator[Metric]:
    """Yield what the proxies of some sources count; one that doesn't answer is left out."""
    told = [one for source, view in views for one in _of_source(engine, source, view)]
    yield gauge(
        "sloop_server_up", "1 if its proxy finds it up, and leads to it.", [(at, one.up) for at, one in told]
    )
    yield gauge(
        "sloop_server_connections", "Connections to it now.", [(at, one.sessions) for at, one in told]
    )
    yield counter(
        "sloop_server_connections_total",
        "Connections, of an Ingress requests, that it had since its proxy was last told anew.",
        [(at, one.total) for at, one in told],
    )
    yield counter(
        "sloop_server_bytes_total",
        "What went to it (in) and came from it (out) since then.",
        [
            ({**at, "way": way}, n)
            for at, one in told
            for way, n in zip(("in", "out"), one.bytes, strict=True)
        ],
    )
    yield counter(
        "sloop_server_errors_total",
        "Connections to it that failed, and answers that broke off, since then.",
        [(at, one.errors) for at, one in told],
    )
    yield counter(
        "sloop_server_answers_total",
        "Answers to requests of an Ingress since then, by the first digit of their status.",
        [
            ({**at, "status": f"{digit}xx"}, number)
            for at, one in told
            for digit, number in enumerate(one.answers, 1)
        ],
    )


def _of_source(engine: Engine, source: str, view: View) -> Iterator[Told]:
    for pod in view.seen.pods:
        owner = pod.labels.get(Label.OWNER, "")
        if pod.state == "running" and owner.partition("/")[0] in LEADING:
            whose = Owner.parse(owner)
            at = {"source": source, "kind": whose.kind, "namespace": whose.namespace, "name": whose.name}
            for one in _servers(engine, pod_name(pod)):
                yield {**at, "backend": one.backend, "server": one.name}, one


def _servers(engine: Engine, proxy: str) -> tuple[SeenServer, ...]:
    try:
        return engine.servers(proxy)
    except EngineError:
        return ()
