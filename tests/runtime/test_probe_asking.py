import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.engine import EngineUnreachable
from runtime.probe_results import Answer
from runtime.probe_sockets import place_of
from runtime.probes import Exec, Grpc, Http, Kind, Tcp, Unclear
from tests.runtime.probe_asked import answer_of
from tests.runtime.probe_material import free_port, pod_here, saying

TEST = Exec(("test", "-e", "/ready"))


@pytest.fixture
def silent() -> Iterator[int]:
    """Lend a port at which connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield door.getsockname()[1]


@pytest.fixture
def certified(tmp_path: Path) -> Iterator[int]:
    """Lend a port that speaks HTTPS once, with a certificate that nobody vouches for."""
    files = ["-keyout", tmp_path / "key", "-out", tmp_path / "cert"]
    kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=somebody"]
    subprocess.run(["openssl", "req", *kind, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=_greet, args=(door, context))
        thread.start()
        yield door.getsockname()[1]
        thread.join()


def _greet(door: socket.socket, context: ssl.SSLContext) -> None:
    line, _ = door.accept()
    with context.wrap_socket(line, server_side=True) as secured:
        secured.recv(65536)
        secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_an_open_port_passes() -> None:
    with saying(b"") as port:
        assert answer_of(Tcp(port)) == Answer(True)


def test_a_closed_port_fails_in_kubernetes_words() -> None:
    port = free_port()

    assert answer_of(Tcp(port)) == Answer(False, f"dial tcp :{port}: connection refused")


def test_a_host_by_address_is_asked_and_no_other() -> None:
    with saying(b"") as port:
        assert answer_of(Tcp(port, "127.0.0.1")).good
        assert not answer_of(Tcp(port, "127.0.0.2")).good


def test_a_host_by_name_is_asked_where_the_machine_finds_it() -> None:
    with saying(b"") as port:
        assert answer_of(Tcp(port, "localhost")).good


def test_a_host_that_nobody_knows_fails() -> None:
    nobody = "x" * 64  # longer than a name can be, so that no server has to be asked

    assert answer_of(Tcp(80, nobody)).words.startswith(f"dial tcp {nobody}:80: ")


@pytest.mark.parametrize("question", [Http(0), Grpc(0)])
def test_silence_fails_when_the_time_is_over(question: Http | Grpc, silent: int) -> None:
    answer = answer_of(replace(question, port=silent), timeout=0.05)

    assert (answer.good, answer.words.partition(": ")[2]) == (False, "no answer within 0.05s")


def test_a_time_out_that_was_noticed_late_says_nothing_against_the_pod(silent: int) -> None:
    assert answer_of(Http(silent), timeout=0.05, stall=0.6).good is None


def test_nobody_vouches_for_a_pods_certificate_and_nobody_has_to(certified: int) -> None:
    assert answer_of(Http(certified, secure=True)) == Answer(True)


def test_a_question_that_cant_be_put_fails_and_says_so() -> None:
    assert answer_of(Unclear("no port named web")) == Answer(False, "no port named web")


def test_a_process_that_has_ended_is_not_ready_but_its_restart_is_not_for_probes() -> None:
    place = replace(place_of(pod_here()), pid=2**22 + 1)

    assert answer_of(Tcp(80), place=place) == Answer(False, "its process has ended")
    assert answer_of(Tcp(80), place=place, kind=Kind.LIVENESS).good is None


def test_another_process_under_an_old_pid_is_not_mistaken_for_the_pod() -> None:
    place = replace(place_of(pod_here()), namespace=1)

    assert answer_of(Tcp(80), place=place).words == "its process has ended"


def test_a_command_passes_with_exit_code_zero() -> None:
    asked: list[tuple[str, Sequence[str], float]] = []

    def run(name: str, command: Sequence[str], timeout: float) -> int:
        asked.append((name, command, timeout))
        return 0

    assert answer_of(TEST, run=run, timeout=3) == Answer(True)
    assert asked == [("town.1", ("test", "-e", "/ready"), 3)]


def test_a_command_fails_with_another_exit_code() -> None:
    assert answer_of(TEST, run=lambda *_: 7) == Answer(False, 'command "test" exited with 7')


def test_a_command_that_takes_too_long_fails() -> None:
    def run(*_: object) -> int:
        raise TimeoutError

    assert answer_of(TEST, run=run, timeout=2) == Answer(False, 'command "test" timed out after 2s')


def test_podman_out_of_reach_is_no_fault_of_the_pod() -> None:
    def run(*_: object) -> int:
        raise EngineUnreachable("nobody answers at unix:///run/podman.sock")

    assert answer_of(TEST, run=run) == Answer(None, "nobody answers at unix:///run/podman.sock")


def test_a_port_that_cant_be_is_a_failure() -> None:
    assert answer_of(Tcp(70_000)).good is False


def test_no_descriptor_is_left_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with saying(b"HTTP/1.1 200 OK\r\n\r\n") as port:
        answer_of(Http(port))
        answer_of(Tcp(free_port()))

    assert len(list(Path("/proc/self/fd").iterdir())) == before  # the server's own are closed by now, too
