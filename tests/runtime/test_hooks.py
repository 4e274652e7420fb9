"""Hooks: what is done, in which order, and what becomes of a pod whose hook fails."""

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from runtime.engine import EngineError
from runtime.hooks import Pause, after_start, before_stop, hooks_in
from runtime.probes import Exec, Http
from tests.engine_in_memory import EngineInMemory
from tests.podman.making import TOWN, pod

NAME = "town.baker"


@pytest.fixture
def engine() -> EngineInMemory:
    engine = EngineInMemory()
    engine.create_network(TOWN)
    engine.create_pod(pod())
    return engine


def label(moment: str, **hook: object) -> str:
    return json.dumps({"main": {moment: hook}})


def does(moment: str, *command: str) -> str:
    return label(moment, exec={"command": command})


def ending(engine: EngineInMemory, code: int) -> list[tuple[str, ...]]:
    """Let commands end with a code, and return those that are run."""
    run: list[tuple[str, ...]] = []

    def end(_: str, command: tuple[str, ...], __: float) -> int:
        run.append(command)
        return code

    engine.runs = end
    return run


def test_a_label_tells_what_is_done_at_a_moment() -> None:
    hooks = {
        "main": {
            "preStop": {"sleep": {"seconds": 5}},
            "postStart": {"httpGet": {"port": 80, "path": "/up", "scheme": "HTTP"}},
        },
        "side": {"preStop": {"exec": {"command": ["stop", "now"]}}},
    }

    assert hooks_in(json.dumps(hooks), "preStop") == (Pause(5), Exec(("stop", "now")))
    assert hooks_in(json.dumps(hooks), "postStart") == (Http(80, "/up", lenient=True),)
    assert hooks_in("", "preStop") == ()


def test_what_comes_before_the_stop_takes_its_time_from_the_grace_period(engine: EngineInMemory) -> None:
    run = ending(engine, 0)

    assert before_stop(engine, NAME, does("preStop", "stop"), 30) in {(30, ""), (29, "")}
    assert run == [("stop",)]


def test_a_hook_leaves_two_seconds_however_long_it_took(engine: EngineInMemory) -> None:
    assert before_stop(engine, NAME, label("preStop", sleep={"seconds": 1}), 1) == (2, "")


def test_without_a_grace_period_there_is_no_time_for_a_hook(engine: EngineInMemory) -> None:
    run = ending(engine, 0)

    assert before_stop(engine, NAME, does("preStop", "stop"), 0) == (0, "")
    assert run == []


def test_a_failure_before_the_stop_is_told_and_stops_nothing(engine: EngineInMemory) -> None:
    ending(engine, 3)

    _, told = before_stop(engine, NAME, does("preStop", "stop"), 30)

    assert told == f'the preStop hook of the pod {NAME} failed: command "stop" exited with 3'


def test_a_pod_that_has_vanished_is_told_and_no_error(engine: EngineInMemory) -> None:
    engine.remove(NAME)

    _, told = before_stop(engine, NAME, label("preStop", httpGet={"port": 80}), 30)

    assert "there is none of that name" in told


def test_a_failure_after_the_start_stops_the_pod(engine: EngineInMemory) -> None:
    run = ending(engine, 1)
    both = json.dumps({"main": {one: {"exec": {"command": [one]}} for one in ("postStart", "preStop")}})

    with pytest.raises(EngineError, match=f"the postStart hook of the pod {NAME} failed"):
        after_start(engine, NAME, both, 30)
    assert run == [("postStart",), ("preStop",)]
    assert [one.state for one in engine.look().pods] == ["exited"]


@pytest.mark.parametrize("status", ["200 OK", "500 Oh No"])
def test_any_answer_to_a_request_is_good(engine: EngineInMemory, status: str) -> None:
    with answering(status) as port:
        hook = label("postStart", httpGet={"port": port, "host": "127.0.0.1"})
        at_home(engine)
        after_start(engine, NAME, hook, 30)

    assert [one.state for one in engine.look().pods] == ["running"]


def at_home(engine: EngineInMemory) -> None:
    """Let the pod's process be this one."""
    engine._pods[NAME] = replace(engine._pods[NAME], pid=os.getpid())


@contextmanager
def answering(status: str) -> Iterator[int]:
    """Answer one request on a port."""

    def answer() -> None:
        line, _ = listener.accept()
        with line:
            line.recv(4096)
            line.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)
