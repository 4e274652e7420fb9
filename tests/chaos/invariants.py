"""What must hold once sloop has had its way again, whatever has happened before."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import groupby
from typing import Any

from runtime.resources import Label
from tests.chaos.shop import DYED, INGRESS, ONCE, PAGE, SERVICE, VOLUMES, YEARLY
from tests.chaos.stage import HEIRLOOM, Stage
from tests.machine import api
from tests.podman.program import Said

NAME = "web.default.svc.cluster.local"  # of the Service
LEDGER = "ledger.sqlite3"
KEPT = (*VOLUMES, SERVICE, INGRESS, "heirloom")  # volumes that are always there


def broken(stage: Stage, said: Said) -> list[str]:
    """Return what doesn't hold, in words; ``said`` is how the last apply ended."""
    return [
        *_ended(stage, said),
        *running(stage),
        *beside(stage),
        *_strangers(stage),
        *_volumes(stage),
        *_jobs(stage),
        *_served(stage),
        *_named(stage),
        *_steady(stage),
        *_ledger(stage),
        *_crashes(stage),
    ]


def _ended(stage: Stage, said: Said) -> Iterator[str]:
    if said.code != 0:
        yield f"apply ended with {said.code}: {said.out[-2000:]} {said.err[-2000:]}"
    left = stage.program.run("diff")
    if left.code != 0:
        yield f"diff found something after apply ({left.code}): {left.out} {left.err}"


def running(stage: Stage) -> Iterator[str]:
    """What git says is what runs."""
    images: dict[str, list[str]] = defaultdict(list)
    for one in stage.program.containers():
        if (
            (labels := one["Labels"] or {}).get(Label.OWNER)
            and one["State"] == "running"
            and not _infra(labels)
        ):
            images[labels[Label.OWNER]].append(one["Image"])
    wanted = {owner: list(rows) for owner, rows in stage.shop.running.items() if rows}
    if images != wanted:
        yield f"there runs {dict(images)}, and git says {wanted}"
    for name in stage.program.of("default/web"):
        if "__" not in name and (color := stage.within(name, f"etc{PAGE}")) != stage.shop.color:
            yield f"{name} reads the color {color!r}, and git says {stage.shop.color!r}"


def _infra(labels: Mapping[str, str]) -> bool:
    return Label.CONTAINERS in labels and Label.CONTAINER not in labels


def beside(stage: Stage) -> Iterator[str]:
    """Nothing of ours is beside it."""
    things = stage.program.things()
    if left := [one["Names"] for one in stage.program.containers() if not _belongs(one)]:
        yield f"containers: {left}"
    if len(pods := api.ask(stage.program.podman.socket, "GET", "/pods/json") or []) != 1:
        yield f"Podman's pods: {[one['Name'] for one in pods]}"
    if sorted(things.get("networks", [])) != sorted([*stage.shop.networks, "alley"]):
        yield f"networks: {things.get('networks')}"
    served = bool(stage.shop.replicas)
    if _kinds(things.get("volumes", [])) != {"files": served, "marks": 2, **dict.fromkeys(KEPT, 1)}:
        yield f"volumes: {things.get('volumes')}"
    if len(things.get("secrets", [])) != served:
        yield f"secrets: {things.get('secrets')}"


def _belongs(container: Mapping[str, Any]) -> bool:
    """Say whether a container runs, or has done what it was there for."""
    labels = container["Labels"] or {}
    ended = (
        labels.get(Label.OWNER, "").startswith(("Job/", "CronJob/")) or labels.get(Label.CONTAINER) == "first"
    )
    return container["State"] == "running" or (container["State"] == "exited" and ended)


def _kinds(volumes: Sequence[str]) -> Mapping[str, int]:
    """Return how many volumes hold files and how many are marks of Jobs; the others by name.

    Those of the CronJob don't count: it has some only if its time has come.
    """
    counted = Counter(
        "files" if ".files-" in name else "marks" if "_job-" in name else name
        for name in volumes
        if YEARLY not in name
    )
    return {"files": 0, **counted}


def _strangers(stage: Stage) -> Iterator[str]:
    """What is somebody else's was not touched."""
    seen = stage.seen_strangers()
    before = {name: one[0] if stage.shaken else one for name, one in stage.strangers.items()}
    after = {name: one[0] if stage.shaken else one for name, one in seen.items()}
    if before != after:
        yield f"strangers were {before} and are {after}"
    if stage.inside("heirloom").read_text() != HEIRLOOM:
        yield "the heirloom is lost"


def _volumes(stage: Stage) -> Iterator[str]:
    """No data is lost."""
    for name in VOLUMES:
        mark = stage.inside(name)
        if not mark.exists() or mark.read_text() != name:
            yield f"what was in the volume {name} is lost"


def _jobs(stage: Stage) -> Iterator[str]:
    """What is done was done, and not twice; a power failure may fall into the middle of a run."""
    if (once := stage.ran(ONCE)) != ["blue"]:
        yield f"the Job {ONCE} ran as {once}"
    dyed, came = (
        Counter(stage.ran(DYED)),
        Counter(color for color, _ in groupby(one.color for one in stage.past)),
    )
    if stage.shop.color not in dyed:
        yield f"the Job {DYED} ran as {dict(dyed)}, and git says {stage.shop.color}"
    if not stage.shaken and dyed - came:
        yield f"the Job {DYED} ran as {dict(dyed)}, and git said {dict(came)}"
    if twice := {run: times for run, times in Counter(stage.ran(YEARLY)).items() if times > 1}:
        yield f"runs of the CronJob {YEARLY} that happened again: {twice}"


def _served(stage: Stage) -> Iterator[str]:
    """Who asks is answered, through the Service and through the Ingress."""
    yield from stage.complaints
    for name, address in (("Service", stage.program.address(SERVICE)), ("Ingress", "127.0.0.1")):
        if stage.shop.replicas and (answer := stage.answered(address)) != stage.shop.color:
            yield f"the {name} answers {answer!r}, and git says {stage.shop.color!r}"
            return


def _named(stage: Stage) -> Iterator[str]:
    """A pod that asks for a Service by its name is told where it is."""
    for pod in stage.program.of("default/keeper"):
        if not stage.is_told(pod, NAME):
            yield f"{pod} asks for {NAME} and is told nothing"


def _steady(stage: Stage) -> Iterator[str]:
    """Nothing happens to what nobody asked to change."""
    if not stage.shaken and stage.seen_steady() != stage.steady:
        yield f"the steady pod was {stage.steady} and is {stage.seen_steady()}"


def _ledger(stage: Stage) -> Iterator[str]:
    """The ledger is whole, and tells of no run that goes on."""
    try:
        with closing(sqlite3.connect(stage.program.state / LEDGER)) as ledger:
            (told,) = ledger.execute("pragma integrity_check").fetchone()
            unfinished = ledger.execute("select * from runs where finished is null").fetchall()
    except sqlite3.DatabaseError as error:
        told, unfinished = str(error), []
    if told != "ok":
        yield f"the ledger is damaged: {told}"
    elif unfinished:
        yield f"runs that nobody ended: {unfinished}"


def _crashes(stage: Stage) -> Iterator[str]:
    """Nothing happened that nobody expected."""
    for log in stage.program.state.glob("sloop-crash-*.log"):
        yield f"{log.name}: {log.read_text()[-3000:]}"
