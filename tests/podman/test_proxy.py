"""A proxy on a real Podman: of this machine's HAProxy, told anew while it serves, never told nonsense."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.engine import EngineError
from runtime.podman import PodmanEngine
from runtime.proxies import HOME, MASTER, RUN
from runtime.proxy_socket import PATIENCE
from runtime.resources import Port
from runtime.seen import SeenPod
from tests.machine import api
from tests.podman.conftest import Podman
from tests.podman.load import loading
from tests.podman.making import pod
from tests.podman.program import until
from tests.podman.proxying import ADDRESS, NAME, PLACE, proxy
from tests.podman.reaching import IS_ROOT, send, within

PORT = Port(80, 18080)
URL = f"http://{ADDRESS if IS_ROOT else '127.0.0.1:18080'}/passwd"
SERVE = {"command": ("httpd", "-f", "-h", "/etc", "-p", "8000")}


@pytest.fixture
def engine(empty_podman: Podman) -> PodmanEngine:
    """Return an engine with the proxy's network and image, and two pods that serve."""
    engine = PodmanEngine(empty_podman.url)
    engine.create_network(PLACE)
    for name in ("town.baker", "town.miller"):
        engine.create_pod(replace(pod(name, **SERVE), network=PLACE.name))
    return engine


def begin(engine: PodmanEngine, *members: str) -> None:
    """Start the proxy, and wait until its servers are up."""
    _, configuration, made = proxy(*members, ports=[PORT])
    engine.configure(configuration)
    engine.create_pod(made)
    until(lambda: up(engine) == set(members))


def up(engine: PodmanEngine) -> set[str]:
    """Return the pods that the proxy finds up; none where it doesn't answer yet."""
    try:
        return {one.name for one in engine.servers(NAME) if one.up}
    except EngineError:
        return set()


def seen(engine: PodmanEngine) -> SeenPod:
    """Return the proxy's pod."""
    (pod,) = (one for one in engine.look().pods if one.name == NAME)
    return pod


def home(podman: Podman) -> Path:
    """Return where sloop's part of the proxy's volume lies."""
    return Path(api.ask(podman.socket, "GET", f"/volumes/{NAME}/json")["Mountpoint"], HOME)


def test_told_anew_it_leads_elsewhere_and_loses_no_request(engine: PodmanEngine) -> None:
    begin(engine, "town.baker")

    with loading(URL) as load:
        until(lambda: load.answered > 200)
        engine.configure(proxy("town.baker", "town.miller")[1])
        until(lambda: up(engine) == {"town.baker", "town.miller"})
        engine.configure(proxy("town.miller")[1])
        engine.remove_pod("town.baker", 0)
        answered = load.answered
        until(lambda: load.answered > answered + 200)

    assert load.failed == []
    (volume,) = (one for one in engine.look().volumes if one.name == NAME)
    assert volume.content == proxy("town.miller")[1].content
    assert volume.note == '{"members": ["town.miller"]}'


def test_names_that_nobody_knows_hold_up_no_configuration(engine: PodmanEngine) -> None:
    begin(engine, "town.baker")

    engine.configure(proxy("town.baker", "town.nobody", "town.gone", "elsewhere.nobody")[1])

    until(lambda: up(engine) == {"town.baker"})


def test_what_its_program_refuses_reaches_no_running_proxy(
    engine: PodmanEngine, empty_podman: Podman
) -> None:
    begin(engine, "town.baker")
    (before,) = (one for one in engine.look().volumes if one.name == NAME)

    with pytest.raises(EngineError, match=r"keeps the old one: .*unknown keyword 'nonsense'"):
        engine.configure(proxy("town.baker", text="    nonsense\n")[1])

    (after,) = (one for one in engine.look().volumes if one.name == NAME)
    assert after == before
    assert up(engine) == {"town.baker"}
    engine.configure(proxy("town.miller")[1])
    until(lambda: up(engine) == {"town.miller"})
    kept = {path.name for path in home(empty_podman).iterdir()}
    assert kept == {"run", "current", str((home(empty_podman) / "current").readlink())}


