"""Restarts and rollouts that a hand holds, on a real Podman: who serves, who is replaced, and how often."""

import signal
from dataclasses import replace
from itertools import count, takewhile

from tests.podman import doomed
from tests.podman.keeping import keeping
from tests.podman.manifests import ONE, SERVE, TWO, deployment, stateful_set
from tests.podman.program import Program, until
from tests.podman.watching import watching

SAFE = {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
READY = {
    "command": SERVE,
    "readinessProbe": {"httpGet": {"port": 8000, "path": "/passwd"}, "periodSeconds": 1},
}


def steps(program: Program, *words: str) -> list[str]:
    """Run a command that ends well; return what it did to pods."""
    said = program.run("-o", "json", *words)
    assert said.code == 0, said
    return [one["verb"] for one in said.document["steps"] if one["resource"].startswith("pod/")]


def test_a_restart_replaces_a_pod_once_while_it_serves(program: Program) -> None:
    program.deploy(deployment(spec=SAFE, **READY))
    before = set(program.ids().values())

    with watching(program) as seen:
        done = steps(program, "restart", "deployment/web")

    assert (sorted(done), min(seen.answered)) == (["create", "remove"], 1)
    assert not before & set(program.ids().values())
    assert steps(program, "apply") == []
    assert [row["cause"] for row in program.json("rollout", "history", "deployment/web")] == [
        "restart, asked for by a hand",
        "Deploy",
    ]


def test_a_restart_beside_a_loop_is_one_restart(program: Program) -> None:
    program.commit("One", deployment(replicas=2), stateful_set())
    with keeping(program, "--interval", "200ms") as keeper:
        until(lambda: [one["outcome"] for one in program.json("history")] == ["Synced"])
        before = program.ids()
        for which in ("deployment/web", "statefulset/db"):
            assert program.run("restart", which).code == 0
            assert program.run("rollout", "status", which).code == 0
        assert keeper.end() == 0, keeper.log.read_text()

    assert not set(before.values()) & set(program.ids().values())
    events = program.json("events")
    assert [one["object"] for one in events if one["reason"] == "Restart"] == [
        "Deployment/default/web",
        "StatefulSet/default/db",
    ]


def test_a_restart_that_is_killed_at_any_moment_is_finished_by_the_next_apply(program: Program) -> None:
    program.deploy(stateful_set(replicas=1))

    def killed(moment: int) -> bool:
        before = program.ids()
        fated = replace(program, command=(*doomed.MODULE, str(moment), doomed.AFTER))
        code = fated.run("restart", "statefulset/db").code
        assert program.run("apply").code == 0
        assert program.running() == ["default.db-0"]
        assert not set(before.values()) & set(program.ids().values())
        return code == -signal.SIGKILL

    assert sum(takewhile(bool, map(killed, count(1)))) >= 2


def test_a_restart_whose_ledger_is_lost_restarts_nobody_else(program: Program) -> None:
    program.deploy(stateful_set())
    fated = replace(program, command=(*doomed.MODULE, "4", doomed.AFTER))
    assert fated.run("restart", "statefulset/db").code == -signal.SIGKILL
    (program.state / "ledger.sqlite3").unlink()
    assert program.run("apply").code == 0
    before = program.ids()

    assert steps(program, "apply") == []
    assert program.ids() == before


def test_a_paused_rollout_waits_for_its_hand(program: Program) -> None:
    program.deploy(deployment(replicas=2))
    assert program.run("rollout", "pause", "deployment/web").code == 0
    program.commit("Two", deployment(image=TWO, replicas=3))
    assert program.run("apply").code == 0
    held = (program.images(), program.json("status")["objects"][0]["health"])
    refused = [program.run("rollout", word, "deploy/web").code for word in ("pause", "status", "restart")]

    assert program.run("rollout", "resume", "deployment/web").code == 0
    assert held == ([ONE] * 3, "Suspended")
    assert refused == [1, 1, 1]
    assert program.images() == [TWO] * 3


def test_as_many_old_revisions_are_known_as_git_says_and_each_can_be_brought_back(program: Program) -> None:
    for number in range(3):
        named = [{"name": "NUMBER", "value": str(number)}]
        program.deploy(deployment(env=named, spec={"revisionHistoryLimit": 1}))
    rows = program.json("rollout", "history", "deploy/web")
    told = program.run("rollout", "undo", "deploy/web")
    lost = program.run("rollout", "undo", "deploy/web", "--to-revision", "1")
    before = rows[1]["commit"][:7]
    back = program.run("rollback", "--to", before)

    assert [row["revision"] for row in rows] == [3, 2]
    assert [row["revision"] for row in program.json("rollout", "history", "deploy/web", "--limit", "9")] == [
        *(4, 3, 2, 1)
    ]
    assert (told.code, lost.code, back.code) == (2, 1, 0)
    assert f"`sloop rollback --to {before}` brings back what it said at revision 2 of" in told.err
    assert "deployment/web has no older revision 1: `sloop rollout history deployment/web`" in lost.err
    assert program.do(*program.of("web"), "sh", "-c", "echo $NUMBER") == "1\n"


def test_what_makes_no_sense_is_told_and_changes_nothing(program: Program) -> None:
    program.deploy(deployment())
    before = program.ids()
    senseless = {
        "restart rs/web": "there is no replicaset web",
        "restart pod/nobody": "there is no pod nobody",
        "rollout resume deploy/web": "deployment/web is not paused",
        "rollout pause sts/db": "only the rollout of a Deployment can be paused",
        "rollout history deploy/nobody": "there is no deployment nobody",
        "rollout status svc/web": "a Service has no rollout",
    }

    for words, told in senseless.items():
        said = program.run(*words.split())
        assert (said.code, said.lines[0][: len(told)]) == (1, told)
    assert program.ids() == before
