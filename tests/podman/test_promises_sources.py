"""What a configuration says of its sources, on a real Podman: what stays, and under whose name."""

from dataclasses import dataclass, replace
from pathlib import Path

from tests.gitops.repository import Repository
from tests.gitops.test_courier import inbox
from tests.podman.manifests import config_map, deployment, secret, variable
from tests.podman.program import Program


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
