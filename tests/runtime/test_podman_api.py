"""How requests go to Podman's socket: a stand-in answers there, as it would on a bad day."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.engine import EngineUnreachable
from runtime.podman import PodmanEngine
from runtime.podman_api import Api
from runtime.podman_errors import Refusal, asking_podman_to
from runtime.podman_service import Address

ENDLESS = b"HTTP/1.0 200 OK\r\n\r\n"


def answer(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.0 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@contextmanager
def serving(path: Path, *connections: Callable[[socket.socket], object]) -> Iterator[Address]:
    """Answer one connection after another, each by its function."""

    def serve() -> None:
        for speak in connections:
            line, _ = listener.accept()
            with line:
                speak(line)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(5)
        thread = threading.Thread(target=serve)
        thread.start()
        yield Address(str(path))
        thread.join(5)


def saying(answer: bytes) -> Callable[[socket.socket], None]:
    def speak(line: socket.socket) -> None:
        line.recv(65536)
        line.sendall(answer)

    return speak


def test_what_podman_says_is_read_and_counted(tmp_path: Path) -> None:
    with serving(tmp_path / "s", saying(answer(b"[1]")), saying(ENDLESS + b"[2]")) as address:
        api = Api(address)
        answers = [api.get("one"), api.get("two")]

    assert answers == [[1], [2]]
    assert api.requests == 2


def test_our_own_service_is_asked_again_if_it_ended_as_we_came(tmp_path: Path) -> None:
    with serving(tmp_path / "s", saying(b""), saying(answer(b"[2]"))) as address:
        assert Api(replace(address, private=True)).get("two") == [2]


def test_a_list_that_broke_because_something_went_meanwhile_is_asked_for_again(tmp_path: Path) -> None:
    gone = b'{"cause":"no such volume","message":"no volume v: no such volume","response":500}'
    broken = saying(answer(gone, "500 Internal Server Error"))
    with serving(tmp_path / "s", broken, saying(answer(b"[2]"))) as address:
        assert Api(address).get("volumes/json") == [2]


def test_a_refusal_carries_what_podman_says(tmp_path: Path) -> None:
    body = b'{"cause":"no such volume","message":"no volume v: no such volume","response":404}'
    with serving(tmp_path / "s", saying(answer(body, "404 Not Found"))) as address:
        api = Api(address)
        with pytest.raises(Refusal) as raised:
            api.get("volumes/v/json")

    assert (raised.value.status, raised.value.cause, raised.value.gone) == (404, "no such volume", True)


@pytest.mark.parametrize(
    "half",
    [b"", b"HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n[1", ENDLESS + b"[1,"],
    ids=["nothing", "too-short", "unfinished"],
)
def test_an_answer_that_breaks_off_is_an_engine_out_of_reach(tmp_path: Path, half: bytes) -> None:
    with (
        serving(tmp_path / "s", saying(half)) as address,
        pytest.raises(EngineUnreachable, match="cannot list what is there: the connection to Podman broke"),
    ):
        PodmanEngine(address.url).look()


def test_a_podman_that_goes_away_is_told_to_who_listens(tmp_path: Path) -> None:
    event = b'{"Action":"died","Actor":{"Attributes":{"name":"web"}}}\n'
    with (
        serving(tmp_path / "s", saying(ENDLESS + event + event[:20])) as address,
        PodmanEngine(address.url).happenings() as told,
    ):
        first = next(told)
        with pytest.raises(EngineUnreachable, match="cannot listen to what happens"):
            next(told)

    assert (first.action, first.name) == ("died", "web")


def silent(line: socket.socket) -> None:
    while line.recv(65536):
        pass


def test_a_podman_that_is_silent_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with (
        serving(tmp_path / "s", silent) as address,
        pytest.raises(EngineUnreachable, match="cannot make it: Podman doesn't answer in time"),
        asking_podman_to("make it"),
    ):
        Api(address).post("volumes/create", {}, seconds=0.1)


def test_a_change_asks_once_and_carries_its_body(tmp_path: Path) -> None:
    heard: list[bytes] = []

    def listen(line: socket.socket) -> None:
        said = b""
        while not said.endswith(b"\0raw"):
            said += line.recv(65536)
        heard.append(said)
        line.sendall(answer(b"made"))

    with serving(tmp_path / "s", listen) as address:
        api = Api(address)
        said = api.post("secrets/create", b"\0raw", seconds=5, name="a b")

    assert said == b"made"
    assert api.requests == 1
    assert heard[0].startswith(b"POST /v4.0.0/libpod/secrets/create?name=a+b HTTP/1.0\r\n")
    assert b"Content-Type: application/octet-stream" in heard[0]
    assert heard[0].endswith(b"\r\n\r\n\0raw")


def test_looking_loads_no_client_library(tmp_path: Path) -> None:
    program = (
        "import sys; from runtime.podman import PodmanEngine\n"
        f"engine = PodmanEngine('unix://{tmp_path}/s'); engine.look(); engine.images(); engine.key()\n"
        "print(sorted({'podman', 'requests', 'http.client', 'subprocess'} & sys.modules.keys()))"
    )
    key = b'[{"CreatedAt":"2026-11-22T11:00:19Z","Spec":{"Name":"sloop-key-%s"}}]' % (b"0" * 32)
    answers = [*[answer(b"[]")] * 5, answer(key)]
    with serving(tmp_path / "s", *(saying(one) for one in answers)):
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (run.stdout, run.stderr) == ("[]\n", "")
