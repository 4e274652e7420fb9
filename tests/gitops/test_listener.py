"""The listener against real sockets: what it answers, and that nobody keeps it busy."""

import resource
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from gitops.service import listener
from gitops.service.listener import BODY, HASTE, HEAD, MOST, Line, Reply, Request, listening, split, text
from gitops.service.webhooks import signed
from tests.machine.engine import until

Place = tuple[str, int]


def echo(request: Request) -> Reply:
    if request.path == "/boom":
        raise Halt
    return text(200, f"{request.method} {request.path} {request.body.decode()}")


class Halt(Exception):
    """Something that nobody expected."""


@pytest.fixture
def place() -> Iterator[Place]:
    with listening("127.0.0.1:0", echo) as where:
        yield where


def said(place: Place, raw: bytes) -> str:
    """Send these bytes, and return all that is answered."""
    with socket.create_connection(place, timeout=HASTE) as line, suppress(ConnectionError):
        line.sendall(raw)
        with suppress(OSError):  # it is gone already where there was no room for it
            line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b"")).decode()
    return ""


def status(place: Place, raw: bytes) -> str:
    return said(place, raw)[9:12]


def test_a_request_is_answered_with_its_body(place: Place) -> None:
    url = f"http://{place[0]}:{place[1]}/hook?x=1"

    with urllib.request.urlopen(urllib.request.Request(url, data=b"body"), timeout=5) as answer:
        assert answer.read() == b"POST /hook body\n"
    with urllib.request.urlopen(url, timeout=5) as answer:
        assert answer.read() == b"GET /hook \n"


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "200"),
        (b"nonsense\r\n\r\n", "400"),
        (b"GET http://elsewhere/ HTTP/1.1\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nbroken\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"),
        (b"BREW / HTTP/1.1\r\n\r\n", "405"),
        (b"POST / HTTP/1.1\r\n\r\n", "411"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n", "400"),
        (b"POST / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", "400"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "400"),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", "413"),
        (b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (BODY + 1), "413"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 2 * HEAD, "413"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 2 * HEAD + b"\r\n\r\n", "413"),
    ],
)
def test_what_is_wrong_with_a_request_is_told_by_the_status(place: Place, raw: bytes, wanted: str) -> None:
    assert status(place, raw) == wanted


@pytest.mark.parametrize("raw", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nshort"])
def test_who_hangs_up_gets_no_answer_and_the_next_one_does(place: Place, raw: bytes) -> None:
    assert said(place, raw) == ""
    assert status(place, b"GET / HTTP/1.0\r\n\r\n") == "200"


def test_of_several_requests_in_one_go_the_first_is_answered_and_no_more_is_taken_of_a_body_than_it_says(
    place: Place,
) -> None:
    again = b"POST /two HTTP/1.1\r\nContent-Length: 3\r\n\r\ntwo"

    told = said(place, b"POST /one HTTP/1.1\r\nContent-Length: 3\r\n\r\none" + again * 10)

    assert told.count("HTTP/1.1 200 OK") == 1
    assert told.endswith("\r\n\r\nPOST /one one\n")
    assert "Connection: close" in told


def test_a_body_without_end_costs_no_more_than_a_body_may_be_long(place: Place) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB
    with socket.create_connection(place, timeout=HASTE) as line:
        line.sendall(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % BODY)
        with suppress(ConnectionError, TimeoutError):
            for _ in range(64):
                line.sendall(b"x" * BODY)

    assert status(place, b"GET / HTTP/1.0\r\n\r\n") == "200"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024


def test_nobody_holds_descriptors_or_threads_once_they_are_gone(place: Place) -> None:
    def held() -> tuple[int, int]:
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    before = held()
    for _ in range(MOST):
        with socket.create_connection(place, timeout=HASTE) as line:
            line.sendall(b"GET / HT")
    until(lambda: held() <= before)
    assert held() <= before


def test_a_request_that_trickles_is_over_in_time_however_often_it_trickles() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        moment = Line(ours, listener.time.monotonic() - 0.001)
        theirs.sendall(b"G")

        with pytest.raises(listener.Bad, match="too long") as slow:
            moment.request()
        moment.send(text(slow.value.status, "too long"))

        assert theirs.recv(100).startswith(b"HTTP/1.1 408 ")


def test_more_connections_than_there_is_room_for_are_closed_and_room_comes_back(place: Place) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(socket.create_connection(place, timeout=HASTE)) for _ in range(MOST)]
        for line in idle:
            line.sendall(b"G")
        for line in idle[:1]:
            assert said(place, b"GET / HTTP/1.0\r\n\r\n") == ""
            line.shutdown(socket.SHUT_WR)
            assert line.recv(10) == b""
        assert status(place, b"GET / HTTP/1.0\r\n\r\n") == "200"


def test_who_gets_no_thread_is_hung_up_on_and_the_next_ones_are_answered(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as crowded:
        crowded.setattr(listener.threading.Thread, "start", full)
        for _ in range(MOST + 1):
            with socket.create_connection(place, timeout=HASTE) as line:
                assert line.recv(1) == b""

    assert status(place, b"GET / HTTP/1.0\r\n\r\n") == "200"


def test_each_byte_of_a_header_is_told_whatever_it_would_be_as_text() -> None:
    told: list[str] = []

    def noted(request: Request) -> Reply:
        told.append(request.headers["x-gitlab-token"])
        return text(200, "")

    with listening("127.0.0.1:0", noted) as place:
        said(place, "GET / HTTP/1.0\r\nX-Gitlab-Token: pässwort ✓\r\n\r\n".encode())

    assert signed({"x-gitlab-token": told[0]}, b"", "pässwort ✓".encode())


def test_an_error_of_ours_is_a_500_and_ends_nothing(place: Place, capfd: pytest.CaptureFixture[str]) -> None:
    assert status(place, b"GET /boom HTTP/1.0\r\n\r\n") == "500"
    assert "Halt" in capfd.readouterr().err
    assert status(place, b"GET / HTTP/1.0\r\n\r\n") == "200"


def test_nothing_listens_and_no_thread_is_left_when_it_is_over() -> None:
    with listening("127.0.0.1:0", echo) as place:
        accepting = [one for one in threading.enumerate() if one.name == "listener"]
        assert len(accepting) == 1

    accepting[0].join(HASTE)
    assert not accepting[0].is_alive()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, timeout=HASTE)


@pytest.mark.parametrize(
    ("address", "read"),
    [
        ("127.0.0.1:9090", ("127.0.0.1", 9090)),
        (":80", ("0.0.0.0", 80)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:0", ("localhost", 0)),
    ],
)
def test_an_address_is_a_host_and_a_port(address: str, read: Place) -> None:
    assert split(address) == read


@pytest.mark.parametrize("address", ["", "9090", "host:", "host:x", "::1:80", "host:70000"])
def test_anything_else_is_none(address: str) -> None:
    with pytest.raises(ValueError, match="write 127"):
        split(address)
