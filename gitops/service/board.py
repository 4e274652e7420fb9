"""What a daemon knows of its sources at this moment, for those who ask over HTTP."""

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import field

from gitops.loop import Pass
from gitops.planning.view import View
from gitops.service.metrics import Histogram, Metric, counter, gauge
from reconcilers.wanted import Health
from runtime.dataclass import dataclass
from runtime.observe import pod_name


@dataclass
class Row:
    """One source: its last pass, how all of them went, and what keeps it from the next, "" for nothing."""

    last: Pass | None = None
    trouble: str = "no pass was made yet"
    passes: Counter[str] = field(default_factory=Counter)
    runs: Counter[str] = field(default_factory=Counter)
    seconds: Histogram = field(default_factory=Histogram)
    waiting: int = 0


@dataclass
class Board:
    """All sources, by name.  Threads may share it."""

    rows: dict[str, Row] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, source: str) -> None:
        """Note that there is a source; until its first pass it is in trouble."""
        with self._guard:
            self.rows.setdefault(source, Row())

    def passed(self, source: str, passed: Pass, seconds: float, waiting: int) -> None:
        """Note a pass, how long it took, and how many wait for what it brings."""
        with self._guard:
            row = self.rows.setdefault(source, Row())
            row.last, row.trouble, row.waiting = passed, "", waiting
            row.passes["worked" if passed.results else "quiet"] += 1
            row.seconds.add(seconds)

    def troubled(self, source: str, why: str, seconds: float) -> None:
        """Note a pass that git or Podman didn't let happen."""
        with self._guard:
            row = self.rows.setdefault(source, Row())
            row.trouble = why
            row.passes["troubled"] += 1
            row.seconds.add(seconds)

    def ended(self, source: str, outcome: object) -> None:
        """Note how a run ended."""
        with self._guard:
            self.rows.setdefault(source, Row()).runs[str(outcome)] += 1

    def troubles(self) -> list[str]:
        """Return what keeps sources from being looked after."""
        with self._guard:
            return [f"{name or 'source'}: {row.trouble}" for name, row in self.rows.items() if row.trouble]

    def views(self) -> list[tuple[str, View]]:
        """Return what each source's last pass saw."""
        with self._guard:
            return [(name, row.last.view) for name, row in self.rows.items() if row.last]

    def metrics(self) -> list[Metric]:
        """Return everything as numbers."""
        with self._guard:
            return [*_of_passes(self.rows), *_of_objects(self.rows), *_of_pods(self.rows)]


def _of_passes(rows: dict[str, Row]) -> Iterator[Metric]:
    yield counter(
        "sloop_passes_total",
        "Passes, by whether they found something to do.",
        [({"source": s, "outcome": o}, n) for s, row in rows.items() for o, n in sorted(row.passes.items())],
    )
    yield Metric(
        "sloop_pass_seconds",
        "histogram",
        "How long a pass took.",
        [sample for source, row in rows.items() for sample in row.seconds.samples({"source": source})],
    )
    yield counter(
        "sloop_rollouts_total",
        "Commits that were carried out, by how that ended.",
        [({"source": s, "outcome": o}, n) for s, row in rows.items() for o, n in sorted(row.runs.items())],
    )
    yield gauge(
        "sloop_source_reachable",
        "1 if git and Podman let the last pass happen.",
        [({"source": source}, not row.trouble) for source, row in rows.items()],
    )
    yield gauge(
        "sloop_queue",
        "Steps that the last pass planned or held back, and pushes that wait.",
        [({"source": source}, _queued(row)) for source, row in rows.items()],
    )
    yield gauge(
        "sloop_revision_info",
        "The commit that is carried out.",
        [({"source": s, "revision": row.last.view.commit.sha}, 1) for s, row in rows.items() if row.last],
    )


def _queued(row: Row) -> int:
    plan = row.last.view.plan if row.last else None
    return row.waiting + (len(plan.steps) + len(plan.held) if plan else 0)


def _of_objects(rows: dict[str, Row]) -> Iterator[Metric]:
    fares = [
        ({"source": s, "kind": f.owner.kind, "namespace": f.owner.namespace, "name": f.owner.name}, f)
        for s, row in rows.items()
        if row.last
        for f in row.last.fares
    ]
    yield gauge("sloop_object_synced", "1 if it is as git wants it.", [(at, f.synced) for at, f in fares])
    yield gauge(
        "sloop_object_health",
        "1 at the health that it has.",
        [({**at, "health": health}, f.health is health) for at, f in fares for health in Health],
    )
    counts = [(at, f.ready.partition("/")) for at, f in fares if f.ready]
    yield gauge("sloop_object_pods_ready", "Its pods that are ready.", [(at, int(n[0])) for at, n in counts])
    yield gauge("sloop_object_pods_wanted", "How many it should have.", [(at, int(n[2])) for at, n in counts])


def _of_pods(rows: dict[str, Row]) -> Iterator[Metric]:
    views = [(source, row.last.view) for source, row in rows.items() if row.last]
    pods = [
        ({"source": source, "pod": pod_name(pod)}, pod.id, view)
        for source, view in views
        for pod in view.seen.pods
        if pod.id in view.moment.memory.restarts or pod.id in view.moment.probed.readiness
    ]
    yield counter(
        "sloop_pod_restarts_total",
        "How often sloop started it again, because it had ended or a probe failed.",
        [
            (at, view.moment.memory.restarts[i].count)
            for at, i, view in pods
            if i in view.moment.memory.restarts
        ],
    )
    yield gauge(
        "sloop_pod_probe_ready",
        "1 if its probes say that it is ready.",
        [
            (at, view.moment.probed.readiness[i].ready)
            for at, i, view in pods
            if i in view.moment.probed.readiness
        ],
    )
