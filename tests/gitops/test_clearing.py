"""What goes, case by case: nothing that somebody still uses, and no volume but those that are let go."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gitops.planning.plan import Plan, plan
from gitops.planning.scene import Given
from gitops.planning.steps import Remove
from reconcilers.wanted import Wanted
from runtime.resources import Label, Owner, Pod
from runtime.seen import Seen, SeenNetwork, SeenPod, SeenVolume
from tests.gitops.test_mending import proxy
from tests.gitops.test_plan import IMAGES, NETWORK, POD, SECRET, planned, step_of, texts
from tests.reconcilers.given import SOURCE, deployment, pods_of, running, wanted

SET = Owner("StatefulSet", "shop", "db")
DATA = SeenVolume("shop.data-db-0", {Label.SOURCE: SOURCE, Label.KIND: "claim"})
VOLUME = f"volume/{DATA.name}"
READER = ", envFrom: [{secretRef: {name: login}}]"


def using(key: str) -> SeenPod:
    """Return a pod of ours that uses something."""
    (pod,) = running(POD)
    return replace(pod, labels={**pod.labels, Label.USES: key})


def removed(found: Plan) -> list[str]:
    """Return the keys of what is removed."""
    return [step.resource for step in found.steps if isinstance(step.action, Remove)]


def let_go(
    *pods: SeenPod,
    volumes: tuple[SeenVolume, ...] = (DATA,),
    released: Mapping[str, Owner] | None = None,
    answers: tuple[Wanted, ...] = (),
) -> Plan:
    """Plan with a volume that its StatefulSet lets go: as that left git, if an answer doesn't say so."""
    given = Given(SOURCE, IMAGES, released={DATA.name: SET} if released is None else released)
    return plan(answers, Seen(pods=pods, volumes=volumes, networks=(NETWORK,)), given)


def test_what_an_older_pod_uses_stays_as_long_as_that_does() -> None:
    login = deployment(replicas=1, container=READER)
    (old,) = running(SECRET, login)
    newer = SECRET.replace("s3cr3t", "0ther")
    (secret,) = (key.removeprefix("secret/") for key in pods_of(wanted(SECRET, login))[0].uses)

    found = planned([wanted(newer, login, pods=[old])], [old], secrets=(secret,))

    assert removed(found) == []
    assert [text for text in texts(found) if text.startswith("create secret")] != []


def test_what_is_wanted_stays_though_nobody_uses_it_yet() -> None:
    answer = wanted(SECRET, deployment(replicas=1, container=READER))
    things = tuple(one for one in answer.resources if not isinstance(one, Pod))
    secrets = tuple(one.name for one in things if one.key.startswith("secret/"))

    assert removed(planned([replace(answer, resources=things)], secrets=secrets)) == []


def test_the_volume_of_a_set_that_left_git_goes_after_the_pod_that_used_it() -> None:
    pod = using(VOLUME)

    found = let_go(pod)

    gone = step_of(found, "remove", DATA.name)
    assert (gone.owner, gone.reason) == (SET, "its StatefulSet left git, and said whenDeleted: Delete")
    assert gone.needs == (step_of(found, "remove", "pod").number,)


def test_the_volume_of_a_set_that_is_scaled_down_goes_and_it_is_told_why() -> None:
    answer = replace(wanted(POD), owner=SET, resources=(), released=frozenset({DATA.name}))

    (gone,) = (step for step in let_go(released={}, answers=(answer,)).steps if DATA.name in step.resource)
    assert (gone.owner, gone.reason) == (SET, "its StatefulSet says whenScaled: Delete")


def test_a_volume_that_was_let_go_stays_where_a_pod_that_stays_uses_it() -> None:
    (theirs,) = running(POD)
    uses = {**theirs.labels, Label.SOURCE: "another", Label.USES: VOLUME}

    assert VOLUME not in removed(let_go(replace(theirs, labels=uses)))


def test_a_volume_that_was_let_go_stays_where_it_is_wanted_again() -> None:
    answer = wanted(POD)
    (pod,) = pods_of(answer)
    using_it = replace(pod, uses=(*pod.uses, VOLUME))
    again = tuple(using_it if one == pod else one for one in answer.resources)

    assert VOLUME in removed(let_go())
    assert VOLUME not in removed(let_go(answers=(replace(answer, resources=again),)))


@pytest.mark.parametrize(
    "volume",
    [
        replace(DATA, labels={**DATA.labels, Label.SOURCE: "another"}),
        replace(DATA, labels={**DATA.labels, Label.KIND: "data"}),
        replace(DATA, labels={}),
    ],
)
def test_of_what_was_let_go_only_claims_of_our_own_go(volume: SeenVolume) -> None:
    assert VOLUME not in removed(let_go(volumes=(volume,)))


def test_a_network_stays_until_the_last_pod_in_it_goes() -> None:
    (mine,) = running(POD)
    theirs = replace(mine, id="2", name="theirs", labels={})

    assert removed(planned([], [mine])) == ["pod/shop.job", "network/sloop-shop"]
    assert removed(planned([], [mine, theirs])) == ["pod/shop.job"]


def test_a_network_goes_once_the_proxy_that_was_its_guest_has_left_it_one_at_a_time() -> None:
    answer, _ = proxy()
    (there,) = running(POD)
    guest = replace(there, networks=("sloop-shop", "sloop-a", "sloop-b"))
    networks = (NETWORK, *(SeenNetwork(name, NETWORK.labels, ()) for name in ("sloop-a", "sloop-b")))

    found = planned([answer], [guest], networks=networks)

    assert removed(found) == ["network/sloop-a"]
    assert step_of(found, "remove", "sloop-a").needs == (step_of(found, "disconnect", "job").number,)
