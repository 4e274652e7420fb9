"""What bounds pods, on a real Podman."""

from tests.podman.manifests import ONE, TWO, Object, deployment, named
from tests.podman.program import Program

MEBI = 2**20


def test_a_container_that_says_no_limit_has_that_of_its_namespace(program: Program) -> None:
    item: Object = {"type": "Container", "default": {"memory": "48Mi"}}
    limits = {**named("LimitRange", "small"), "spec": {"limits": [item]}}
    program.deploy(deployment("web", ONE), limits)

    (web,) = program.of("web")
    assert program.inspect(web)["HostConfig"]["Memory"] == 48 * MEBI
    assert "48Mi" in program.run("describe", "limits/small").out

    item["max"] = {"memory": "64Mi"}
    program.commit("Bounded", deployment("web", ONE, resources={"limits": {"memory": "1Gi"}}), limits)
    refused = program.run("apply")

    assert refused.code == 2
    assert "resources.limits.memory: must be at most 64Mi, by LimitRange/small" in refused.err
    assert program.of("web") == [web]


def test_a_quota_has_room_for_so_many_pods_and_an_update_waits_for_those_that_stop(program: Program) -> None:
    quota = {**named("ResourceQuota", "small"), "spec": {"hard": {"pods": "2", "configmaps": "0"}}}
    pace = {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}}
    program.deploy(deployment("web", ONE, replicas=2, spec=pace), quota)
    program.deploy(deployment("web", TWO, replicas=2, spec=pace), quota)

    assert program.images() == [TWO, TWO]
    assert "pods: 2/2, configmaps: 0/0" in program.run("get", "quota").out

    program.commit("One more", deployment("web", TWO, replicas=3, spec=pace), quota)
    waits = program.run("apply")

    assert waits.code == 1
    assert "in ResourceQuota/small: pods 2 of 2 are used, and it takes 1" in waits.out + waits.err
    assert program.images() == [TWO, TWO]


def test_a_restart_waits_for_a_budget_until_git_allows_it(program: Program) -> None:
    budget: Object = {
        **named("PodDisruptionBudget", "web", api="policy/v1"),
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
    }
    web = deployment("web", ONE, spec={"strategy": {"type": "Recreate"}})
    program.deploy(web, budget)
    before = program.ids()

    waits = program.run("restart", "deployment/web")

    assert waits.code == 1
    assert (
        "its restart waits for PodDisruptionBudget/web (1 healthy, at least 1 needed" in waits.out + waits.err
    )
    assert program.ids() == before
    assert program.run("get", "pdb").out.splitlines()[1].split()[:4] == ["web", "1", "N/A", "0"]

    budget["spec"]["minAvailable"] = 0
    program.deploy(web, budget)

    assert len(program.ids()) == 1
    assert not {*program.ids().values()} & {*before.values()}
