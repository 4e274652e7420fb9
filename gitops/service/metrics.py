"""Numbers with names and labels, as values: what the board counts, and ``exposition`` spells."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from runtime.dataclass import dataclass

BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)  # seconds

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Metric:
    """One name with its samples; ``kind`` is gauge, counter or histogram."""

    name: str
    kind: str
    told: str
    samples: Sequence[tuple[str, Labels, float]]  # what stands behind the name, labels, value


@dataclass
class Histogram:
    """How often something took how long, in seconds."""

    counts: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))
    total: float = 0.0
    number: int = 0

    def add(self, seconds: float) -> None:
        """Count one more."""
        for index, limit in enumerate(BUCKETS):
            self.counts[index] += seconds <= limit
        self.total += seconds
        self.number += 1

    def samples(self, labels: Labels) -> Iterator[tuple[str, Labels, float]]:
        """Yield the samples of a metric."""
        limits = [*map(str, BUCKETS), "+Inf"]
        for limit, count in zip(limits, [*self.counts, self.number], strict=True):
            yield "_bucket", {**labels, "le": limit}, count
        yield "_sum", labels, self.total
        yield "_count", labels, self.number


def gauge(name: str, told: str, samples: Iterable[tuple[Labels, float]]) -> Metric:
    """Return a metric that goes up and down."""
    return Metric(name, "gauge", told, [("", labels, value) for labels, value in samples])


def counter(name: str, told: str, samples: Iterable[tuple[Labels, float]]) -> Metric:
    """Return a metric that only grows; its name ends with _total."""
    return Metric(name, "counter", told, [("", labels, value) for labels, value in samples])
