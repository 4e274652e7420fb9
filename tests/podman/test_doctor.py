"""The doctor on a real Podman: what is well is found well."""

from tests.podman.manifests import deployment
from tests.podman.program import Program


def test_a_machine_on_which_sloop_works_is_not_told_that_anything_blocks(program: Program) -> None:
    program.deploy(deployment())

    said = program.run("-o", "json", "doctor")

    verdicts = {one["check"]: one["verdict"] for one in said.document["checks"]}
    assert said.code == 0, said
    assert {verdicts[name] for name in ("git", "source", "state", "podman", "socket", "names")} == {"ok"}


def test_what_blocks_is_the_exit_code_too(program: Program) -> None:
    said = program.run("doctor")

    assert said.code == 1
    assert "has no commit yet" in said.out
    assert "commit your manifests there first" in said.out
