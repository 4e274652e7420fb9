"""Planning alone: what `sloop diff` takes for more and more objects, and how that grows."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.race import Cost, cost_of
from tests.podman.manifests import config_map, deployment
from tests.podman.program import Program

SIZES = (100, 1_000, 10_000)  # objects
FILE = 100  # objects in one


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan of so many objects took."""

    objects: int
    cost: Cost


def planning(program: Program) -> list[Planned]:
    """Commit more and more Deployments and ConfigMaps, and measure a diff of each."""
    return [_planned(program, size) for size in SIZES]


def exponent(planned: Sequence[Planned]) -> float:
    """Return how the time grows with the number of objects between the two largest: 1 is in step with it."""
    small, large = planned[-2:]
    return math.log(large.cost.seconds / small.cost.seconds) / math.log(large.objects / small.objects)


def _planned(program: Program, size: int) -> Planned:
    objects = [
        one
        for number in range(size // 2)
        for one in (config_map(f"settings-{number}", number=str(number)), deployment(f"web-{number}"))
    ]
    texts = ["\n---\n".join(map(json.dumps, objects[at : at + FILE])) for at in range(0, size, FILE)]
    gone: dict[str, str | None] = dict.fromkeys(program.files())
    files = {f"part-{number:03}.yaml": text for number, text in enumerate(texts)}
    program.repository.commit(f"{size} objects", gone | files)
    return Planned(size, cost_of(program.words("-o", "json", "diff"), program.environment(), codes=(1,)))
