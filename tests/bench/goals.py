"""What the figures should be, and whether they are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.living import Living
from tests.bench.planning import Planned, exponent
from tests.bench.pushed import Pushed
from tests.bench.race import Figure
from tests.bench.serving import Served
from tests.bench.standing import Stood

if TYPE_CHECKING:
    from tests.bench.page import Others

FLOOR, KUBE, COMPOSE, PODMAN_COMPOSE = (
    "bare API, 8 threads",
    "podman kube play",
    "docker compose",
    "podman-compose",
)


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure, and the most that it may be."""

    what: str
    found: float
    most: float

    @property
    def met(self) -> bool:
        """Say whether it is small enough."""
        return self.found <= self.most


def goals(figures: Sequence[Figure], others: "Others") -> list[Goal]:
    """Return every goal whose figures were measured."""
    alone = [*_planned(others.planned), *_lived(others.lived), *_served(others.served)]
    return [*_raced(figures), *alone, *_pushed(others.pushed), *_stood(others.stood)]


def _raced(figures: Sequence[Figure]) -> Iterator[Goal]:
    by = {(one.deed, one.count, one.peer): one.seconds for one in figures}
    if {("up", 30, "sloop"), ("up", 30, FLOOR), ("up", 30, KUBE)} <= by.keys():
        up = by["up", 30, "sloop"]
        yield Goal("up 30, in times of the bare API calls", up / by["up", 30, FLOOR], 1.15)
        yield Goal("up 30, in times of podman kube play", up / by["up", 30, KUBE], 0.45)
    for count in (30, 100):
        if {("again", count, name) for name in ("sloop", COMPOSE, PODMAN_COMPOSE)} <= by.keys():
            again = by["again", count, "sloop"]
            yield Goal(
                f"nothing to do at {count}, in times of docker compose",
                again / by["again", count, COMPOSE],
                1.0,
            )
            yield Goal(
                f"nothing to do at {count}, in times of podman-compose",
                again / by["again", count, PODMAN_COMPOSE],
                0.25,
            )


def _planned(planned: Sequence[Planned]) -> Iterator[Goal]:
    yield Goal(f"plan {planned[-1].objects:,} objects, seconds", planned[-1].cost.seconds, 5.0)
    yield Goal("growth of a plan with its objects, exponent", exponent(planned), 1.15)


def _lived(lived: Living) -> Iterator[Goal]:
    yield Goal("a killed container to serving again, seconds", lived.healed, 1.0)
    yield Goal("a removed container to serving again, seconds", lived.replaced, 1.0)


def _pushed(pushed: Pushed) -> Iterator[Goal]:
    yield Goal("a push, in seconds more than the bare calls", pushed.alone - pushed.bare, 1.0)
    yield Goal("a push beside a daemon, in seconds more", pushed.daemon - pushed.bare, 0.5)


def _stood(stood: Stood) -> Iterator[Goal]:
    yield Goal("a daemon with nothing to do, MB", stood.memory / 2**20, 90)
    yield Goal("a daemon with nothing to do, share of a core", stood.cpu / stood.seconds, 0.01)


def _served(served: Served) -> Iterator[Goal]:
    yield Goal("failed requests in a rolling update", served.failed, 0)
