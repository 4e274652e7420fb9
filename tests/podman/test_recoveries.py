"""What happens to traffic while nobody but Podman and the proxies look after it."""

import http.client
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from runtime.engine import EngineError
from runtime.podman import PodmanEngine
from tests.podman.graceful import graceful
from tests.podman.hands import Hands
from tests.podman.load import CLIENTS, Load, loading
from tests.podman.manifests import ONE, Object
from tests.podman.program import Program, until
from tests.podman.reaching import led, reached, send, within

PROXY = "default.web__service"


def made(version: str, *, replicas: int = 2, **container: Any) -> tuple[Object, Object]:
    """Return pods that end as they should, and what they read; ``container`` is more of their container."""
    pods, settings = graceful(version, replicas=replicas)
    (main,) = pods["spec"]["template"]["spec"]["containers"]
    for name, more in container.items():
        main[name] = {**main.get(name, {}), **more}
    return pods, settings


def served(program: Program, **more: Any) -> str:
    """Deploy such pods behind a Service, and return where it answers."""
    program.deploy(*made("one", **more), led())
    return reached(program)


def pods(program: Program) -> list[str]:
    """Return the names of the pods behind the Service."""
    return sorted(name for name in program.of("web") if "__" not in name)


def addresses(program: Program) -> dict[str, str]:
    """Return the address of each server that the proxy finds up; of none while it doesn't answer."""
    try:
        servers = PodmanEngine(program.podman.url).servers(PROXY)
    except EngineError:
        return {}
    return {one.name: one.address.partition(":")[0] for one in servers if one.up}


def process(program: Program, name: str) -> int:
    """Return a container's first process."""
    return int(program.inspect(name)["State"]["Pid"])


def goes_on(load: Load, more: int = 50) -> None:
    """Wait until so many more requests are answered."""
    answered = load.answered
    until(lambda: load.answered > answered + more)


def test_traffic_recovers_from_dead_proxies_moved_pods_and_a_silent_resolver(program: Program) -> None:
    place = served(program)
    first, second = pods(program)
    hands = Hands(program.podman)

    with loading(f"http://{place}/") as load:
        goes_on(load)
        send(process(program, PROXY), signal.SIGKILL)
        until(lambda: set(addresses(program)) == {first, second})
        goes_on(load)

    with loading(f"http://{place}/") as load:
        goes_on(load)
        before = addresses(program)[first]
        hands.disconnect(first, "sloop-default")
        hands.do(
            "run", "--detach", "--name=squatter", f"--network=sloop-default:ip={before}", ONE, "sleep", "99"
        )
        hands.do("network", "connect", "sloop-default", first)
        until(lambda: addresses(program).get(first, before) != before)
        hands.hush()
        goes_on(load, 500)
        hands.do("restart", "--time=0", second)
        until(lambda: set(addresses(program)) == {first, second})
        goes_on(load)

    assert len(load.failed) <= 2 * CLIENTS, load.failed
    assert program.run("apply").code == 0


def test_who_hangs_or_is_not_reached_any_more_is_left_within_seconds(program: Program) -> None:
    place = served(program)
    first, second = pods(program)

    with stopped(process(program, first)):
        until(lambda: set(addresses(program)) == {second})
        with loading(f"http://{place}/") as load:
            goes_on(load)
        assert load.failed == []
    until(lambda: set(addresses(program)) == {first, second})

    with loading(f"http://{place}/") as load, unreachable(process(program, first)):
        until(lambda: set(addresses(program)) == {second})
        goes_on(load)
    assert len(load.failed) <= CLIENTS, load.failed


def test_a_held_connection_lasts_while_its_pod_stops_to_which_nobody_else_is_led(program: Program) -> None:
    patient = {"preStop": {"sleep": {"seconds": 3}}}
    place = served(program, replicas=1, lifecycle=patient)
    (old,) = pods(program)
    held = http.client.HTTPConnection(place, timeout=10)
    assert asked(held).status == 200

    program.commit("Two", *made("two", replicas=1, lifecycle=patient), led())
    with closing(held), program.started("apply") as applying, loading(f"http://{place}/") as load:
        until(lambda: old not in addresses(program))
        assert old in program.running()
        answers = [asked(held)]
        until(lambda: answers[-1].will_close or bool(answers.append(asked(held))))
        goes_on(load)
        assert applying.wait(60) == 0

    assert {answer.status for answer in answers} == {200}
    assert load.failed == []
    assert old not in program.running()


def asked(held: http.client.HTTPConnection) -> http.client.HTTPResponse:
    """Ask once more on a connection that is kept, and return what came."""
    held.request("GET", "/")
    answer = held.getresponse()
    answer.read()
    return answer


@contextmanager
def stopped(process: int) -> Iterator[None]:
    """Let a process hang: the kernel still takes connections for it."""
    send(process, signal.SIGSTOP)
    try:
        yield
    finally:
        send(process, signal.SIGCONT)


@contextmanager
def unreachable(process: int) -> Iterator[None]:
    """Let a process's network swallow what comes, without a word."""
    link = [*within(process, "net"), "ip", "link", "set", "eth0"]
    subprocess.run([*link, "arp", "off", "down"], check=True)
    try:
        yield
    finally:
        subprocess.run([*link, "arp", "on", "up"], check=True)
