"""Requests to Podman in HTTP 1.0: one connection each, and the answer lasts until that ends.

The standard library's client costs 40 ms to import, most of them for e-mail and TLS, and podman-py 0.2 s;
bringing up thirty containers takes Podman itself little more than ten times that.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader

from runtime.dataclass import dataclass
from runtime.podman_service import Address, connect


class Answer:
    """What Podman says; it may go on until Podman or ``close`` ends it, the latter from any thread."""

    def __init__(self, line: socket.socket, stream: BufferedReader) -> None:
        self.closed = False
        self._line = line
        self._stream = stream
        self.status, self._length = _head(stream)

    def whole(self) -> bytes:
        """Return all of it.  Raises ConnectionError where it breaks off."""
        body = self._stream.read()
        if len(body) < self._length:
            raise ConnectionError("the answer breaks off")
        return body

    def lines(self) -> Iterator[bytes]:
        """Yield line by line; half a line at the end is none."""
        while (line := self._read(self._stream.readline)).endswith(b"\n"):
            yield line

    def frames(self) -> Iterator[bytes]:
        """Yield what Podman put into frames: eight bytes of head, the last four of them the size."""
        while len(head := self._read(lambda: self._stream.read(8))) == 8:
            size = int.from_bytes(head[4:])
            yield self._read(lambda size=size: self._stream.read(size))  # type: ignore[misc]

    def close(self) -> None:
        """End the answer: who waits for more of it gets nothing."""
        self.closed = True
        try:
            self._line.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # Podman was quicker

    def _read(self, read: Callable[[], bytes]) -> bytes:
        try:
            return read()
        except (OSError, ValueError):  # the latter of a stream that was closed meanwhile
            if self.closed:
                return b""
            raise


@dataclass(frozen=True, slots=True)
class Request:
    """What Podman is asked; ``kind`` is the body's type."""

    method: str
    target: str
    body: bytes = b""
    kind: str = "application/json"

    def __bytes__(self) -> bytes:
        head = (
            f"{self.method} {self.target} HTTP/1.0",
            "Host: podman",
            f"Content-Type: {self.kind}",
            f"Content-Length: {len(self.body)}",
        )
        return "\r\n".join([*head, "", ""]).encode() + self.body


@contextmanager
def asked(address: Address, request: Request, seconds: float | None) -> Iterator[Answer]:
    """Send a request and lend the answer; ``seconds`` is how long Podman may be silent."""
    with connect(address, seconds) as line, line.makefile("rb") as stream:
        line.sendall(bytes(request))
        answer = Answer(line, stream)
        try:
            yield answer
        finally:
            answer.close()


def _head(stream: BufferedReader) -> tuple[int, int]:
    """Return the status and the length, 0 where it isn't said."""
    words = stream.readline().split()
    if len(words) < 2:
        raise ConnectionError("Podman ended the connection")
    lines = list(iter(stream.readline, b"\r\n"))
    fields = {name.lower(): value for name, _, value in (line.partition(b":") for line in lines)}
    return int(words[1]), int(fields.get(b"content-length", 0))
