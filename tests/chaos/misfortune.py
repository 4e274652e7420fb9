"""What happens to sloop, its state, its Podman and its pods, behind its back."""

import subprocess
import time
from contextlib import suppress
from dataclasses import replace

from tests.chaos.anew import lose_power
from tests.chaos.stage import STEADY, Stage
from tests.machine import engine
from tests.podman import doomed, haunted, leaving
from tests.podman.mounting import read_only, small
from tests.podman.program import START

LEDGER = "ledger.sqlite3"
CHANGES = 40  # of Podman, about as many as a commit needs that changes everything
LONGEST_CHANGE = 0.2  # seconds
CLOCKS = (-86_400.0, -60.0, 90.0, 7_200.0, 40_000_000.0)  # seconds by which sloop's clock is wrong
SHIFTED = f"import time; real = time.time; time.time = lambda: real() + {{offset}}\n{START}"


def hand(stage: Stage, chance: float) -> None:
    """Let a person meddle with one of our containers, but for the steady one."""
    ours = [
        one["Names"][0]
        for one in stage.program.containers()
        if (one["Labels"] or {}).get("sloop/owner", STEADY) != STEADY
    ]
    if not ours:
        return
    name = ours[int(chance * len(ours))]
    what = int(chance * 997) % 6
    with suppress(OSError):  # it may be in a state in which Podman refuses that
        match what:
            case 0:
                stage.hands.stop(name)
            case 1:
                stage.hands.do("kill", name)  # waiting for its end could last: a loop starts it at once
            case 2:
                stage.hands.pause(name)
            case 3:
                stage.hands.do("rm", "--force", "--time=0", name)
            case 4:
                stage.hands.rename(name, f"renamed-{int(chance * 1000)}")
            case _:
                stage.hands.disconnect(name, "sloop-default")


def killed_at_a_change(stage: Stage, chance: float) -> None:
    """Kill an apply right before or after one of its changes of Podman."""
    number, when = int(chance * CHANGES) + 1, (doomed.BEFORE, doomed.AFTER)[int(chance * 1000) % 2]
    fated = replace(stage.program, command=(*doomed.MODULE, str(number), when))
    fated.run("apply", "--timeout", "5s")


def killed_some_time(stage: Stage, chance: float) -> None:
    """Kill an apply at any time."""
    with (
        stage.program.started("apply", "--timeout", "5s") as running,
        suppress(subprocess.TimeoutExpired),
    ):
        running.wait(chance * 1.5)


def killed_podman(stage: Stage, chance: float) -> None:
    """Kill Podman's service in the middle of an apply, and start it again."""
    with stage.program.started("apply", "--timeout", "5s") as running:
        with suppress(subprocess.TimeoutExpired):
            running.wait(chance)
        leaving.restart(stage.program.podman.engine)
        running.communicate(timeout=60)


def killed_podman_at_a_change(stage: Stage, chance: float) -> None:
    """Kill Podman's service in the middle of one of an apply's changes, and start it again at once."""
    number, late = int(chance * CHANGES) + 1, chance * 997 % 1 * LONGEST_CHANGE
    fated = replace(stage.program, command=(*haunted.MODULE, haunted.AWAY))
    folder = str(stage.program.podman.engine.directory)
    when = {haunted.FOLDER: folder, haunted.CHANGE: str(number), haunted.LATE: str(late)}
    fated.run("apply", "--timeout", "5s", **when)


def lost_ledger(stage: Stage, chance: float) -> None:  # noqa: ARG001 (it is gone, or it isn't)
    """Lose the ledger."""
    for file in stage.program.state.glob(f"{LEDGER}*"):
        file.unlink()


def spoilt_ledger(stage: Stage, chance: float) -> None:
    """Cut the ledger off, or write something else over it."""
    for file in stage.program.state.glob(f"{LEDGER}-*"):
        file.unlink()
    ledger = stage.program.state / LEDGER
    if ledger.exists():
        whole = ledger.read_bytes()
        ledger.write_bytes(whole[: int(chance * len(whole))] if chance < 0.5 else b"no database " * 1000)


def read_only_state(stage: Stage, chance: float) -> None:  # noqa: ARG001 (it can be written to, or not)
    """Apply while nothing can be written down."""
    stage.program.state.mkdir(exist_ok=True)
    with read_only(stage.program.state):
        stage.program.run("apply", "--timeout", "5s")


def full_disk(stage: Stage, chance: float) -> None:
    """Apply on a small disk for the state that fills up; what was on it is lost with it."""
    with small(stage.program.state, kilobytes=1500 + int(chance * 1000)) as fill:
        stage.program.run("apply", "--timeout", "5s")
        fill()
        stage.program.run("apply", "--timeout", "5s")


def no_network(stage: Stage, chance: float) -> None:
    """Remove a network, and with it the containers in it."""
    names = [name for name in stage.program.things().get("networks", []) if name.startswith("sloop-")]
    if names:
        name = names[int(chance * len(names))]
        stage.shaken = stage.shaken or name == "sloop-calm"
        stage.hands.do("network", "rm", "--force", "--time=0", name)


def no_names(stage: Stage, chance: float) -> None:  # noqa: ARG001 (there is one resolver)
    """Let what answers names die."""
    stage.hands.hush()


def no_image(stage: Stage, chance: float) -> None:  # noqa: ARG001 (git names one image)
    """Apply while the image that git names has no name on this machine; give it back."""
    image = stage.shop.image
    stage.hands.do("tag", image, "localhost/kept/away:1")
    stage.hands.do("untag", image, image)
    try:
        stage.program.run("apply", "--timeout", "5s")
    finally:
        stage.hands.do("tag", "localhost/kept/away:1", image)
        stage.hands.do("untag", "localhost/kept/away:1", "localhost/kept/away:1")


def wrong_clock(stage: Stage, chance: float) -> None:
    """Apply with another idea of what time it is."""
    offset = CLOCKS[int(chance * len(CLOCKS))]
    shifted = (*stage.program.command[:-1], SHIFTED.format(offset=offset))
    replace(stage.program, command=shifted).run("apply", "--timeout", "5s")


def two_at_once(stage: Stage, chance: float) -> None:
    """Apply twice at the same time, with two ledgers for one source."""
    other = replace(stage.program, state=stage.program.state.with_name("other-state"))
    with other.started("apply", "--timeout", "5s") as second:
        time.sleep(chance * 0.3)
        stage.program.run("apply", "--timeout", "5s")
        second.communicate(timeout=60)


def reboot(stage: Stage, chance: float) -> None:  # noqa: ARG001 (there is one way to lose power)
    """Lose power: every container, its monitor and Podman itself are gone at once; start again."""
    directory = stage.program.podman.directory
    lose_power(directory)
    engine.up(directory, own_network=True)
    stage.shaken = True
    stage.hands.do("start", "stranger")
