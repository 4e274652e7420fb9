"""Brings news by HTTP to where the configuration wants them; it holds nothing up, and gives up some time."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from gitops.settings import NotificationSettings, Settings, placed
from runtime.dataclass import dataclass

if TYPE_CHECKING:
    from gitops.service.news import News
    from runtime.records import Run

TRIES = (0.0, 1.0, 4.0)  # seconds that are waited before each
HASTE = 5.0  # seconds that the other side may be silent
PATIENCE = 20.0  # seconds that a process waits for its couriers before it ends


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where some news go.  The address and the token are secrets, and may be in files."""

    said: NotificationSettings
    url_file: Path | None = None
    token_file: Path | None = None

    def wants(self, news: "News") -> bool:
        """Say whether it is of interest there."""
        return news.event in self.said.events and (not self.said.sources or news.source in self.said.sources)

    def url(self) -> str:
        """Return the address; raises OSError."""
        return self.url_file.read_text().strip() if self.url_file else self.said.url


@dataclass
class Courier:
    """Tells all mailboxes of a machine, each in a thread of its own; ``tell`` hears what wasn't delivered."""

    mailboxes: Sequence[Mailbox]
    machine: str
    tell: Callable[[str], None]
    tries: Sequence[float] = TRIES
    _under_way: list[threading.Thread] = field(default_factory=list)

    def ended(self, source: str, run: "Run", before: "Sequence[Run]") -> None:
        """Hear how a run of a source ended, and tell of it where that is new."""
        if not self.mailboxes:
            return
        from gitops.service.news import News, event

        if happened := event(run, before):
            self.carry(News(happened, source, self.machine, run))

    def carry(self, news: "News") -> None:
        """Begin to deliver; returns at once."""
        for mailbox in self.mailboxes:
            if mailbox.wants(news):
                thread = threading.Thread(target=self._deliver, args=(mailbox, news), daemon=True)
                thread.start()
                self._under_way = [*filter(threading.Thread.is_alive, self._under_way), thread]

    def finish(self) -> None:
        """Wait for what is under way, no longer than is decent."""
        end = time.monotonic() + PATIENCE
        for thread in self._under_way:
            thread.join(max(0.0, end - time.monotonic()))

    def _deliver(self, mailbox: Mailbox, news: "News") -> None:
        trouble = ""
        for wait in self.tries:
            time.sleep(wait)
            trouble = attempt(mailbox, news.document())
            if not trouble:
                return
        self.tell(f"nobody could be told that {news.document()['title']}: {trouble}")


def courier_of(settings: Settings, tell: Callable[[str], None]) -> Courier:
    """Return who brings a machine's news."""
    files = (
        (one, placed(settings, one.url_file), placed(settings, one.token_file))
        for one in settings.notifications
    )
    return Courier([Mailbox(*one) for one in files], settings.node, tell)


def attempt(mailbox: Mailbox, document: Mapping[str, str]) -> str:
    """Post one document; return what is wrong, "" where it was taken.  The address is never told whole."""
    import http.client
    from urllib.parse import urlsplit

    host = "the address"
    try:
        parts = urlsplit(mailbox.url())
        host = parts.hostname or host
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        if parts.scheme not in kinds or not parts.hostname:
            return f"{host} is no http:// or https:// address"
        line = kinds[parts.scheme](parts.hostname, parts.port, timeout=HASTE)
        try:
            path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            line.request("POST", path, json.dumps(document).encode(), _headers(mailbox))
            answer = line.getresponse()
        finally:
            line.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"{host}: {error.__class__.__name__}: {getattr(error, 'strerror', None) or 'no answer'}"
    return "" if 200 <= answer.status < 300 else f"{host} answered {answer.status} {answer.reason}"


def _headers(mailbox: Mailbox) -> Mapping[str, str]:
    token = mailbox.token_file.read_text().strip() if mailbox.token_file else ""
    kind = {"Content-Type": "application/json", "User-Agent": "sloop"}
    return kind | ({"Authorization": f"Bearer {token}"} if token else {})
