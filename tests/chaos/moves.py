"""What can happen to a machine, drawn from a seed.  A move's text is enough to repeat it."""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from tests.chaos import misfortune
from tests.chaos.shop import PAGE, SERVICE
from tests.chaos.stage import Stage
from tests.machine import network
from tests.podman.load import loading
from tests.podman.manifests import ONE, TWO

LENGTH = range(2, 6)  # moves in a sequence


@dataclass(frozen=True, slots=True)
class Move:
    """Something that happens; ``chance`` (from 0 to 1) decides to whom and how, whatever is there by then."""

    name: str
    chance: float

    def __str__(self) -> str:
        return f"{self.name} {self.chance:.4f}"

    @classmethod
    def parse(cls, text: str) -> "Move":
        """Read what ``str`` wrote."""
        name, chance = text.split()
        return cls(name, float(chance))

    def happen(self, stage: Stage) -> None:
        """Let it happen."""
        MOVES[self.name](stage, self.chance)


def drawn(seed: int) -> tuple[Move, ...]:
    """Return the sequence of a seed: always the same one."""
    chance = random.Random(seed)
    names = chance.choices(list(WEIGHTS), list(WEIGHTS.values()), k=chance.choice(LENGTH))
    return tuple(Move(name, round(chance.random(), 4)) for name in names)


def one_of(choices: Sequence[str], chance: float) -> str:
    """Return one of the choices."""
    return choices[int(chance * len(choices))]


def new_image(stage: Stage, chance: float) -> None:  # noqa: ARG001 (there are two images only)
    stage.commit(image=TWO if stage.shop.image == ONE else ONE)


def new_image_under_load(stage: Stage, chance: float) -> None:
    """Renew an application that is well while somebody asks through its Service: nobody is turned away."""
    if stage.mend().code or not stage.shop.replicas:
        return
    asked = f"http://{stage.program.address(SERVICE)}{PAGE}"
    with ExitStack() as stack:
        with network.inside_network(stage.program.podman.engine):
            load = stack.enter_context(loading(asked, clients=2, breath=0.01))
        new_image(stage, chance)
        stage.program.run("apply")
    stage.complaints += [f"while a new image came, a request failed: {one}" for one in load.failed[:3]]


def new_number(stage: Stage, chance: float) -> None:
    stage.commit(replicas=int(chance * 4))


def new_configuration(stage: Stage, chance: float) -> None:
    stage.commit(color=f"{chance:.4f}")


def new_namespace(stage: Stage, chance: float) -> None:  # noqa: ARG001 (it comes, or it goes)
    stage.commit(annex=not stage.shop.annex)


def bad_commit(stage: Stage, chance: float) -> None:
    stage.commit(bad=one_of(["image", "manifest"], chance))


def taken_back(stage: Stage, chance: float) -> None:  # noqa: ARG001 (there is one way back)
    stage.take_back()


def applied(stage: Stage, chance: float) -> None:  # noqa: ARG001 (it ends as it ends)
    stage.program.run("apply", "--timeout", "5s")


def begun_again(stage: Stage, chance: float) -> None:  # noqa: ARG001 (there is one beginning)
    stage.begin_again()


MOVES: Mapping[str, Callable[[Stage, float], None]] = {
    "new-image": new_image,
    "new-image-under-load": new_image_under_load,
    "new-number": new_number,
    "new-configuration": new_configuration,
    "new-namespace": new_namespace,
    "bad-commit": bad_commit,
    "taken-back": taken_back,
    "applied": applied,
    "hand": misfortune.hand,
    "killed-at-a-change": misfortune.killed_at_a_change,
    "killed-some-time": misfortune.killed_some_time,
    "killed-podman": misfortune.killed_podman,
    "killed-podman-at-a-change": misfortune.killed_podman_at_a_change,
    "lost-ledger": misfortune.lost_ledger,
    "spoilt-ledger": misfortune.spoilt_ledger,
    "read-only-state": misfortune.read_only_state,
    "full-disk": misfortune.full_disk,
    "no-network": misfortune.no_network,
    "no-names": misfortune.no_names,
    "no-image": misfortune.no_image,
    "wrong-clock": misfortune.wrong_clock,
    "two-at-once": misfortune.two_at_once,
    "reboot": misfortune.reboot,
    "begun-again": begun_again,
}
AGAIN = Move("begun-again", 0.0)  # between two sequences, and never in one

SELDOM = {"reboot": 1, "new-image-under-load": 2, "killed-podman": 2, "full-disk": 2, "bad-commit": 2}
WEIGHTS = {name: SELDOM.get(name, 4) for name in MOVES if name != AGAIN.name}


def shrunk(moves: Sequence[Move], fails: Callable[[Sequence[Move]], bool]) -> tuple[Move, ...]:
    """Return fewer moves that fail still: none of them can be left out.

    ``fails`` is asked at most as often as there are pairs of moves.
    """
    left = tuple(moves)
    number = 0
    while number < len(left):
        without = (*left[:number], *left[number + 1 :])
        if without and fails(without):
            left, number = without, 0
        else:
            number += 1
    return left
