"""How requests go to Podman's socket: a stand-in answers there, as it would on a bad day."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.engine import EngineUnreachable
from runtime.podman import PodmanEngine
from runtime.podman_api import Api
from runtime.podman_errors import Refusal
from runtime.podman_service import Address

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def answer(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


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
        thread = threading.Thread(target=serve)
        thread.start()
        yield Address(str(path))
        thread.join(5)


def saying(*answers: bytes) -> Callable[[socket.socket], None]:
    def speak(line: socket.socket) -> None:
        for one in answers:
            line.recv(65536)
            line.sendall(one)

    return speak


def test_a_connection_is_kept_for_the_next_question(tmp_path: Path) -> None:
    with serving(tmp_path / "s", saying(answer(b"[1]"), answer(b"[2]"))) as address:
        api = Api(address)
        answers = [api.get("one"), api.get("two")]
        api.close()

    assert answers == [[1], [2]]
    assert api.requests == 2


def test_a_connection_that_ended_while_idle_is_opened_anew(tmp_path: Path) -> None:
    with serving(tmp_path / "s", saying(answer(b"[1]")), saying(answer(b"[2]"))) as address:
        api = Api(address)
        answers = [api.get("one"), api.get("two")]
        api.close()

    assert answers == [[1], [2]]


def test_a_refusal_carries_what_podman_says(tmp_path: Path) -> None:
    body = b'{"cause":"no such volume","message":"no volume v: no such volume","response":404}'
    with serving(tmp_path / "s", saying(answer(body, "404 Not Found"))) as address:
        api = Api(address)
        with pytest.raises(Refusal) as raised:
            api.get("volumes/v/json")
        api.close()

    assert (raised.value.status, raised.value.cause, raised.value.gone) == (404, "no such volume", True)


def test_an_answer_that_breaks_off_is_an_engine_out_of_reach(tmp_path: Path) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1"
    with (
        serving(tmp_path / "s", saying(half)) as address,
        PodmanEngine(address.url) as engine,
        pytest.raises(EngineUnreachable, match="cannot list what is there: the connection to Podman broke"),
    ):
        engine.look()


def test_a_podman_that_goes_away_is_told_to_who_listens(tmp_path: Path) -> None:
    event = b'{"Action":"died","Actor":{"Attributes":{"name":"web"}}}\n'
    with (
        serving(tmp_path / "s", saying(CHUNKED + b"%x\r\n%s\r\n" % (len(event), event))) as address,
        PodmanEngine(address.url) as engine,
        engine.happenings() as told,
    ):
        first = next(told)
        with pytest.raises(EngineUnreachable, match="cannot listen to what happens"):
            next(told)

    assert (first.action, first.name) == ("died", "web")


def test_looking_imports_no_client_library(tmp_path: Path) -> None:
    program = (
        "import sys; from runtime.podman import PodmanEngine\n"
        f"with PodmanEngine('unix://{tmp_path}/s') as engine: engine.look(); engine.images(); engine.key()\n"
        "print(sorted({'podman', 'requests', 'urllib3'} & sys.modules.keys()))"
    )
    key = b'[{"CreatedAt":"2026-11-22T11:00:19Z","Spec":{"Name":"sloop-key-%s"}}]' % (b"0" * 32)
    answers = [*[answer(b"[]")] * 5, answer(key)]
    with serving(tmp_path / "s", saying(*answers)):
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert (run.stdout, run.stderr) == ("[]\n", "")
