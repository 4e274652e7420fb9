"""What it costs to be led by a Service or an Ingress, beside the same HAProxy configured by hand."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
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

ROUNDS = 4
SECONDS = 1  # of load on each way in a round; what is compared comes one after the other
CONNECTIONS = 32
LOADS = {"kept": (), "anew": ("--header", "Connection: close")}  # how long a connection lasts
HOST = "bench.example.org"
# What a person would write who wants the same: routing, retries, and of the Ingress an access log and what is
# told of the visitor.  Lines that nobody wants would hold the proxy up, so that it wakes its neighbours less
# often: with HAProxy's own "Connect from" for each connection it led on up to twice as many of them.
BY_HAND = """\
global
    nbthread 1
    log stdout format raw local0 info
defaults
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
    log global
    option httplog
    option forwardfor
    http-request set-header X-Real-IP %[src]
    http-request del-header X-Forwarded- -m beg
    http-request add-header X-Forwarded-Host %[req.hdr(host)]
    http-request add-header X-Forwarded-Proto http
    http-request add-header X-Forwarded-Port 80
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
    """By load and way, in rounds: requests a second, and microseconds of a proxy's processor for each.

    ``errors`` are what wrk counts as such; ``memory`` is in bytes of a Service's proxy that nobody shares.
    What else a machine does changes how many requests there are, and less what one of them costs.
    """

    rates: Mapping[str, Mapping[str, Sequence[float]]]
    costs: Mapping[str, Mapping[str, Sequence[float]]]
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
    processes = {way: _processes_of(program, name) for way, name in proxies.items()}
    _keep_apart([one for found in processes.values() for one in found], _processes_of(program, pod))
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
    rates: dict[str, dict[str, list[float]]] = {load: {way: [] for way in urls} for load in LOADS}
    costs: dict[str, dict[str, list[float]]] = {load: {way: [] for way in processes} for load in LOADS}
    errors = 0
    for _, load, way in product(range(ROUNDS), LOADS, urls):
        before = _used(processes.get(way, []))
        rate, failed, count = _wrk(urls[way], *LOADS[load])
        rates[load][way].append(rate)
        errors += failed
        if way in processes:
            costs[load][way].append((_used(processes[way]) - before) / count * 1e6)
    return Led(rates, costs, errors, sum(map(_own, processes[SERVICE])))


def _wrk(url: str, *more: str) -> tuple[float, int, int]:
    """Return requests a second, how many failed, and how many were answered."""
    load = [f"--connections={CONNECTIONS}", f"--duration={SECONDS}s", "--header", f"Host: {HOST}", *more]
    words = ["taskset", "--cpu-list", ",".join(map(str, _cores()[0])), "wrk", "--threads=1", *load, url]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    (rate,), (count,) = re.findall(r"Requests/sec: +([\d.]+)", said), re.findall(r"(\d+) requests in", said)
    failed = re.findall(r"(?:connect|read|write|timeout|responses:) (\d+)", said)
    return float(rate), sum(map(int, failed)), int(count)


def _keep_apart(proxies: Sequence[int], others: Sequence[int]) -> None:
    """Give proxies a core for themselves: who shares one with whom would decide more than they do."""
    theirs, last = _cores()
    for cores, processes in ((theirs, others), (last, proxies)):
        for process in processes:
            os.sched_setaffinity(process, cores)


def _cores() -> tuple[set[int], set[int]]:
    """Return the cores of pods and of who puts load on them, and that of the proxies."""
    *rest, last = sorted(os.sched_getaffinity(0))
    return set(rest) or {last}, {last}


def _processes_of(program: Program, name: str) -> list[int]:
    """Return a container's first process and its children: a master, and its worker."""
    first = int(program.inspect(name)["State"]["Pid"])
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [first, *map(int, children)]


def _used(processes: list[int]) -> float:
    """Return the seconds of processor that they have used, as the scheduler counts them."""
    return sum(int(Path(f"/proc/{one}/schedstat").read_text().split()[0]) for one in processes) / 1e9


def _own(process: int) -> int:
    rows = Path(f"/proc/{process}/smaps_rollup").read_text()
    return sum(map(int, re.findall(r"^Private_Dirty: +(\d+) kB", rows, re.MULTILINE))) * 1024


def goals(led: Led) -> Iterator[Goal]:
    """Yield what the figures should be: medians of what was compared within a round."""
    for way, by_hand in ((SERVICE, TCP), (INGRESS, HTTP)):
        for load in LOADS:
            cost, rate = led.costs[load], led.rates[load]
            told = f"{way}, connections {load}, in times of HAProxy by hand"
            yield Goal(f"a request {told}", _ratio(cost[way], cost[by_hand]), 1.05)
            yield Goal(f"seconds for as many requests {told}", _ratio(rate[by_hand], rate[way]), 1.05)
    yield Goal("requests that failed", led.errors, 0)


def _ratio(ones: Sequence[float], others: Sequence[float]) -> float:
    return median(one / other for one, other in zip(ones, others, strict=True))


def rows(led: Led) -> Iterator[Sequence[str]]:
    """Yield for a table, by way: requests a second and microseconds of the proxy, under each load."""
    for way in led.rates["kept"]:
        found = [(led.rates[load][way], led.costs[load].get(way)) for load in LOADS]
        yield way, *(text for rates, costs in found for text in _cells(rates, costs))
    yield "memory of a Service's proxy that it shares with nobody", f"{led.memory / 2**20:.1f} MB", "", "", ""


def _cells(rates: Sequence[float], costs: Sequence[float] | None) -> tuple[str, str]:
    return f"{median(rates):,.0f}", f"{median(costs):.1f} µs" if costs else ""
