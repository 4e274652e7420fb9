"""The executor: what can run at once does, and a failed step holds back only what needs it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, current_thread, main_thread

import pytest

from gitops.execute import WORKERS, Result, execute
from gitops.planning.steps import Action, Connect, Create, Pull, Remove, Rename, Start, Step, Unpause, Write
from runtime.engine import EngineError
from runtime.resources import File, Files, Hidden, Image, Label, Network, Secret, Volume
from tests.engine_in_memory import EngineInMemory
from tests.reconcilers.given import pods_of, wanted

PATIENCE = 10.0  # seconds; a barrier that nobody reaches then is broken, and the test with it
POD = """
    apiVersion: v1
    kind: Pod
    metadata: {name: job, namespace: shop}
    spec: {containers: [{name: main, image: "sloop/busybox:1"}]}
"""


@pytest.fixture
def engine() -> EngineInMemory:
    return EngineInMemory()


def step(number: int, *needs: int, action: Action | None = None) -> Step:
    return Step(number, action or Create(Volume(f"v{number}", {})), None, "new", needs)


def failing(engine: EngineInMemory, *names: str) -> None:
    """Let the engine refuse what has one of these names."""

    def refuse(method: str, name: str) -> None:
        if name in names:
            raise EngineError(f"cannot {method} {name}")

    engine.fail = refuse


def numbers(results: Iterator[Result], chosen: Callable[[Result], bool]) -> set[int]:
    return {result.step.number for result in results if chosen(result)}


class MeetingEngine(EngineInMemory):
    """An engine in which volumes are made only once as many threads as are expected have come together."""

    def __init__(self, expected: int) -> None:
        super().__init__()
        self.barrier = Barrier(expected, timeout=PATIENCE)

    def create_volume(self, volume: Volume) -> None:
        self.barrier.wait()
        super().create_volume(volume)


class GatedEngine(EngineInMemory):
    """An engine in which some volumes are made only when a gate opens."""

    gated = frozenset({"v1"})

    def __init__(self) -> None:
        super().__init__()
        self.gate = Event()

    def create_volume(self, volume: Volume) -> None:
        opened = volume.name not in self.gated or self.gate.wait(PATIENCE)
        assert opened
        super().create_volume(volume)


def test_steps_that_do_not_need_each_other_run_at_once() -> None:
    engine = MeetingEngine(8)

    results = list(execute([step(number) for number in range(1, 9)], engine))

    assert all(result.done for result in results)


def test_results_come_as_they_end_and_not_in_the_order_of_the_plan() -> None:
    engine = GatedEngine()
    results = execute([step(1), step(2), step(3, 2)], engine)

    first, second = next(results), next(results)
    engine.gate.set()

    assert [first.step.number, second.step.number] == [2, 3]
    assert [result.step.number for result in results] == [1]


def test_no_further_step_begins_once_nobody_listens_any_more() -> None:
    engine = GatedEngine()
    results = execute([step(1), step(2), step(3, 1)], engine)

    first = next(results)
    engine.gate.set()
    results.close()

    assert first.step.number == 2
    assert sorted(name for _, name in engine.calls) == ["v1", "v2"]


def test_steps_that_wait_for_a_thread_do_not_begin_once_nobody_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = GatedEngine()
    engine.gated = frozenset(f"v{number}" for number in range(2, 31))

    class Pool(ThreadPoolExecutor):
        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            engine.gate.set()
            super().shutdown(wait=wait)

    monkeypatch.setattr("gitops.execute.ThreadPoolExecutor", Pool)
    results = execute([step(number) for number in range(1, 31)], engine)

    first = next(results)
    results.close()

    assert first.step.number == 1
    assert len(engine.calls) <= 1 + WORKERS


def test_a_step_starts_when_all_that_it_needs_is_done(engine: EngineInMemory) -> None:
    steps = [step(1), step(2, 1), step(3, 1, 2), step(4, 3)]

    ended = [result.step.number for result in execute(steps, engine)]

    assert ended == [1, 2, 3, 4]
    assert [name for _, name in engine.calls] == ["v1", "v2", "v3", "v4"]


def test_a_failed_step_holds_back_only_what_needs_it(engine: EngineInMemory) -> None:
    failing(engine, "v1")

    results = list(execute([step(1), step(2), step(3, 1), step(4, 3), step(5, 2)], engine))

    assert numbers(iter(results), lambda result: bool(result.error)) == {1}
    assert numbers(iter(results), lambda result: result.held) == {3, 4}
    assert numbers(iter(results), lambda result: result.done) == {2, 5}
    assert {name for _, name in engine.calls} == {"v1", "v2", "v5"}


def test_the_error_is_told_in_the_engines_words(engine: EngineInMemory) -> None:
    failing(engine, "v1")

    (result,) = execute([step(1)], engine)

    assert result.error == "cannot create_volume v1"


def test_what_has_changed_since_it_was_looked_at_is_no_failure_yet_but_holds_back_what_needs_it(
    engine: EngineInMemory,
) -> None:
    engine.create_volume(Volume("v1", {}))

    taken, held = execute([step(1), step(2, 1)], engine)

    assert (taken.transient, taken.failed, taken.done) == (True, False, False)
    assert taken.error.endswith("the name is already in use")
    assert (held.held, held.failed, held.done) == (True, False, False)


def test_what_is_no_error_of_the_engine_is_not_swallowed(engine: EngineInMemory) -> None:
    engine.fail = lambda *_: 1 / 0

    with pytest.raises(ZeroDivisionError):
        list(execute([step(1)], engine))


def test_a_pull_passes_on_its_notice(engine: EngineInMemory) -> None:
    always = Image("sloop/busybox:1", "Always")

    (result,) = execute([step(1, action=Pull(always))], engine)

    assert result.done
    assert "could not be pulled" in result.notice


def test_who_listens_is_told_in_the_thread_of_the_step_before_it_starts(engine: EngineInMemory) -> None:
    told: list[tuple[int, int, bool]] = []

    def begun(one: Step) -> None:
        told.append((one.number, len(engine.calls), current_thread() is main_thread()))

    list(execute([step(1), step(2, 1)], engine, begun))

    assert told == [(1, 0, False), (2, 1, False)]


def test_no_steps_are_no_results(engine: EngineInMemory) -> None:
    assert list(execute([], engine)) == []


def test_every_action_reaches_the_engine(engine: EngineInMemory) -> None:
    (pod,) = pods_of(wanted(POD))
    files = Files("files", {Label.KIND: "files"}, (File("a", b"1"),))
    actions: list[Action] = [
        Create(Network("sloop-shop", {}, "10.144.0.0/20")),
        Create(Volume("data", {})),
        Create(Secret("password", Hidden(b"s3cr3t"))),
        Write(files),
        Create(pod),
        Rename("shop.other", (("shop.job", "shop.other"),)),
        Connect("shop.other", "sloop-shop", ("other",), "shop.other"),
        Start("shop.other"),
        Unpause("shop.other"),
        Remove("pod/shop.other", 7),
        Remove("files/files"),
        Remove("secret/password"),
        Remove("volume/data"),
        Remove("network/sloop-shop"),
    ]

    results = list(
        execute([step(at, *range(1, at), action=one) for at, one in enumerate(actions, start=1)], engine)
    )

    assert [result.error for result in results] == [""] * len(actions)
    assert engine.calls == [
        ("create_network", "sloop-shop"),
        ("create_volume", "data"),
        ("create_secret", "password"),
        ("write_files", "files"),
        ("create_pod", "shop.job"),
        ("rename_pod", "shop.job"),
        ("connect_pod", "shop.other"),
        ("start_pod", "shop.other"),
        ("unpause_pod", "shop.other"),
        ("remove_pod", "shop.other"),
        ("remove_volume", "files"),
        ("remove_secret", "password"),
        ("remove_volume", "data"),
        ("remove_network", "sloop-shop"),
    ]
    assert engine.graces == {"shop.other": 7}


def test_no_action_shows_what_it_carries() -> None:
    secret = Secret("password", Hidden(b"s3cr3t"))

    assert "s3cr3t" not in repr([step(1, action=Create(secret)), Create(secret)])
