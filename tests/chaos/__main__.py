"""``python -m tests.chaos``: many sequences of misfortune, each drawn from its seed."""

import argparse
import multiprocessing
import random
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.chaos.moves import Move
from tests.chaos.play import a_podman, played, share
from tests.machine.telling import tell


def main() -> None:
    """Play what the command line asks for; exit with 1 where something does not hold, or time ran out."""
    asked = _asked()
    if asked.replay:
        with a_podman() as podman:
            outcome = played(podman, asked.seed, tuple(map(Move.parse, asked.replay.split(","))))
        tell(str(outcome))
        sys.exit(bool(outcome.wrong))
    tell(f"{asked.sequences} sequences from seed {asked.seed} on, {asked.jobs} at a time")
    sys.exit(not _all_hold(asked))


def _all_hold(asked: argparse.Namespace) -> bool:
    """Play the sequences, so many side by side; say whether all were played, and all held."""
    begun = time.monotonic()
    seeds = range(asked.seed, asked.seed + asked.sequences)
    with ProcessPoolExecutor(asked.jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        deadline = begun + 60 * asked.minutes
        shares = [pool.submit(share, seeds[start :: asked.jobs], deadline) for start in range(asked.jobs)]
    done, failed = (sum(one.result()[number] for one in shares) for number in (0, 1))
    took = time.monotonic() - begun
    tell(f"{done} of {asked.sequences} sequences in {took:.0f} s, {failed} failed")
    return done == asked.sequences and not failed


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="the first one's")
    parser.add_argument("--sequences", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=10.0, help="no sequence begins after that")
    parser.add_argument("--jobs", type=int, default=2, help="Podmans side by side")
    parser.add_argument("--replay", default="", metavar="MOVES", help="these moves, as they were told")
    return parser.parse_args()


if __name__ == "__main__":
    main()
