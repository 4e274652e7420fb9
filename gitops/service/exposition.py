"""Numbers as Prometheus reads them, written by its own client library; loaded when somebody asks for them."""

from collections.abc import Iterable, Iterator
from typing import cast

from prometheus_client import generate_latest
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as KIND
from prometheus_client.registry import Collector

from gitops.service.metrics import Metric
from runtime.dataclass import dataclass

__all__ = ["KIND", "exposition"]


def exposition(metrics: Iterable[Metric]) -> bytes:
    """Return metrics in the text format, of which ``KIND`` is the media type."""
    told: bytes = generate_latest(cast(Collector, _Scrape(metrics)))
    return told


@dataclass(frozen=True, slots=True)
class _Scrape:
    """What is told once, to one who asks; nothing of it is kept."""

    metrics: Iterable[Metric]

    def collect(self) -> Iterator[Family]:
        """Yield the metrics that have anything to tell."""
        return (_family(metric) for metric in self.metrics if metric.samples)


def _family(metric: Metric) -> Family:
    name = metric.name.removesuffix("_total") if metric.kind == "counter" else metric.name
    family = Family(name, metric.told, metric.kind)
    for behind, labels, value in metric.samples:
        family.add_sample(metric.name + behind, dict(labels), value)
    return family
