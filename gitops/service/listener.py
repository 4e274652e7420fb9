"""A small HTTP server that nobody can keep busy: all of a request is bounded, its time above all."""

import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import field
from types import MappingProxyType

from runtime.dataclass import dataclass

HEAD, BODY = 16 * 1024, 1024 * 1024  # bytes at most; a push of 2,048 commits is what GitHub tells of at most
HASTE = 10.0  # seconds in which a whole request must be here and its answer be taken
FAREWELL = 1.0  # seconds that are left for an answer in any case
MOST = 32  # connections at once; the next ones are closed
ONCE = frozenset({"content-length", "host", "transfer-encoding"})
WORDS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: int
    body: bytes
    kind: str = "text/plain; charset=utf-8"


class Bad(Exception):
    """A request can't be answered as it is asked."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def text(status: int, words: str) -> Reply:
    """Return a reply of one line."""
    return Reply(status, f"{words}\n".encode())


@contextmanager
def listening(address: str, answer: Callable[[Request], Reply]) -> Iterator[tuple[str, int]]:
    """Answer requests at ``HOST:PORT`` as long as this lasts; raises OSError, ValueError for no address.

    Yields where, as port 0 is any.
    """
    host, port = split(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=MOST) as listener:
        room = threading.BoundedSemaphore(MOST)
        threading.Thread(target=_accept, args=(listener, answer, room), name="listener", daemon=True).start()
        try:
            yield listener.getsockname()[:2]
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def split(address: str) -> tuple[str, int]:
    """Read ``HOST:PORT``, ``[IPV6]:PORT``, or ``:PORT`` for all of IPv4; raises ValueError."""
    host, colon, port = address.rpartition(":")
    if not (colon and port.isdigit() and int(port) < 65536) or (":" in host and not host.startswith("[")):
        raise ValueError(f"{address!r} is no address to listen at: write 127.0.0.1:9090, or :9090 for all")
    return host.strip("[]") or "0.0.0.0", int(port)


def _accept(
    listener: socket.socket, answer: Callable[[Request], Reply], room: threading.BoundedSemaphore
) -> None:
    while True:
        try:
            line, _ = listener.accept()
        except OSError:
            if listener.fileno() < 0 or not _listens(listener):
                return
            time.sleep(0.1)  # no descriptors are left: they come back
            continue
        if room.acquire(blocking=False):
            try:
                threading.Thread(target=_serve, args=(line, answer, room), daemon=True).start()
                continue
            except RuntimeError:  # the machine has no room for a thread now
                room.release()
        line.close()


def _listens(listener: socket.socket) -> bool:
    with suppress(OSError):
        return bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    return False


def _serve(line: socket.socket, answer: Callable[[Request], Reply], room: threading.BoundedSemaphore) -> None:
    with line:  # who sees it closed finds room
        try:
            with suppress(OSError):
                _reply(Line(line, time.monotonic() + HASTE), answer)
        finally:
            room.release()


def _reply(line: "Line", answer: Callable[[Request], Reply]) -> None:
    try:
        request = line.request()
    except Bad as bad:
        return line.send(text(bad.status, str(bad)))
    try:
        reply = answer(request)
    except Exception:  # the outermost line of this thread: who asks is told, and the log has the rest
        traceback.print_exc()
        reply = text(500, "sloop stumbled over its own feet: its log says where")
    return line.send(reply)


@dataclass
class Line:
    """One connection, which is over at a moment whatever comes."""

    socket: socket.socket
    end: float

    def request(self) -> Request:
        """Read a request; raises Bad, or OSError where the other side is gone."""
        head, rest = self._head()
        method, path, headers = _parsed(head)
        return Request(method, path, headers, self._body(method, headers, rest))

    def send(self, reply: Reply) -> None:
        """Answer, and say that there is no more."""
        head = (
            f"HTTP/1.1 {reply.status} {WORDS[reply.status]}\r\n"
            f"Content-Type: {reply.kind}\r\nContent-Length: {len(reply.body)}\r\nConnection: close\r\n\r\n"
        )
        self.end = max(self.end, time.monotonic() + FAREWELL)
        self._limit()
        self.socket.sendall(head.encode() + reply.body)
        with suppress(OSError, Bad):
            self.socket.shutdown(socket.SHUT_WR)
            while self._receive():  # closing with something unread would take the answer back
                pass

    def _head(self) -> tuple[bytes, bytes]:
        got = b""
        while b"\r\n\r\n" not in got and len(got) <= HEAD:
            piece = self._receive()
            if not piece:
                raise ConnectionError("nothing more comes")
            got += piece
        head, _, rest = got.partition(b"\r\n\r\n")
        if len(head) > HEAD:
            raise Bad(413, "the head is too large")
        return head, rest

    def _body(self, method: str, headers: Mapping[str, str], rest: bytes) -> bytes:
        if "transfer-encoding" in headers:
            raise Bad(411, "give a Content-Length")
        length = headers.get("content-length", "0" if method == "GET" else "")
        if not (length.isascii() and length.isdigit()):
            raise Bad(411 if length == "" else 400, "the Content-Length is no number")
        if len(length) > 9 or int(length) > BODY:
            raise Bad(413, "the body is too large")
        while len(rest) < int(length):
            piece = self._receive()
            if not piece:
                raise ConnectionError("nothing more comes")
            rest += piece
        return rest[: int(length)]

    def _receive(self) -> bytes:
        self._limit()
        try:
            return self.socket.recv(65536)
        except TimeoutError as error:
            raise Bad(408, "it took too long") from error

    def _limit(self) -> None:
        left = self.end - time.monotonic()
        if left <= 0:
            raise Bad(408, "it took too long")
        self.socket.settimeout(left)


def _parsed(head: bytes) -> tuple[str, str, Mapping[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        raise Bad(400, "that is no HTTP")
    if words[0] not in {"GET", "POST"}:
        raise Bad(405, "only GET and POST")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        key = name.lower()
        if not colon or not name or name != name.strip() or (key in headers and key in ONCE):
            raise Bad(400, f"the header {name[:40]!r} is malformed, or there twice")
        headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
    return words[0], words[1].partition("?")[0], headers
