"""The page, docs/benchmarks.md: made from what was measured, and from nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.goals import Goal
from tests.bench.leading import Led, rows
from tests.bench.living import Living
from tests.bench.planning import Planned, exponent
from tests.bench.pushed import Pushed
from tests.bench.race import Figure
from tests.bench.serving import Latency, Served
from tests.bench.standing import PODS, Stood

DEEDS = {
    "up": "Bring up",
    "again": "Nothing to do",
    "change": "Change one",
    "down": "Take down",
}
PUBLISHED = (
    "As published, and not measured here: K3s 1.26.5 [takes](https://docs.k3s.io/reference/resource-profiling)",
    "6 % of a core and 1,596 MB for a server with a small workload on an x86 machine. For the three main",
    "parts of Argo CD in a small installation, beside the cluster that it needs, 450 millicores and 512 MB",
    "are advised as requests (oneuptime.com, How to right-size ArgoCD components).",
)


@dataclass(frozen=True, slots=True)
class Others:
    """What was measured of sloop alone."""

    planned: Sequence[Planned]
    lived: Living
    served: Served
    led: Led
    pushed: Pushed
    stood: Stood


def page(machine: Mapping[str, str], figures: Sequence[Figure], others: Others, found: Sequence[Goal]) -> str:
    """Return the page in Markdown."""
    parts = (
        _head(machine),
        _goals(found),
        _races(figures),
        _plans(others.planned),
        _load(others.served),
        _life(others.lived, others.pushed, others.stood),
        _leads(others.led),
    )
    return "\n".join(line for part in parts for line in part)


def by_count(figures: Sequence[Figure], deed: str) -> dict[str, dict[str, float]]:
    """Return the medians for a deed by number of containers and peer."""
    counts = sorted({one.count for one in figures})
    return {
        f"{count} containers": {
            one.peer: one.seconds for one in figures if (one.deed, one.count) == (deed, count)
        }
        for count in counts
    }


def _head(machine: Mapping[str, str]) -> Iterator[str]:
    yield "<!-- Written by `make bench`. The raw figures are in benchmarks.json. -->"
    yield "# Benchmarks"
    yield ""
    yield "sloop beside its peers: whole processes, imports included, in turn on one machine, with one image;"
    yield "medians of several rounds for small numbers. `make bench` repeats all of it in under ten minutes;"
    yield "who is too slow for a number is left out of it."
    yield ""
    yield from _table(("machine", ""), machine.items())


def _goals(found: Sequence[Goal]) -> Iterator[str]:
    yield "## Goals"
    yield ""
    rows = [(one.what, f"{one.found:.2f}", f"{one.most:g}", "yes" if one.met else "**no**") for one in found]
    yield from _table(("goal", "measured", "at most", "met"), rows)


def _races(figures: Sequence[Figure]) -> Iterator[str]:
    counts = sorted({one.count for one in figures})
    peers = list(dict.fromkeys(one.peer for one in figures))
    by = {(one.deed, one.count, one.peer): f"{one.seconds:.2f} s" for one in figures}
    for deed, title in DEEDS.items():
        yield f"## {title}"
        yield ""
        yield f"![{title}, seconds by peer and number of containers](benchmark-{deed}.svg)"
        yield ""
        rows = [(peer, *(by.get((deed, count, peer), "") for count in counts)) for peer in peers]
        yield from _table(("", *(str(count) for count in counts)), rows)
    yield "With nothing to do, the bare API is asked once for the list of containers. `kube play` can't leave"
    yield "pods alone: `--replace` makes all of them anew, whether one changed or none. Where one changes,"
    yield "sloop's old pod serves until the new one has run for a second, and only then stops; all others"
    yield "stop the old one first."
    yield ""


def _plans(planned: Sequence[Planned]) -> Iterator[str]:
    yield "## Plan"
    yield ""
    grows = f"It grows with the exponent {exponent(planned):.2f}."
    yield f"`sloop diff` of a first commit, half Deployments, half ConfigMaps. {grows}"
    yield ""
    rows = [
        (f"{one.objects:,}", f"{one.cost.seconds:.2f} s", f"{one.cost.memory / 2**20:.0f} MB")
        for one in planned
    ]
    yield from _table(("objects", "time", "memory"), rows)


def _load(served: Served) -> Iterator[str]:
    yield "## Under load"
    yield ""
    yield "Ten replicas are renewed (`apply`) while four clients ask through their Service."
    yield ""
    rows = (
        ("duration", f"{served.rolled:.2f} s"),
        ("requests, and how many of them failed", f"{served.answered:,}, {served.failed}"),
        ("latency before, p50 and p99", _milliseconds(served.before)),
        ("latency during the update, p50 and p99", _milliseconds(served.during)),
        ("its proxy's CPU for 1,000 requests", f"{served.cpu:.2f} s"),
        ("its CPU when nobody asks", f"{served.idle:.1%} of a core"),
        ("its memory", f"{served.memory / 2**20:.1f} MB"),
    )
    yield from _table(("", ""), rows)


def _milliseconds(latency: Latency) -> str:
    return f"{latency.half * 1000:.1f} ms, {latency.most * 1000:.1f} ms"


def _life(lived: Living, pushed: Pushed, stood: Stood) -> Iterator[str]:
    yield "## Over time"
    yield ""
    minutes = 60 / stood.seconds
    rows = (
        ("commit to serving (`run --interval 1s`)", f"{lived.serving:.2f} s"),
        ("killed container to serving again (`run`)", f"{lived.healed:.2f} s"),
        ("removed container to serving again (`run`)", f"{lived.replaced:.2f} s"),
        ("the bare calls until a new container answers", f"{pushed.bare:.2f} s"),
        ("`git push` until the new version answers", f"{pushed.alone:.2f} s"),
        ("`git push` beside `run` until the new version answers", f"{pushed.daemon:.2f} s"),
        (f"`run` with nothing to do at {PODS} pods", f"{stood.cpu / stood.seconds:.2%} of a core"),
        ("its memory", f"{stood.memory / 2**20:.0f} MB"),
        ("its descriptors", f"{stood.descriptors}"),
        (
            "what it asks Podman, and git, a minute",
            f"{stood.podman * minutes:.0f}, {stood.git * minutes:.0f}",
        ),
        ("a timer's tick (`apply`) with nothing to do at 30 containers", f"{lived.tick.cpu:.2f} s of CPU"),
        ("its memory", f"{lived.tick.memory / 2**20:.0f} MB"),
    )
    yield from _table(("", ""), rows)
    yield from PUBLISHED
    yield ""


def _leads(led: Led) -> Iterator[str]:
    yield "## Services and Ingresses"
    yield ""
    yield "wrk with 32 connections to one pod: kept, or a new one for each request. By hand is the same"
    yield "HAProxy with what a person would write who wants the same; for an Ingress what is told of the"
    yield "visitor, an access log and retries. It leads to the same Service. The proxies have a core for"
    yield "themselves; beside requests a second stands their processor time for each."
    yield ""
    yield from _table(("", "kept", "of the proxy", "anew", "of the proxy"), rows(led))


def _table(head: Sequence[str], rows: "Iterator[Sequence[str]] | Sequence[Sequence[str]]") -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
