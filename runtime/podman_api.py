"""Podman's REST API at one address; what has to do with registries goes through podman-py."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from runtime.podman_errors import Refusal
from runtime.podman_http import Answer, Request, asked
from runtime.podman_service import Address, connect

VERSION = "4.0.0"  # of the API; every Podman since 4.0 speaks it
LOOK_SECONDS = 60.0
CHANGE_SECONDS = 300.0


class Api:
    """Podman's REST API at one address.  Threads may share it; ``requests`` counts what was asked.

    Raises Refusal and OSError, which ``asking_podman_to`` translates.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.requests = 0
        self._guard = threading.Lock()

    def get(self, path: str, **query: Any) -> Any:
        """Return what Podman says of ``path``."""
        self._count()
        try:
            return self._said(_target(path, query))
        except ConnectionError:
            if not self.address.private:  # ours may have ended as we came
                raise
        except Refusal as refusal:
            if not refusal.overtaken:
                raise
        return self._said(_target(path, query))  # looking twice does no harm

    @contextmanager
    def stream(self, path: str, **query: Any) -> Iterator[Answer]:
        """Lend an answer that goes on."""
        self._count()
        with asked(self.address, Request("GET", _target(path, query)), None) as answer:
            _refuse(answer.status, b"" if answer.status < 400 else answer.whole())
            yield answer

    def post(self, path: str, body: Any = None, *, seconds: float = CHANGE_SECONDS, **query: Any) -> bytes:
        """Ask for a change and return the answer; ``body`` is bytes as they are, or plain data.

        ``seconds`` is how long Podman may be silent.
        """
        target = _target(path, query)
        if isinstance(body, bytes):
            return self._change(Request("POST", target, body, "application/octet-stream"), seconds)
        return self._change(Request("POST", target, json.dumps(body).encode() if body else b""), seconds)

    def delete(self, path: str, *, seconds: float = CHANGE_SECONDS, **query: Any) -> bytes:
        """Ask for a removal."""
        return self._change(Request("DELETE", _target(path, query)), seconds)

    def pull(self, reference: str, login: Mapping[str, str] | None) -> Iterator[Mapping[str, Any]]:
        """Have an image pulled and yield what Podman says of it; OSError where it refuses at once.

        ``login`` is the user and password that the registry is shown.  ConnectionError means that Podman went
        away.
        """
        from podman import PodmanClient  # 0.2 s, and nothing else needs it
        from urllib3.exceptions import HTTPError

        self._count()
        connect(self.address, LOOK_SECONDS).close()  # a service of ours may have ended meanwhile
        with PodmanClient(base_url=self.address.url, timeout=None) as client:
            try:
                said: Any = client.images.pull(reference, stream=True, decode=True, auth_config=login)
                yield from said
            except (HTTPError, OSError) as error:
                if getattr(error, "response", None) is not None:
                    raise
                raise ConnectionError("Podman ended the connection") from None

    def _change(self, request: Request, seconds: float) -> bytes:
        self._count()
        with asked(self.address, request, seconds) as answer:
            body = answer.whole()
        _refuse(answer.status, body)
        return body

    def _said(self, target: str) -> Any:
        with asked(self.address, Request("GET", target), LOOK_SECONDS) as answer:
            body = answer.whole()
        _refuse(answer.status, body)
        try:
            return json.loads(body) if body else None
        except ValueError as error:
            raise ConnectionError("the answer breaks off") from error

    def _count(self) -> None:
        with self._guard:
            self.requests += 1


def named(name: str) -> str:
    """Return a name as it stands in a path; images have slashes and colons in theirs."""
    return quote(name, safe="/:@")


def _target(path: str, query: Mapping[str, Any]) -> str:
    words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
    return f"/v{VERSION}/libpod/{path}" + (f"?{urlencode(words, doseq=True)}" if words else "")


def _refuse(status: int, body: bytes) -> None:
    if status < 400:
        return
    try:
        said = json.loads(body)
        raise Refusal(status, said["cause"], said["message"])
    except (ValueError, KeyError, TypeError):
        raise Refusal(status, "", body.decode(errors="replace")) from None
