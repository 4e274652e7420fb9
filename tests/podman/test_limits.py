"""What bounds pods, on a real Podman."""

from tests.podman.manifests import ONE, Object, deployment, named
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
