"""Podman's REST API at one address: looking by plain HTTP, changing through podman-py."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from runtime.podman_errors import Refusal
from runtime.podman_http import Answer, asked
from runtime.podman_service import Address, connect

if TYPE_CHECKING:
    from podman.api.client import APIClient

VERSION = "4.0.0"  # of the API; every Podman since 4.0 speaks it
LOOK_SECONDS = 60.0
CHANGE_SECONDS = 300.0
THREADS = 16


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
            if not self.address.private:
                raise
        return self._said(_target(path, query))  # our service ended as we came; looking twice does no harm

    @contextmanager
    def stream(self, path: str, **query: Any) -> Iterator[Answer]:
        """Lend an answer that goes on."""
        self._count()
        with asked(self.address, _target(path, query), None) as answer:
            _refuse(answer.status, b"" if answer.status < 400 else answer.whole())
            yield answer

    def post(
        self, path: str, body: Any = None, *, seconds: float | None = CHANGE_SECONDS, **query: Any
    ) -> bytes:
        """Ask for a change and return the answer; ``body`` is bytes as they are, or plain data.

        ``seconds`` is how long Podman may be silent.
        """
        raw = isinstance(body, bytes)
        return self._change(
            "POST",
            path,
            query,
            timeout=seconds,
            data=body if raw or body is None else json.dumps(body),
            headers={"Content-Type": "application/octet-stream" if raw else "application/json"},
        )

    def delete(self, path: str, *, seconds: float = CHANGE_SECONDS, **query: Any) -> bytes:
        """Ask for a removal."""
        return self._change("DELETE", path, query, timeout=seconds)

    def close(self) -> None:
        """Close what is open; the next request opens it anew."""
        if client := self.__dict__.pop("_client", None):
            client.close()

    @cached_property
    def _client(self) -> "APIClient":
        from podman.api.client import APIClient  # 0.2 s, and an idle pass needs none of it

        return APIClient(self.address.url, version=VERSION, max_pool_size=THREADS)

    def _change(self, method: str, path: str, query: Mapping[str, Any], **request: Any) -> bytes:
        self._count()
        connect(self.address, LOOK_SECONDS).close()  # a service of ours may have ended meanwhile
        with self._guard:
            client = self._client
        url = f"http://{client.base_url.netloc}{_target(path, query)}"
        answer = client.request(method, url, **request)
        _refuse(answer.status_code, answer.content)
        return answer.content

    def _said(self, target: str) -> Any:
        with asked(self.address, target, LOOK_SECONDS) as answer:
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
    return f"/v{VERSION}/libpod/{path}" + (f"?{urlencode(words)}" if words else "")


def _refuse(status: int, body: bytes) -> None:
    if status < 400:
        return
    try:
        said = json.loads(body)
        raise Refusal(status, said["cause"], said["message"])
    except (ValueError, KeyError, TypeError):
        raise Refusal(status, "", body.decode(errors="replace")) from None
