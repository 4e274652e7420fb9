"""What must hold once sloop has had its way again, whatever has happened before."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from tests.chaos.shop import VOLUMES
from tests.chaos.stage import HEIRLOOM, Stage
from tests.podman.program import Said

LEDGER = "ledger.sqlite3"


def broken(stage: Stage, said: Said) -> list[str]:
    """Return what doesn't hold, in words; ``said`` is how the last apply ended."""
    return [
        *_ended(stage, said),
        *_running(stage),
        *_beside(stage),
        *_strangers(stage),
        *_volumes(stage),
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


def _running(stage: Stage) -> Iterator[str]:
    """What git says is what runs."""
    images: dict[str, list[str]] = defaultdict(list)
    for one in stage.program.containers():
        if (owner := (one["Labels"] or {}).get("sloop/owner")) and one["State"] == "running":
            images[owner].append(one["Image"])
    wanted = {owner: list(rows) for owner, rows in stage.shop.running.items() if rows}
    if images != wanted:
        yield f"there runs {dict(images)}, and git says {wanted}"
    for name in stage.program.of("default/web"):
        if (color := stage.program.do(name, "cat", "/etc/shop/color")) != stage.shop.color:
            yield f"{name} reads the color {color!r}, and git says {stage.shop.color!r}"


def _beside(stage: Stage) -> Iterator[str]:
    """Nothing of ours is beside it."""
    things = stage.program.things()
    pods = sum(len(images) for images in stage.shop.running.values())
    if len(things.get("containers", [])) != pods + len(stage.strangers):
        yield f"containers: {things.get('containers')}"
    if sorted(things.get("networks", [])) != sorted([*stage.shop.networks, "alley"]):
        yield f"networks: {things.get('networks')}"
    files = [name for name in things.get("volumes", []) if ".files-" in name]
    others = sorted(set(things.get("volumes", [])) - set(files))
    if others != sorted([*VOLUMES, "heirloom"]) or len(files) != bool(stage.shop.replicas):
        yield f"volumes: {things.get('volumes')}"
    if len(things.get("secrets", [])) != bool(stage.shop.replicas):
        yield f"secrets: {things.get('secrets')}"


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


def _steady(stage: Stage) -> Iterator[str]:
    """Nothing happens to what nobody asked to change."""
    if not stage.shaken and stage.seen_steady() != stage.steady:
        yield f"the steady pod was {stage.steady} and is {stage.seen_steady()}"


def _ledger(stage: Stage) -> Iterator[str]:
    """The ledger is whole, and tells of no run that goes on."""
    if (told := _integrity(stage.program.state / LEDGER)) != "ok":
        yield f"the ledger is damaged: {told}"
        return
    history = stage.program.json("history")
    if unfinished := [one for one in history if one["finished"] is None]:
        yield f"runs that nobody ended: {unfinished}"


def _integrity(file: Path) -> str:
    try:
        with closing(sqlite3.connect(file)) as ledger:
            return str(ledger.execute("pragma integrity_check").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)


def _crashes(stage: Stage) -> Iterator[str]:
    """Nothing happened that nobody expected."""
    for log in stage.program.state.glob("sloop-crash-*.log"):
        yield f"{log.name}: {log.read_text()[-3000:]}"
