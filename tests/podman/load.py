"""Steady load from several clients, and which requests failed."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CLIENTS = 4
BREATH = 0.002  # seconds between two requests of a client: steady load, not as much as there can be
SECONDS = 10.0  # after which a client gives up: far more than any request should take


@dataclass
class Load:
    """How many seconds the requests took that were answered so far, and why others were not."""

    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    breath: float = BREATH

    @property
    def answered(self) -> int:
        """How many were answered."""
        return len(self.seconds)

    def count(self, seconds: float, why: str = "") -> None:
        """Note how a request ended."""
        with self.lock:
            if why:
                self.failed.append(why)
            else:
                self.seconds.append(seconds)


@contextmanager
def loading(
    url: str, *, keep_alive: bool = False, clients: int = CLIENTS, breath: float = BREATH
) -> Iterator[Load]:
    """Ask again and again as long as the context lasts, by one connection each or by a new one each time.

    ``breath`` is how many seconds a client waits between two requests.
    """
    load = Load(breath=breath)
    ask = _keep_asking if keep_alive else _ask_anew
    threads = [threading.Thread(target=ask, args=(url, load)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.over.set()
        for thread in threads:
            thread.join()


def _ask_anew(url: str, load: Load) -> None:
    while not load.over.wait(load.breath):
        connection = _connection(url)
        _ask(connection, url, load)
        connection.close()


def _keep_asking(url: str, load: Load) -> None:
    """Keep the connection; the client opens another one where the server said that it would close it."""
    connection = _connection(url)
    while not load.over.wait(load.breath):
        _ask(connection, url, load)
    connection.close()


def _ask(connection: http.client.HTTPConnection, url: str, load: Load) -> None:
    begun = time.perf_counter()
    try:
        connection.request("GET", urlsplit(url).path or "/")
        answer = connection.getresponse()
        answer.read()
        took = time.perf_counter() - begun
        load.count(took, "" if answer.status == 200 else f"status {answer.status}")
    except (OSError, http.client.HTTPException) as error:
        load.count(time.perf_counter() - begun, repr(error))
        connection.close()


def _connection(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)
