"""The plan: numbered steps, each after what it needs, and nobody else's things touched."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import pytest

from gitops.planning.plan import Plan, plan
from gitops.planning.scene import Given
from gitops.planning.steps import Create, Pull, Remove, Restart, Step
from reconcilers.wanted import Wanted
from runtime.resources import Label, Pod
from runtime.seen import Seen, SeenNetwork, SeenPod, SeenVolume
from tests.reconcilers.given import SOURCE, deployment, past, pods_of, rolling, running, wanted

IMAGES = frozenset({"app:1", "app:2"})
NETWORK = SeenNetwork("sloop-shop", {Label.SOURCE: SOURCE}, ("10.144.0.0/20",))
PORT = ", ports: [{containerPort: 80, hostPort: 8080}]"
NAMESPACE = """
    apiVersion: v1
    kind: Namespace
    metadata: {name: shop}
"""
SECRET = """
    apiVersion: v1
    kind: Secret
    metadata: {name: login, namespace: shop}
    stringData: {PASSWORD: s3cr3t}
"""
POD = """
    apiVersion: v1
    kind: Pod
    metadata: {name: job, namespace: shop}
    spec: {containers: [{name: main, image: "app:1"}]}
"""


def planned(
    answers: Sequence[Wanted],
    pods: Sequence[SeenPod] = (),
    *,
    images: frozenset[str] = IMAGES,
    **seen: object,
) -> Plan:
    things = {"networks": (NETWORK,), **seen}
    return plan(answers, Seen(pods=tuple(pods), **things), Given(SOURCE, images))  # type: ignore[arg-type]


def texts(found: Plan) -> list[str]:
    return [f"{step.verb} {step.resource}" for step in found.steps]


def step_of(found: Plan, verb: str, part: str) -> Step:
    (one,) = (step for step in found.steps if step.verb == verb and part in step.resource)
    return one


def everything(number: int, image: str = "app:1") -> list[Wanted]:
    """Return what so many Deployments want, each in a namespace of its own, with a Secret."""
    return [
        answer
        for each in range(number)
        for answer in (
            wanted(NAMESPACE.replace("shop", f"shop-{each}")),
            wanted(
                SECRET.replace("shop", f"shop-{each}"),
                deployment(image, container=", envFrom: [{secretRef: {name: login}}]").replace(
                    "shop", f"shop-{each}"
                ),
            ),
        )
    ]


def test_nothing_to_do_is_an_empty_plan() -> None:
    written = deployment()

    assert planned([wanted(written, pods=running(written))], running(written)) == Plan()


def test_steps_are_numbered_so_that_each_comes_after_what_it_needs() -> None:
    found = planned(everything(5, image="new:1"), images=frozenset())

    assert [step.number for step in found.steps] == list(range(1, len(found.steps) + 1))
    assert all(need < step.number for step in found.steps for need in step.needs)


def test_a_step_tells_itself_in_one_line() -> None:
    (network, pod) = planned([wanted(POD)], networks=()).steps

    assert str(network) == "1 create network/sloop-shop: new"
    assert str(pod) == "2 create pod/shop.job: new (after 1)"


def test_a_pod_needs_its_network_its_secrets_and_its_image() -> None:
    found = planned(everything(1, image="new:1"), images=frozenset(), networks=())
    first, second = (step for step in found.steps if isinstance(step.action, Create) and step.needs)
    needed = {found.steps[number - 1].resource.partition("/")[0] for number in first.needs}

    assert needed == {"network", "secret", "image"}
    assert first.needs == second.needs


def test_each_thing_is_made_once_however_many_want_it() -> None:
    found = planned(everything(1, image="new:1"), images=frozenset(), networks=())

    assert len(texts(found)) == len(set(texts(found)))
    assert [text for text in texts(found) if text.startswith("pull")] == ["pull image/new:1"]


def test_the_most_eager_pulls() -> None:
    eager = POD.replace("job", "eager").replace('"app:1"', '"app:1", imagePullPolicy: Always')

    found = planned([wanted(POD), wanted(eager)])

    assert [step.action.image.policy for step in found.steps if isinstance(step.action, Pull)] == ["Always"]


def test_an_image_that_no_new_pod_needs_is_not_pulled() -> None:
    written = deployment(container=", imagePullPolicy: Always")
    pods = running(written)

    assert planned([wanted(written, pods=pods)], pods, images=frozenset()) == Plan()


@pytest.mark.parametrize("container", ["", PORT])
@pytest.mark.parametrize("strategy", ["{}", "{type: Recreate}", rolling(0, 1)])
def test_nothing_is_removed_before_the_image_of_its_successor_is_there(container: str, strategy: str) -> None:
    old, new = (deployment(one, 1, strategy=strategy, container=container) for one in ("app:1", "new:1"))
    pods = running(old)

    found = planned([wanted(new, pods=pods)], pods)
    pulls = {step.number for step in found.steps if isinstance(step.action, Pull)}
    removals = [step for step in found.steps if isinstance(step.action, Remove)]

    assert all(pulls <= _all_needs(found, step) for step in removals)


def _all_needs(found: Plan, step: Step) -> set[int]:
    """Return the numbers of everything that has to end before a step begins."""
    return {*step.needs, *(far for near in step.needs for far in _all_needs(found, found.steps[near - 1]))}


def test_who_stops_first_is_made_after_the_old_one_is_gone() -> None:
    old, new = (deployment(one, 1, container=PORT) for one in ("app:1", "app:2"))
    pods = running(old)

    found = planned([wanted(new, pods=pods)], pods)
    gone, made = (step_of(found, verb, "web") for verb in ("remove", "create"))

    assert made.needs == (gone.number,)


@pytest.mark.parametrize("state", ["stopping", "removing"])
def test_an_old_pod_on_its_way_out_still_comes_first(state: str) -> None:
    old, new = (deployment(one, 1, container=PORT) for one in ("app:1", "app:2"))
    pods = [replace(pod, state=state) for pod in running(old)]

    found = planned([wanted(new, pods=pods)], pods)

    assert [step.verb for step in found.steps] == ["remove", "create"]
    assert found.steps[1].needs == (1,)


def test_two_bare_pods_that_swap_their_ports_wait_for_each_other_to_be_gone() -> None:
    def pod(name: str, port: int) -> str:
        ports = f'"app:1", ports: [{{containerPort: 80, hostPort: {port}}}]'
        return POD.replace("job", name).replace('"app:1"', ports)

    pods = [*running(pod("a", 8080)), *running(pod("b", 9090))]

    found = planned([wanted(pod("a", 9090), pods=pods[:1]), wanted(pod("b", 8080), pods=pods[1:])], pods)
    removals = {step.number for step in found.steps if step.verb == "remove"}

    assert [set(step.needs) for step in found.steps if step.verb == "create"] == [removals, removals]


def test_a_port_that_a_serving_pod_still_publishes_is_waited_for() -> None:
    old, new = deployment(replicas=1, container=PORT), deployment("app:2", 1)
    pods = running(old)
    front = deployment(replicas=1, container=PORT).replace("web", "front")

    found = planned([wanted(front), wanted(new, pods=pods)], pods)

    assert [(held.owner.name, held.reason) for held in found.held if held.owner] == [
        ("front", f"port 8080/tcp is still published by {pods[0].name}")
    ]
    assert [step.owner.name for step in found.steps if step.owner] == ["web"]


def test_what_a_pod_used_is_removed_after_it() -> None:
    written = deployment(replicas=1, container=", envFrom: [{secretRef: {name: login}}]")
    pods = running(SECRET, written)
    (secret,) = (key for key in pods_of(wanted(SECRET, written))[0].uses)

    found = planned([], pods, secrets=(secret.removeprefix("secret/"),))

    assert step_of(found, "remove", "secret").needs == (step_of(found, "remove", "pod").number,)
    assert step_of(found, "remove", "network").needs == (step_of(found, "remove", "pod").number,)


def test_the_plan_does_not_depend_on_the_order_in_which_things_are_seen() -> None:
    old, new = deployment(replicas=3), deployment("app:2", 3)
    pods = running(old)
    plans = [planned([wanted(new, pods=order)], order) for order in permutations([*pods, *running(POD)])]

    assert all(found == plans[0] for found in plans)


def test_what_waits_holds_back_what_needs_it_and_nothing_else() -> None:
    given = Given(SOURCE, frozenset(), waiting={"image/new:1": "it is missing"})

    found = plan([wanted(deployment("new:1")), wanted(POD)], Seen(networks=(NETWORK,)), given)

    assert [held.name.partition("/")[0] for held in found.held] == ["pull image", "create pod", "create pod"]
    assert {held.reason for held in found.held} == {"it is missing"}
    assert texts(found) == ["pull image/app:1", "create pod/shop.job"]


def test_nothing_of_anybody_elses_is_touched() -> None:
    (other,) = running(POD)
    theirs = replace(other, labels={**other.labels, Label.SOURCE: "another"})
    things = {
        "networks": (SeenNetwork("their-net", {}, ()), SeenNetwork("other", {Label.SOURCE: "another"}, ())),
        "volumes": (
            SeenVolume("data", {}),
            SeenVolume("files", {Label.SOURCE: "another", Label.KIND: "files"}),
        ),
        "secrets": ("password", "sloop-another-123"),
    }

    assert planned([], [theirs, replace(other, name="mine", labels={})], **things) == Plan()


def test_the_volume_of_a_claim_is_never_removed() -> None:
    labels = {Label.SOURCE: SOURCE, Label.KIND: "claim"}

    assert planned([], volumes=(SeenVolume("shop.data", labels),), networks=()) == Plan()


def test_a_name_that_another_source_has_is_a_conflict_that_names_it() -> None:
    (other,) = running(POD)
    theirs = replace(other, labels={**other.labels, Label.SOURCE: "another"})

    (conflict,) = planned([wanted(POD)], [theirs]).conflicts

    assert "another source of sloop (another)" in conflict.message


def test_a_container_that_is_not_ours_is_a_conflict_with_a_way_out_and_replaced_if_adopted() -> None:
    (pod,) = running(POD)
    theirs = replace(pod, labels={})
    given = Given(SOURCE, IMAGES, adopting=frozenset({"shop.job"}))

    (conflict,) = planned([wanted(POD)], [theirs]).conflicts
    adopting = plan([wanted(POD)], Seen(pods=(theirs,), networks=(NETWORK,)), given)

    assert "podman rm -f shop.job" in conflict.message
    assert "sloop adopt" in conflict.message
    assert texts(adopting) == ["remove pod/shop.job", "create pod/shop.job"]


def test_what_cannot_have_its_volume_is_not_made() -> None:
    claim = """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data, namespace: shop}
        spec: {accessModes: [ReadWriteOnce]}
    """
    reader = deployment(
        container=", volumeMounts: [{name: data, mountPath: /data}]",
        replicas=1,
        volumes="[{name: data, persistentVolumeClaim: {claimName: data}}]",
    )

    found = planned([wanted(claim), wanted(claim, reader)], volumes=(SeenVolume("shop.data", {}),))

    assert found.steps == ()
    assert [held.name.partition("/")[0] for held in found.held] == ["create pod"]
    assert {one.key for one in found.conflicts} == {"volume/shop.data"}


@pytest.mark.parametrize("state", ["stopping", "removing"])
def test_a_pod_on_its_way_out_is_waited_for(state: str) -> None:
    (pod,) = running(POD)

    assert planned([wanted(POD)], [replace(pod, state=state)]) == Plan()


@pytest.mark.parametrize("number", [1, 10, 20])
def test_steps_and_needs_grow_with_what_there_is_to_do(number: int) -> None:
    steps = planned(everything(number), networks=()).steps

    assert len(steps) == 3 * number + 1  # a network and two pods each; the Secret is the same everywhere
    assert sum(len(step.needs) for step in steps) == 4 * number


def test_a_pod_is_given_as_long_to_stop_as_it_asked_for() -> None:
    pods = running(POD.replace("{containers", "{terminationGracePeriodSeconds: 7, containers"))

    (step, *_) = planned([], pods).steps

    assert step.action == Remove("pod/shop.job", 7, "shop.job")


def test_a_pod_that_a_hand_renamed_is_removed_under_the_name_that_it_has() -> None:
    (pod,) = running(POD)

    (step, *_) = planned([], [replace(pod, name="mine")]).steps

    assert step.resource == "pod/shop.job"
    assert isinstance(step.action, Remove)
    assert step.action.name == "mine"


def test_every_pod_that_is_made_is_labelled_as_ours() -> None:
    made = [step.action.resource for step in planned(everything(3)).steps if isinstance(step.action, Create)]

    assert {pod.labels[Label.SOURCE] for pod in made if isinstance(pod, Pod)} == {SOURCE}


@pytest.mark.parametrize(
    ("words", "grace"), [("Liveness probe failed: no", 3), ("Startup probe failed: no", 30)]
)
def test_a_probe_may_have_its_own_patience_for_the_restart_that_it_brings_about(
    words: str, grace: int
) -> None:
    probe = "livenessProbe: {tcpSocket: {port: 80}, terminationGracePeriodSeconds: 3}"
    written = POD.replace(
        'image: "app:1"', f'image: "app:1", {probe}, startupProbe: {{tcpSocket: {{port: 80}}}}'
    )
    pods = running(written)
    answer = wanted(written, pods=pods, past=past(unwell={pods[0].id: words}))

    assert step_of(planned([answer], pods), "restart", "job").action == Restart("shop.job", grace)


def test_a_pod_goes_with_the_hooks_of_its_own_commit() -> None:
    hook = "lifecycle: {preStop: {exec: {command: [bye]}}}"
    pods = running(POD.replace('image: "app:1"', f'image: "app:1", {hook}'))
    gone = step_of(planned([], pods), "remove", "pod/shop.job").action
    dead = step_of(planned([], [replace(pods[0], state="exited")]), "remove", "pod/shop.job").action

    assert isinstance(gone, Remove)
    assert isinstance(dead, Remove)
    assert "bye" in gone.hooks
    assert dead.hooks == ""
