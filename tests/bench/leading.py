"""What it costs to be led by a Service or an Ingress, beside the same HAProxy configured by hand."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from runtime.podman import PodmanEngine
from runtime.proxies import BUILT
from tests.bench.goals import Goal
from tests.bench.race import cost_of
from tests.machine import api
from tests.podman.graceful import RUN, graceful
from tests.podman.manifests import Object, config_map, deployment, named, service
from tests.podman.program import Program

ROUNDS = 6
SECONDS = 1  # of load on each way in a round; what is compared comes one after the other
CONNECTIONS = 32
HOST = "bench.example.org"
# What a person would write who wants the same: routing, the visitor's address, an access log, retries.
BY_HAND = """\
global
    nbthread 1
    log stdout format raw local0 info
defaults
    log global
    timeout connect 1s
    timeout client 60s
    timeout server 60s
frontend service
    mode tcp
    bind :8001
    default_backend pods
backend pods
    mode tcp
    server pod web:8000 check
frontend ingress
    mode http
    bind :8002
    option httplog
    option forwardfor
    http-request set-header X-Real-IP %[src]
    http-request set-header X-Forwarded-Proto http
    use_backend web if { hdr(host) -i bench.example.org }
backend web
    mode http
    retry-on conn-failure empty-response
    server service service:80
"""
DIRECT, SERVICE, INGRESS = "straight at the pod", "through a Service", "through an Ingress"
TCP, HTTP = "by hand, as a Service leads", "by hand, as an Ingress leads"


@dataclass(frozen=True, slots=True)
class Led:
    """Requests a second by way, in rounds; microseconds of processor that a proxy takes for each; memory.

    ``errors`` are what wrk counts as such; ``memory`` is in bytes of a Service's proxy that nobody shares.
    What else a machine does changes how many requests there are, and not what one of them costs.
    """

    rates: Mapping[str, tuple[float, ...]]
    costs: Mapping[str, float]
    errors: int
    memory: int


def leading(program: Program) -> Led:
    """Put load on a pod on each way in turn, several times."""
    api.clear(program.podman.socket)
    PodmanEngine(program.podman.url).build(BUILT)
    program.commit("Lead", *_objects())
    cost_of(program.words("apply"), program.environment())
    (hand,), (pod,) = program.of("hand"), [one for one in program.of("web") if "__" not in one]
    proxies = {TCP: hand, SERVICE: "default.service__service", INGRESS: "sloop__ingress", HTTP: hand}
    ports = {TCP: 8001, SERVICE: 80, INGRESS: 80, HTTP: 8002}
    urls = {way: f"http://{program.address(name)}:{ports[way]}/" for way, name in proxies.items()}
    urls[DIRECT] = f"http://{program.address(pod)}:8000/"
    processes = {way: _processes(program.inspect(name)["State"]["Pid"]) for way, name in proxies.items()}
    return _measured(urls, processes)


def _objects() -> Iterator[Object]:
    yield from graceful("one", replicas=1)
    yield service("service")
    yield {**service("web"), "spec": {**service("web")["spec"], "clusterIP": "None"}}
    to = {"service": {"name": "service", "port": {"number": 80}}}
    rule = {"host": HOST, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": to}]}}
    yield {**named("Ingress", "bench", api="networking.k8s.io/v1"), "spec": {"rules": [rule]}}
    yield config_map("hand", **{"haproxy.cfg": BY_HAND})
    volumes = [{"name": "hand", "configMap": {"name": "hand"}}]
    yield deployment(
        "hand",
        BUILT,
        command=RUN,
        pod={"volumes": volumes},
        volumeMounts=[{"name": "hand", "mountPath": "/etc/web"}],
        annotations={"sloop/depends-on": "Deployment/web, Service/service"},
    )


def _measured(urls: Mapping[str, str], processes: Mapping[str, list[int]]) -> Led:
    rates: dict[str, list[float]] = {way: [] for way in urls}
    costs: dict[str, list[float]] = {way: [] for way in processes}
    errors = 0
    for _ in range(ROUNDS):
        for way, url in urls.items():
            before = _used(processes.get(way, []))
            rate, failed, count = _wrk(url)
            rates[way].append(rate)
            errors += failed
            if way in costs:
                costs[way].append((_used(processes[way]) - before) / count * 1e6)
    return Led(
        {way: tuple(found) for way, found in rates.items()},
        {way: median(found) for way, found in costs.items()},
        errors,
        sum(map(_own, processes[SERVICE])),
    )


def _wrk(url: str) -> tuple[float, int, int]:
    """Return requests a second, how many failed, and how many were answered."""
    load = ["wrk", "--threads=1", f"--connections={CONNECTIONS}", f"--duration={SECONDS}s"]
    said = subprocess.run(
        [*load, "--header", f"Host: {HOST}", url], capture_output=True, text=True, check=True
    ).stdout
    (rate,), (count,) = re.findall(r"Requests/sec: +([\d.]+)", said), re.findall(r"(\d+) requests in", said)
    failed = re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", said)
    return float(rate), sum(map(int, failed)), int(count)


def _processes(first: int) -> list[int]:
    """Return a process and its children: a master, and its worker."""
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [first, *map(int, children)]


def _used(processes: list[int]) -> float:
    """Return the seconds of processor that they have used, as the scheduler counts them."""
    return sum(int(Path(f"/proc/{one}/schedstat").read_text().split()[0]) for one in processes) / 1e9


def _own(process: int) -> int:
    rows = Path(f"/proc/{process}/smaps_rollup").read_text()
    return sum(map(int, re.findall(r"^Private_Dirty: +(\d+) kB", rows, re.MULTILINE))) * 1024


def goals(led: Led) -> Iterator[Goal]:
    """Yield what the figures should be."""
    for way, by_hand in ((SERVICE, TCP), (INGRESS, HTTP)):
        yield Goal(f"a request {way}, in times of HAProxy by hand", led.costs[way] / led.costs[by_hand], 1.05)
    yield Goal("requests that failed", led.errors, 0)


def rows(led: Led) -> Iterator[tuple[str, str, str]]:
    """Yield for a table, by way: requests a second, and microseconds of processor that the proxy took."""
    for way, rates in led.rates.items():
        cost = f"{led.costs[way]:.1f} µs" if way in led.costs else ""
        yield way, f"{median(rates):,.0f}", cost
    yield "memory of a Service's proxy that it shares with nobody", f"{led.memory / 2**20:.1f} MB", ""
