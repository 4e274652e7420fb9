"""Names are answered again, within seconds and for those who run, when what answers them has died."""

from collections.abc import Mapping

from tests.podman.hands import Hands
from tests.podman.keeping import keeping
from tests.podman.manifests import ONE, deployment, service
from tests.podman.program import Program, until
from tests.podman.reaching import address

NETWORK = "sloop-default"
LEFT = ("--name=sloop__resolver", "--label=sloop/kind=resolver", f"--network={NETWORK}", ONE)


def deploy(program: Program) -> str:
    """Deploy a pod behind a Service, and return the pod's name."""
    program.deploy(deployment(), service("web", ports=[{"port": 80}]))
    return next(name for name in program.of("web") if "__" not in name)


def found(program: Program, asking: str) -> bool:
    """Say whether the Service's name leads to its address."""
    return address(program) in program.do(asking, "nslookup", "web.default.svc.cluster.local")


def started(program: Program) -> Mapping[str, str]:
    """Return when each container was started the last time, by id."""
    return {one: program.inspect(one)["State"]["StartedAt"] for one in program.ids().values()}


def test_a_loop_lets_names_be_answered_again_and_touches_no_pod(program: Program) -> None:
    pod = deploy(program)
    before = started(program)
    with keeping(program, "--interval", "1h") as keeper:
        until(lambda: found(program, pod))
        for times in (1, 2):
            Hands(program.podman).hush()
            keeper.says(f"done    revive network/{NETWORK}", times)
            assert found(program, pod)
        assert keeper.end() == 0

    assert started(program) == before


def test_names_that_nobody_answers_are_told_and_mended_by_an_apply(program: Program) -> None:
    pod = deploy(program)
    before = started(program)
    Hands(program.podman).hush()
    assert not found(program, pod)

    told = program.run("diff")
    assert told.code == 1
    assert f"revive network/{NETWORK}: nobody answers its names: Podman's resolver died" in told.out
    assert program.run("apply").code == 0

    assert found(program, pod)
    assert started(program) == before
    assert program.run("diff").code == 0


def test_what_a_crash_left_of_it_goes_and_is_in_nobodys_way(program: Program) -> None:
    deploy(program)
    before = started(program)
    hands = Hands(program.podman)
    hands.do("create", *LEFT)
    assert program.run("apply").code == 0
    assert started(program) == before

    hands.do("create", *LEFT)
    hands.hush()
    assert program.run("apply").code == 0
    assert started(program) == before
