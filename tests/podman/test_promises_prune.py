"""What leaves git leaves the machine; data stays, and so does whatever isn't sloop's."""

from dataclasses import replace

from tests.gitops.repository import Repository
from tests.podman.hands import Hands
from tests.podman.manifests import (
    ONE,
    Object,
    claim,
    claimed,
    config_map,
    deployment,
    mounted,
    pod,
    secret,
    variable,
    within,
)
from tests.podman.program import Program


def database() -> tuple[Object, ...]:
    """Return a pod with a claim."""
    return claim(), pod("db", volumeMounts=[mounted("data", "/data")], pod={"volumes": [claimed()]})


def applied(program: Program, subject: str, *objects: Object) -> None:
    """Commit and apply, and find all well."""
    program.commit(subject, *objects)
    said = program.run("apply", "--allow-empty")
    assert said.code == 0, said
    assert program.run("diff").code == 0


def copied(hands: Hands, name: str) -> None:
    """Run an experiment from an image that was committed from one of our containers, labels and all."""
    hands.do("commit", "--quiet", name, "localhost/copy:1")
    hands.do("run", "--detach", "--name=experiment", "--entrypoint=sleep", "localhost/copy:1", "1000")


def test_what_leaves_git_leaves_nothing_behind(program: Program) -> None:
    login = [variable("PASSWORD", "login", "password")]
    files = {"volumes": [{"name": "files", "configMap": {"name": "settings"}}]}
    there = [
        config_map(color="blue"),
        secret(password="hunter2"),
        deployment("web", env=login, volumeMounts=[mounted("files", "/files")], pod=files),
    ]
    applied(program, "All", deployment("stays"), *there, *(within("shop", one) for one in there))

    applied(program, "One", deployment("stays"))

    assert {kind: len(names) for kind, names in program.things().items()} == {"containers": 1, "networks": 1}
    assert program.of("stays") == program.running()


def test_a_claims_volume_outlives_the_claim_and_its_data_is_found_again(program: Program) -> None:
    applied(program, "Database", *database())
    program.do("default.db", "sh", "-c", "echo precious > /data/file")

    applied(program, "Nothing")
    between = program.things()
    applied(program, "Database again", *database())

    assert between == {"volumes": ["default.data"]}
    assert program.do("default.db", "cat", "/data/file") == "precious\n"


def test_foreign_containers_with_the_users_labels_are_never_touched(program: Program) -> None:
    hands = Hands(program.podman)
    applied(program, "Web", deployment(replicas=2))
    hands.do("run", "--detach", "--name=stranger", "--label=app=web", ONE, "sleep", "1000")
    stranger = program.ids()["stranger"]

    applied(program, "Fewer", deployment(replicas=1))
    applied(program, "Nothing")

    assert program.ids() == {"stranger": stranger}


def test_a_container_of_an_image_that_was_committed_from_one_of_ours_is_not_ours(program: Program) -> None:
    hands = Hands(program.podman)
    applied(program, "Web", deployment())
    copied(hands, program.running()[0])
    before = program.ids()

    compared, said = program.run("diff"), program.run("apply")
    assert (compared.code, said.code) == (0, 0), (compared, said)
    assert program.ids() == before
    applied(program, "Nothing")
    assert program.running() == ["experiment"]
    hands.remove("experiment")
    hands.do("rmi", "localhost/copy:1")


def test_a_copy_of_ours_is_not_taken_for_it_when_that_is_gone(program: Program) -> None:
    hands = Hands(program.podman)
    applied(program, "Web", deployment())
    (name,) = program.running()
    copied(hands, name)
    hands.remove(name)

    applied(program, "Web, once more", deployment())

    assert sorted(program.running()) == [name, "experiment"]
    hands.remove("experiment")
    hands.do("rmi", "localhost/copy:1")


def test_a_namespace_keeps_its_network_for_a_foreign_container_in_it(program: Program) -> None:
    applied(program, "Shop", within("shop", pod("db")), pod("other"))
    hands = Hands(program.podman)
    hands.do("run", "--detach", "--name=guest", "--network=sloop-shop", ONE, "sleep", "1000")

    applied(program, "No shop", pod("other"))

    assert program.running() == ["default.other", "guest"]
    assert "sloop-shop" in program.things()["networks"]
    hands.remove("guest")
    applied(program, "Still no shop", pod("other"))
    assert program.things()["networks"] == ["sloop-default"]


def test_two_sources_on_one_podman_leave_each_other_alone(program: Program) -> None:
    place = program.repository.directory.parent
    second = replace(program, repository=Repository(place / "second"), state=place / "second-state")
    applied(program, "First", deployment("first"))
    applied(second, "Second", deployment("second"))

    applied(program, "Nothing")

    assert program.running() == second.of("second")
    applied(second, "Nothing")
    applied(program, "Nothing, still")  # whoever made a shared network removes it, once nobody is in it
    assert program.things() == {}
