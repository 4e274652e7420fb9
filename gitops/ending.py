"""The end of a pod of several containers: stage by stage, within the grace that all of them share."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from gitops.planning.steps import Member
from runtime.engine import Engine
from runtime.hooks import before_stop


def end(engine: Engine, stages: Sequence[Sequence[Member]], hooks: str, grace: int) -> str:
    """Stop containers, those of a stage at once, and return what failed of their hooks.

    What one stage takes is missing to the next: sidecars stop after the others, and have what is left.
    """
    deadline = time.monotonic() + grace
    failed: list[str] = []
    for stage in stages:
        with ThreadPoolExecutor(len(stage)) as pool:
            ended = pool.map(lambda one: _stop(engine, one, hooks, deadline), stage)
            failed += [words for words in ended if words]
    return "; ".join(failed)


def _stop(engine: Engine, one: Member, hooks: str, deadline: float) -> str:
    seconds = max(round(deadline - time.monotonic()), 0)
    left, failed = before_stop(engine, one.name, hooks if one.part else "", seconds, one.part)
    engine.stop_pod(one.name, left)
    return failed
