"""The eyes of ``make chaos`` see: whatever is broken on purpose is told, and nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.podman import PodmanEngine
from tests.chaos.invariants import broken
from tests.chaos.moves import Move
from tests.chaos.play import a_podman, played
from tests.chaos.stage import Stage
from tests.chaos.under_way import under_way
from tests.gitops.repository import Repository
from tests.podman import doomed
from tests.podman.conftest import Podman
from tests.podman.manifests import deployment
from tests.podman.program import Program, Said

WELL = Said(0, "", "")


@pytest.fixture
def mortal() -> Iterator[Podman]:
    """Lend a Podman that may die: when it starts again it has another network than its tests are in."""
    with a_podman() as podman:
        yield podman


def a_pod_is_gone(stage: Stage) -> None:
    stage.hands.remove(stage.program.of("default/web")[0])


def a_steady_pod_was_restarted(stage: Stage) -> None:
    stage.hands.do("restart", "--time=0", stage.program.of("calm/steady")[0])


def a_stranger_is_gone(stage: Stage) -> None:
    stage.hands.remove("stranger")


def an_heirloom_was_overwritten(stage: Stage) -> None:
    stage.inside("heirloom").write_text("something else")


def data_is_lost(stage: Stage) -> None:
    stage.inside("default.data").unlink()


def a_job_ran_twice(stage: Stage) -> None:
    stage.note("once", "blue")


def a_run_of_a_schedule_happened_again(stage: Stage) -> None:
    stage.note("yearly", "yearly-1", "yearly-1")


def somebody_was_turned_away(stage: Stage) -> None:
    stage.complaints.append("a request failed")


def the_proxy_leads_nowhere(stage: Stage) -> None:
    stage.hands.do("pause", "default.web__service")


def nobody_answers_names(stage: Stage) -> None:
    stage.hands.hush()


def something_is_left_over(stage: Stage) -> None:
    stage.hands.do("volume", "create", "leftover")


def the_ledger_is_damaged(stage: Stage) -> None:
    ledger = stage.program.state / "ledger.sqlite3"
    content = bytearray(ledger.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    ledger.write_bytes(content)


def sloop_crashed(stage: Stage) -> None:
    (stage.program.state / "sloop-crash-1.log").write_text("Traceback")


DAMAGES = [
    (a_pod_is_gone, "git says"),
    (a_steady_pod_was_restarted, "the steady pod was"),
    (a_stranger_is_gone, "strangers were"),
    (an_heirloom_was_overwritten, "heirloom"),
    (data_is_lost, "what was in the volume default.data is lost"),
    (a_job_ran_twice, "the Job once ran as ['blue', 'blue']"),
    (a_run_of_a_schedule_happened_again, "happened again: {'yearly-1': 2}"),
    (somebody_was_turned_away, "a request failed"),
    (the_proxy_leads_nowhere, "the Service answers"),
    (nobody_answers_names, "asks for web.default.svc.cluster.local and is told nothing"),
    (something_is_left_over, "volumes:"),
    (sloop_crashed, "sloop-crash-1.log"),
    (the_ledger_is_damaged, "the ledger is damaged"),
]
MISFORTUNE = "killed-at-a-change 0.4,hand 0.3,new-image 0.1,two-at-once 0.5,lost-ledger 0.0"


def test_whatever_is_broken_is_told(empty_podman: Podman, tmp_path: Path) -> None:
    stage = Stage.set(empty_podman, tmp_path / "stage")
    before = broken(stage, WELL)

    for damage, _ in DAMAGES:
        damage(stage)

    after = "\n".join(broken(stage, WELL))
    assert before == []
    assert [words for _, words in DAMAGES if words not in after] == []


def test_a_sequence_is_survived(podman: Podman) -> None:
    moves = tuple(map(Move.parse, MISFORTUNE.split(",")))

    assert played(podman, 0, moves).wrong == []


def test_a_pod_that_lacked_a_container_when_the_power_went_is_whole_again(
    mortal: Podman, tmp_path: Path
) -> None:
    stage = Stage.set(mortal, tmp_path / "stage")
    (first,) = [one for one in stage.program.ids() if one.endswith("_first")]
    stage.hands.do("rm", first)
    Move("reboot", 0.0).happen(stage)

    assert broken(stage, stage.mend()) == []


def test_what_somebody_waited_for_too_long_is_told(mortal: Podman, tmp_path: Path) -> None:
    program = Program(mortal, Repository(tmp_path / "site"), tmp_path / "state", warmed=True)
    program.commit("Deploy", deployment("web"))
    replace(program, command=(*doomed.MODULE, "2", doomed.BEFORE)).run("apply")

    with PodmanEngine(program.podman.url).happenings():
        told = "\n".join(under_way(program.podman.engine, program.state))

    assert "unfinished: create network/sloop-default" in told
    assert "GetEvents" in told
