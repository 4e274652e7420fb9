"""Several sources on a real Podman: one answer about all, and one in trouble beside others that aren't."""

from dataclasses import replace

from tests.gitops.repository import Repository
from tests.podman.manifests import ONE, TWO, deployment
from tests.podman.program import Program


def test_every_command_tells_of_all_sources_and_a_broken_one_holds_up_none(program: Program) -> None:
    other = replace(program, repository=Repository(program.state.parent / "other"))
    program.commit("Shop", deployment())
    other.commit("Blog", deployment("blog"), deployment("web", image=TWO))
    file = program.state.parent / "sloop.yaml"
    urls = {"shop": program.repository.directory, "blog": other.repository.directory}
    file.write_text(f"sources: {[{'name': name, 'url': str(url)} for name, url in urls.items()]}\n")
    both = replace(program, config=file)
    assert replace(both, selected="shop").run("apply").code == 0

    refused = both.run("apply")
    assert refused.code == 1, refused
    assert "blog: Deployment/default/web: another source of sloop" in refused.out
    assert program.images() == [ONE, ONE]

    other.commit("Blog alone", deployment("blog"))
    assert both.run("apply").code == 0
    status = both.json("status")
    assert (status["source"], status["revision"], status["sync"], status["health"]) == (
        None,
        None,
        "Synced",
        "Healthy",
    )
    assert [(one["source"], one["name"]) for one in status["objects"]] == [("shop", "web"), ("blog", "blog")]
    assert both.run("diff").code == 0
    assert {one["source"] for one in both.json("history")} == {"shop", "blog"}
    assert [one["source"] for one in both.json("get", "deploy")["items"]] == ["shop", "blog"]
    assert "Name:" in both.run("describe", "deployment/blog").out
    assert both.run("exec", "deployment/blog", "--", "true").code == 0
    assert {one["source"] for one in both.json("events")} == {"shop", "blog"}
    wanting = both.run("rollback")
    assert (wanting.code, "--source: shop, blog" in wanting.err) == (2, True)

    program.repository.directory.rename(program.state.parent / "away")
    other.commit("Newer", deployment("blog", image=TWO))
    broken = both.run("apply")
    told = both.run("-o", "json", "status")

    assert broken.code == told.code == 4
    assert program.images() == [TWO, ONE]
    assert [(one["source"], one["sync"], one["health"]) for one in told.document["sources"]] == [
        ("shop", "Unknown", "Healthy"),
        ("blog", "Synced", "Healthy"),
    ]
