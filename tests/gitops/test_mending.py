"""What a pod lacks, case by case: how long it may take to stop, whose it was, where a proxy is a guest."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gitops.planning.plan import plan
from gitops.planning.scene import Given
from gitops.planning.steps import Connect, Disconnect, Kill, Remove
from reconcilers.wanted import Wanted
from runtime.resources import Guest, Pod
from runtime.seen import Seen, SeenPod
from tests.gitops.test_plan import IMAGES, NETWORK, POD
from tests.reconcilers.given import SOURCE, pods_of, running, wanted

NAME = "shop.job"
WHY = {NAME: "it took too much"}


def actions(answer: Wanted, pod: SeenPod, adopting: frozenset[str] = frozenset()) -> list[object]:
    """Return what is done to the one pod that is there."""
    seen = Seen(pods=(pod,), networks=(NETWORK,))
    return [step.action for step in plan([answer], seen, Given(SOURCE, IMAGES, adopting=adopting)).steps]


def removal(answer: Wanted, pod: SeenPod, adopting: frozenset[str] = frozenset()) -> Remove:
    (found,) = (one for one in actions(answer, pod, adopting) if isinstance(one, Remove))
    return found


def proxy(*networks: str, restart: str = "Podman") -> tuple[Wanted, Pod]:
    """Return a pod that is a guest in these networks, and what wants it."""
    answer = wanted(POD)
    (pod,) = pods_of(answer)
    made = replace(pod, restart=restart, guest=tuple(Guest(one, ()) for one in networks))
    return replace(answer, resources=tuple(made if one == pod else one for one in answer.resources)), made


def visits(answer: Wanted, networks: Sequence[str]) -> list[tuple[str, str]]:
    """Return the networks that the pod joins and leaves, if it is in these."""
    (there,) = running(POD)
    done = actions(answer, replace(there, networks=tuple(networks)))
    return [(type(one).__name__, one.network) for one in done if isinstance(one, Connect | Disconnect)]


@pytest.mark.parametrize(("evicted", "seconds"), [({}, 30), (WHY, 1)])
def test_a_pod_that_gives_its_name_away_has_its_time_and_one_that_is_evicted_a_second(
    evicted: dict[str, str], seconds: int
) -> None:
    (there,) = running(POD)
    answer = replace(
        wanted(POD), renewed=frozenset({NAME}), evicted=evicted, reasons={f"pod/{NAME}": "it took too much"}
    )

    assert removal(answer, there).grace == seconds


def test_one_that_is_evicted_and_not_needed_again_stops_at_once() -> None:
    (there,) = running(POD)

    assert actions(replace(wanted(POD), evicted=WHY), there) == [Kill(NAME, 0)]


def test_what_somebody_elses_container_wrote_is_not_ours_to_lose() -> None:
    (there,) = running(POD)
    theirs = replace(there, labels={})

    assert removal(wanted(POD), theirs, frozenset({NAME})).foreign
    assert not removal(replace(wanted(POD), renewed=frozenset({NAME})), there).foreign


def test_a_proxy_joins_one_network_after_the_other_and_only_from_its_own() -> None:
    answer, _ = proxy("sloop-a", "sloop-b")

    assert visits(answer, ["sloop-shop"]) == [("Connect", "sloop-a")]
    assert visits(answer, ["sloop-shop", "sloop-a"]) == [("Connect", "sloop-b")]
    assert visits(answer, ["sloop-shop", "sloop-a", "sloop-b"]) == []
    assert visits(answer, []) == [("Connect", "sloop-shop")]


def test_a_proxy_leaves_one_network_after_the_other_where_nobody_needs_it_any_more() -> None:
    answer, _ = proxy("sloop-b")

    assert visits(answer, ["sloop-shop", "sloop-a", "sloop-b", "sloop-c"]) == [("Disconnect", "sloop-a")]
    assert visits(answer, ["sloop-shop", "sloop-b"]) == []


def test_any_other_pod_may_be_where_a_hand_has_put_it() -> None:
    answer, _ = proxy(restart="Always")

    assert visits(answer, ["sloop-shop", "mine"]) == []
