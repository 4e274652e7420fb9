"""What a configuration says of its sources, on a real Podman: what stays, and under whose name."""

from dataclasses import dataclass, replace
from pathlib import Path

from tests.gitops.repository import Repository
from tests.gitops.test_courier import inbox
from tests.machine import api
from tests.podman.keeping import keeping
from tests.podman.manifests import TWO, config_map, deployment, secret, variable
from tests.podman.program import Program, until


@dataclass(frozen=True, slots=True)
class Configured:
    """A program with a configuration that tests rewrite."""

    program: Program
    file: Path

    def name(self, **sources: str) -> Program:
        """Let the configuration name these sources, each with what is set of it as YAML."""
        lines = (f"  - {{name: {name}, {words}}}\n" for name, words in sources.items())
        self.file.write_text("sources:\n" + "".join(lines))
        return replace(self.program, config=self.file)


def test_what_a_source_leaves_behind_stays_as_the_configuration_says_and_is_told(program: Program) -> None:
    other = replace(program, repository=Repository(program.state.parent / "other"))
    keys = [secret(password="hunter2"), config_map(color="blue")]
    login = [variable("PASSWORD", "login", "password")]
    program.commit("Shop", deployment(), deployment("api", env=login), *keys)
    other.commit("Blog", deployment("blog"))
    place, elsewhere = program.repository.directory, program.state.parent / "renamed"
    configured = Configured(program, program.state.parent / "sloop.yaml")
    blog = f"url: {other.repository.directory}"
    assert configured.name(shop=f"url: {place}", blog=blog).run("apply").code == 0
    before = program.ids()

    left = configured.name(shop=f"url: {place}")
    stray = left.run("status")
    assert left.run("apply").code == 0
    place.rename(elsewhere)
    now = f"url: {elsewhere}, formerly: {{url: {place}}}"
    moved = configured.name(shop=now, blog=blog)
    assert (moved.run("diff").code, moved.run("apply").code) == (0, 0)
    again = replace(moved, repository=Repository(elsewhere))

    assert (
        f"stays of a source that the configuration doesn't name (last at {other.repository.head()[:7]}"
        in (stray.out)
    )
    assert "stays of" not in moved.run("status").out
    assert {one["subject"] for one in moved.json("history")} == {"Shop", "Blog"}
    assert program.ids() == before

    again.commit("Only the web", deployment())
    kept = configured.name(shop=f"{now}, prune: false", blog=blog)
    unpruned = kept.run("diff")
    assert (unpruned.code, kept.run("apply").code) == (0, 0)
    assert (
        "notice: shop: Deployment/default/api left git, and stays: sloop.yaml says prune: false"
        in unpruned.out
    )
    assert "shop: Deployment/default/api left git, and stays" in kept.run("status").out
    assert program.ids() == before
    assert configured.name(shop=now, blog=blog).run("apply").code == 0
    assert program.of("api") == []


def test_an_object_goes_over_to_another_source_as_it_runs_whoever_is_first(
    program: Program,
) -> None:
    other = replace(program, repository=Repository(program.state.parent / "other"))
    shop, blog = f"url: {program.repository.directory}", f"url: {other.repository.directory}"
    both = Configured(program, program.state.parent / "sloop.yaml").name(shop=shop, blog=blog)
    login = [variable("PASSWORD", "login", "password")]
    web = [deployment(env=login), secret(password="hunter2"), config_map(color="blue")]
    program.commit("Shop", deployment("api"), *web)
    other.commit("Blog", deployment("blog"))
    assert both.run("apply").code == 0
    before, (name,) = program.ids(), program.of("web")

    other.commit("Web as well", deployment("blog"), *web)
    refused = both.run("apply")
    program.commit("Without web", deployment("api"))
    taken = both.run("apply")

    assert (refused.code, taken.code) == (1, 0)
    assert "another source of sloop (shop) has Deployment/default/web already" in refused.out
    assert "adopt  Deployment default/web" in taken.out
    assert "shop no longer has it, and it goes over" in taken.out
    assert (both.run("diff").code, program.ids()) == (0, before)
    api.ask(program.podman.socket, "POST", f"/containers/{name}/restart?t=0")
    assert program.do(name, "sh", "-c", "echo $PASSWORD").strip() == "hunter2"

    with keeping(both, "--interval", "1s"):
        program.commit("Web again", deployment("api"), *web)
        other.commit("Without web", deployment("blog"))
        until(lambda: ("shop", "web", "Synced") in _synced(both))
        other.commit("Newer", deployment("blog", image=TWO))
        until(lambda: program.images().count(TWO) == 1 and both.run("diff").code == 0)
    assert program.ids()[name] == before[name]


def _synced(both: Program) -> set[tuple[str, str, str]]:
    return {(one["source"], one["name"], one["sync"]) for one in both.json("status")["objects"]}


def test_a_commit_that_is_refused_is_told_once_and_so_is_its_mending(program: Program) -> None:
    with inbox() as (url, heard):
        file = program.state.parent / "sloop.yaml"
        sources = f"sources: [{{name: shop, url: {program.repository.directory}}}]"
        file.write_text(f"{sources}\nnotifications: [{{url: '{url}/'}}]\n")
        configured = replace(program, config=file)
        program.commit("Good", config_map(color="blue"))
        assert configured.run("apply").code == 0
        bad = program.commit("Bad", {**config_map(color="blue"), "dta": {}})
        assert [configured.run("apply").code for _ in range(2)] == [2, 2]
        program.commit("Mended", config_map(color="red"))
        assert configured.run("apply").code == 0

    (failed, recovered) = [body for _, _, body in heard]
    assert (failed["event"], failed["source"], failed["revision"]) == ("failed", "shop", bad)
    assert "configmap-settings.yaml" in failed["message"]
    assert recovered["event"] == "recovered"
    assert [one["outcome"] for one in configured.json("history")] == ["Synced", "Failed", "Synced"]
