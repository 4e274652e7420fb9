"""What is answered over HTTP: webhooks wake the right sources once, and numbers for Prometheus."""

import hashlib
import hmac
import json
from functools import partial

import pytest

from gitops.service.board import Board
from gitops.service.exposition import exposition
from gitops.service.listener import Request
from gitops.service.metrics import BUCKETS, Histogram, Metric, counter, gauge
from gitops.service.traffic import traffic
from gitops.service.web import REMEMBERED, Web, Woken
from runtime.observe import pod_name
from tests.gitops.material import shop
from tests.host import Host

SECRET = b"a secret of some length"


class Told:
    """Sources that count how often they were woken, and what a web says of them."""

    def __init__(self, secret: bytes = SECRET) -> None:
        self.woken: list[str] = []
        self.troubles: list[str] = []
        self.alive = True
        refs = {"shop": "main", "watch": "release", "any": None}
        sources = {name: Woken(ref, partial(self.woken.append, name)) for name, ref in refs.items()}
        self.web = Web(secret, sources, lambda: self.alive, lambda: self.troubles, list)

    def push(self, ref: str, path: str = "/webhook", *, secret: bytes = SECRET, more: str = "") -> int:
        """Send a push of this ref, and return the status."""
        body = json.dumps({"ref": f"refs/heads/{ref}", "more": more}).encode()
        sign = hmac.new(secret, body, hashlib.sha256).hexdigest()
        headers = {"x-hub-signature-256": f"sha256={sign}"}
        return self.web.answer(Request("POST", path, headers, body)).status

    def get(self, path: str) -> tuple[int, str]:
        reply = self.web.answer(Request("GET", path))
        return reply.status, reply.body.decode().strip()


def test_a_webhook_wakes_who_follows_its_branch() -> None:
    told = Told()

    assert told.push("main") == 202
    assert told.woken == ["shop", "any"]


def test_a_webhook_of_one_source_wakes_no_other() -> None:
    told = Told()

    assert told.push("main", "/webhook/shop") == 202
    assert told.push("main", "/webhook/nobody") == 404
    assert told.push("main", "/webhook/shop/more") == 405
    assert told.woken == ["shop"]


def test_what_one_source_was_told_is_news_to_another() -> None:
    told = Told()

    assert told.push("main", "/webhook/shop") == 202
    assert told.push("main", "/webhook/any") == 202
    assert told.push("main", "/webhook/any") == 200
    assert told.woken == ["shop", "any"]


def test_a_webhook_that_comes_again_wakes_nobody() -> None:
    told = Told()
    told.push("main")

    assert told.push("main") == 200
    assert told.woken == ["shop", "any"]
    assert told.push("main", more="another") == 202


def test_what_is_remembered_of_webhooks_is_bounded() -> None:
    told = Told()
    for number in range(REMEMBERED + 1):
        told.push("main", more=str(number))

    assert told.push("main", more=str(REMEMBERED)) == 200
    assert told.push("main", more="0") == 202


@pytest.mark.parametrize(("set_", "sent", "status"), [(SECRET, b"another", 401), (b"", b"", 503)])
def test_who_does_not_know_the_secret_wakes_nobody(set_: bytes, sent: bytes, status: int) -> None:
    told = Told(set_)

    assert told.push("main", secret=sent) == status
    assert told.woken == []


def test_health_is_that_of_the_loop_and_readiness_that_of_git_and_podman() -> None:
    told = Told()
    assert (told.get("/healthz"), told.get("/readyz")) == ((200, "ok"), (200, "ok"))

    told.alive, told.troubles = False, ["shop: git is away"]
    assert told.get("/healthz")[0] == 503
    assert told.get("/readyz") == (503, "shop: git is away")


def test_other_pages_are_not_there() -> None:
    told = Told()

    assert told.get("/")[0] == 404
    assert told.get("/webhook")[0] == 405
    assert told.web.answer(Request("POST", "/metrics")).status == 405


def test_numbers_are_spelt_as_prometheus_reads_them() -> None:
    page = exposition(
        [
            gauge("up", 'back\\slash\nand "quotes"', [({"name": 'a"b\\c\nd'}, True), ({}, 0.5)]),
            counter("empty_total", "nothing", []),
            counter("runs_total", "More", [({}, 3)]),
            Metric("took", "histogram", "Long", list(Histogram().samples({}))),
        ]
    )

    assert page.decode().splitlines()[:6] == [
        '# HELP up back\\\\slash\\nand "quotes"',
        "# TYPE up gauge",
        'up{name="a\\"b\\\\c\\nd"} 1.0',
        "up 0.5",
        "# HELP runs_total More",
        "# TYPE runs_total counter",
    ]
    assert {"runs_total 3.0", "# TYPE took histogram", 'took_bucket{le="+Inf"} 0.0', "took_sum 0.0"} < {
        *page.decode().splitlines()
    }


def test_a_histogram_counts_each_time_in_every_bucket_that_it_fits() -> None:
    histogram = Histogram()
    for seconds in (0.1, 0.2, 1000.0):
        histogram.add(seconds)

    samples = {labels.get("le", name): value for name, labels, value in histogram.samples({})}
    assert samples == {
        **{str(limit): 2 for limit in BUCKETS},
        "0.1": 1,
        "+Inf": 3,
        "_sum": pytest.approx(1000.3),
        "_count": 3,
    }


def values(metrics: list[Metric], name: str) -> dict[tuple[str, ...], float]:
    (found,) = (metric for metric in metrics if metric.name == name)
    return {tuple(labels.values()): value for _, labels, value in found.samples}


def test_whom_proxies_lead_to_is_counted_when_somebody_asks(host: Host) -> None:
    board = Board()
    head = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n"
    host.commit(
        "Open",
        {**shop(replicas=1), "a.yaml": f"{head}spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}\n"},
    )
    host.apply()
    board.passed("shop", host.passes[-1], 0.2, 1)

    found = list(traffic(host.engine, board.views()))

    (pod,) = [pod_name(one) for one in host.engine.look().pods if "__" not in one.name]
    at = ("shop", "Service", "shop", "web", "port", pod)
    assert values(found, "sloop_server_up") == {at: 1}
    assert values(found, "sloop_server_bytes_total") == {(*at, "in"): 0, (*at, "out"): 0}
    assert values(found, "sloop_server_answers_total") == {}


def test_the_board_knows_how_every_object_fares(host: Host) -> None:
    board = Board()
    assert Board().metrics()[0].samples == []
    board.expect("shop")
    assert board.troubles() == ["shop: no pass was made yet"]
    host.commit("Open", shop())
    host.apply()
    board.passed("shop", host.passes[-1], 0.2, 1)
    board.ended("shop", "Synced")
    board.troubled("other", "git is away", 0.1)

    metrics = board.metrics()
    web = ("shop", "Deployment", "shop", "web")
    assert values(metrics, "sloop_object_synced")[web] == 1
    assert values(metrics, "sloop_object_health")[(*web, "Healthy")] == 1
    assert values(metrics, "sloop_object_health")[(*web, "Degraded")] == 0
    assert values(metrics, "sloop_object_pods_ready")[web] == 2
    assert values(metrics, "sloop_passes_total") == {("shop", "quiet"): 1, ("other", "troubled"): 1}
    assert values(metrics, "sloop_rollouts_total") == {("shop", "Synced"): 1}
    assert values(metrics, "sloop_source_reachable") == {("shop",): 1, ("other",): 0}
    assert values(metrics, "sloop_queue") == {("shop",): 1, ("other",): 0}
    assert board.troubles() == ["other: git is away"]