def test_a_configuration_that_was_not_taken_up_is_seen_as_such(
    engine: PodmanEngine, empty_podman: Podman
) -> None:
    begin(engine, "town.baker")

    (home(empty_podman) / "untold").touch()  # as where the power goes between writing and telling

    (volume,) = (one for one in engine.look().volumes if one.name == NAME)
    assert volume.content != proxy("town.baker")[1].content
    engine.configure(proxy("town.baker")[1])
    (volume,) = (one for one in engine.look().volumes if one.name == NAME)
    assert volume.content == proxy("town.baker")[1].content


def test_told_anew_as_it_starts_and_as_it_dies_it_takes_that_up(engine: PodmanEngine) -> None:
    _, configuration, made = proxy("town.baker")
    engine.configure(configuration)
    engine.create_pod(made)

    engine.configure(proxy("town.miller")[1])

    until(lambda: up(engine) == {"town.miller"})
    send(seen(engine).pid, signal.SIGKILL)
    engine.configure(proxy("town.baker")[1])
    until(lambda: up(engine) == {"town.baker"})
    (volume,) = (one for one in engine.look().volumes if one.name == NAME)
    assert volume.content == proxy("town.baker")[1].content


def test_a_proxy_that_breaks_off_its_answer_is_told_once_more(
    engine: PodmanEngine, empty_podman: Podman
) -> None:
    begin(engine, "town.baker")

    with breaking_off(home(empty_podman) / RUN):
        engine.configure(proxy("town.miller")[1])

    until(lambda: up(engine) == {"town.miller"})
    (volume,) = (one for one in engine.look().volumes if one.name == NAME)
    assert volume.content == proxy("town.miller")[1].content


@contextmanager
def breaking_off(run: Path) -> Iterator[None]:
    """Let the first who speaks to the proxy's master find that it goes away, as one that starts anew does."""
    place, kept, directory = run / MASTER, run / "kept", os.open(run, os.O_PATH)
    until(lambda: answers(directory))  # until it does, it may put its socket in the place of ours
    place.rename(kept)
    with socket.socket(socket.AF_UNIX) as instead:
        instead.bind(at(directory))
        instead.listen()
        instead.settimeout(PATIENCE)

        def go_away() -> None:
            line, _ = instead.accept()
            kept.replace(place)
            line.close()

        thread = threading.Thread(target=go_away, daemon=True)
        thread.start()
        yield
        thread.join()
    os.close(directory)


def answers(directory: int) -> bool:
    """Say whether the proxy's master does."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(PATIENCE)
        try:
            line.connect(at(directory))
            line.sendall(b"show proc\n")
            return bool(line.recv(1))
        except ConnectionError:
            return False


def at(directory: int) -> str:
    """Return where the master's socket is; its whole path may be too long for a socket."""
    return f"/proc/self/fd/{directory}/{MASTER}"


def test_a_proxy_that_dies_comes_back_by_itself_though_it_was_told_anew(engine: PodmanEngine) -> None:
    begin(engine, "town.baker")
    engine.configure(proxy("town.miller")[1])
    before = seen(engine)

    send(before.pid, signal.SIGKILL)

    until(lambda: seen(engine).pid not in {0, before.pid})
    until(lambda: up(engine) == {"town.miller"})
    assert (seen(engine).id, seen(engine).state) == (before.id, "running")


def test_it_follows_a_pod_that_podman_restarts(engine: PodmanEngine) -> None:
    begin(engine, "town.baker")

    with loading(URL) as load:
        until(lambda: load.answered > 100)
        engine.restart_pod("town.baker", 0)
        until(lambda: up(engine) == {"town.baker"})
        answered = load.answered
        until(lambda: load.answered > answered + 100)


def test_it_has_no_rights(engine: PodmanEngine) -> None:
    begin(engine, "town.baker")
    pid = seen(engine).pid

    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines())
    assert "0" not in fields["Uid"].split()
    assert {fields[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert fields["NoNewPrivs"] == "1"
    written = subprocess.run([*within(pid, "mount"), "/usr/local/sbin/haproxy", "-v"], check=False)
    assert written.returncode == 0
