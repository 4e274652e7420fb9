"""Requests to Podman's socket: looking through the standard library, changing through podman-py."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from runtime.podman_errors import Refusal
from runtime.podman_service import Address, connect

if TYPE_CHECKING:
    from podman.api.client import APIClient

VERSION = "4.0.0"  # of the API; every Podman since 4.0 speaks it
LOOK_SECONDS = 60.0
CHANGE_SECONDS = 300.0
THREADS = 16


class Connection(HTTPConnection):
    """HTTP over Podman's UNIX socket."""

    def __init__(self, address: Address, seconds: float | None) -> None:
        super().__init__("podman")
        self._address = address
        self._seconds = seconds

    def connect(self) -> None:
        """Open the socket, and start Podman where that is ours to do."""
        self.sock: socket.socket = connect(self._address, self._seconds)


class Stream:
    """An answer that goes on until Podman or ``close`` ends it; the latter from any thread."""

    def __init__(self, line: socket.socket, response: HTTPResponse) -> None:
        self.closed = False
        self._line = line
        self._response = response

    def lines(self) -> Iterator[bytes]:
        """Yield line by line."""
        while line := self._read(self._response.readline):
            yield line

    def frames(self) -> Iterator[bytes]:
        """Yield what Podman put into frames: eight bytes of head, the last four of them the size."""
        while len(head := self._read(lambda: self._response.read(8))) == 8:
            size = int.from_bytes(head[4:])
            yield self._read(lambda size=size: self._response.read(size))  # type: ignore[misc]

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
        except (OSError, HTTPException, ValueError, AttributeError):  # the last two: closed meanwhile
            if self.closed:
                return b""
            raise


class Api:
    """Podman's REST API at one address.  Threads may share it; ``requests`` counts what was asked.

    podman-py takes 0.2 s to import and an idle pass must end sooner, so what only looks goes
    through the standard library, on connections that stay open.  Raises Refusal and OSError,
    which ``asking_podman_to`` translates.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.requests = 0
        self._guard = threading.Lock()
        self._idle: list[Connection] = []

    def get(self, path: str, **query: Any) -> Any:
        """Return what Podman says of ``path``."""
        self._count()
        target = _target(path, query)
        if (kept := self._kept()) is not None:
            try:
                return self._exchange(kept, target)
            except ConnectionError:
                pass  # Podman ended while the connection was idle; looking twice does no harm
        return self._exchange(Connection(self.address, LOOK_SECONDS), target)

    @contextmanager
    def stream(self, path: str, **query: Any) -> Iterator[Stream]:
        """Open an answer that goes on."""
        self._count()
        connection = Connection(self.address, None)
        try:
            connection.connect()
            line = connection.sock
            connection.request("GET", _target(path, query))
            with connection.getresponse() as response:
                _refuse(response.status, b"" if response.status < 400 else response.read())
                answer = Stream(line, response)
                try:
                    yield answer
                finally:
                    answer.close()
        finally:
            connection.close()

    def post(self, path: str, body: Any = None, **query: Any) -> bytes:
        """Ask for a change and return the answer; ``body`` is bytes as they are, or plain data."""
        raw = isinstance(body, bytes)
        return self._change(
            "POST",
            path,
            query,
            data=body if raw or body is None else json.dumps(body),
            headers={"Content-Type": "application/octet-stream" if raw else "application/json"},
        )

    def delete(self, path: str, **query: Any) -> bytes:
        """Ask for a removal."""
        return self._change("DELETE", path, query)

    def close(self) -> None:
        """Close what is open; the next request opens it anew."""
        while (kept := self._kept()) is not None:
            kept.close()
        if client := self.__dict__.pop("_client", None):
            client.close()

    @cached_property
    def _client(self) -> "APIClient":
        from podman.api.client import APIClient  # 0.2 s, and an idle pass needs none of it

        return APIClient(self.address.url, version=VERSION, timeout=CHANGE_SECONDS, max_pool_size=THREADS)

    def _change(self, method: str, path: str, query: Mapping[str, Any], **request: Any) -> bytes:
        self._count()
        connect(self.address, LOOK_SECONDS).close()  # a service of ours may have ended meanwhile
        with self._guard:
            client = self._client
        answer = client.request(method, f"http://{client.base_url.netloc}{_target(path, query)}", **request)
        _refuse(answer.status_code, answer.content)
        return answer.content

    def _exchange(self, connection: Connection, target: str) -> Any:
        try:
            connection.request("GET", target)
            response = connection.getresponse()
            body = response.read()
        except (OSError, HTTPException):
            connection.close()
            raise
        self._idle.append(connection)
        _refuse(response.status, body)
        return json.loads(body) if body else None

    def _kept(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _count(self) -> None:
        with self._guard:
            self.requests += 1


def named(name: str) -> str:
    """Return a name as it stands in a path; images have slashes and colons in theirs."""
    return quote(name, safe="/:@")


def _target(path: str, query: Mapping[str, Any]) -> str:
    words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
    return f"/v{VERSION}/libpod/{path}" + (f"?{urlencode(words)}" if words else "")


def _refuse(status: int, body: bytes) -> None:
    if status < 400:
        return
    try:
        said = json.loads(body)
        raise Refusal(status, said["cause"], said["message"])
    except (ValueError, KeyError, TypeError):
        raise Refusal(status, "", body.decode(errors="replace")) from None
