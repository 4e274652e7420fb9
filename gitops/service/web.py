"""What the daemon answers over HTTP: webhooks that wake it, how it is, and numbers for Prometheus."""

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from gitops.service.board import Board
from gitops.service.keeper import Keeper
from gitops.service.listener import Reply, Request, text
from gitops.service.metrics import Metric
from gitops.service.notify import Pulse
from gitops.service.traffic import traffic
from gitops.service.webhooks import concerns, mark, signed
from gitops.settings import Settings, SettingsError
from runtime.dataclass import dataclass

CREDENTIAL = "webhook-secret"  # of systemd: LoadCredential=webhook-secret:/path
SHORTEST = 16  # bytes of a secret
REMEMBERED = 1000  # payloads that are known if they come again


@dataclass(frozen=True, slots=True)
class Woken:
    """A source that a webhook may wake; ``ref`` is what it follows."""

    ref: str | None
    wake: Callable[[], None]


@dataclass
class Web:
    """The pages; ``secret`` is what forges sign with, empty for no webhooks.

    ``alive`` says whether the loop gets ahead, ``troubles`` what keeps it from its work.
    """

    secret: bytes
    sources: Mapping[str, Woken]
    alive: Callable[[], bool]
    troubles: Callable[[], list[str]]
    metrics: Callable[[], list[Metric]]
    _known: OrderedDict[bytes, None] = field(default_factory=OrderedDict)

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        match request.method, request.path.rstrip("/").split("/"):
            case "GET", ["", "healthz"]:
                return text(200, "ok") if self.alive() else text(503, "a pass has been going on for too long")
            case "GET", ["", "readyz"]:
                return text(503, "\n".join(found)) if (found := self.troubles()) else text(200, "ok")
            case "GET", ["", "metrics"]:
                return self._numbers()
            case "POST", ["", "webhook", *names] if len(names) < 2:
                return self._webhook(request, *names)
            case _, ["", "healthz" | "readyz" | "metrics"] | ["", "webhook", *_]:
                return text(405, "GET for /healthz, /readyz and /metrics, POST for /webhook")
        return text(404, "there are /webhook, /webhook/SOURCE, /healthz, /readyz and /metrics")

    def _numbers(self) -> Reply:
        from gitops.service.exposition import KIND, exposition  # 35 ms and 0.8 MB that only a scrape needs

        return Reply(200, exposition(self.metrics()), KIND)

    def _webhook(self, request: Request, name: str | None = None) -> Reply:
        if not self.secret:
            return text(503, "no webhook secret is set here")
        if not signed(request.headers, request.body, self.secret):
            return text(401, "that is not signed with the secret of this machine")
        meant = {key: one for key, one in self.sources.items() if name in {None, key}}
        if not meant:
            return text(404, "there is no such source")
        if self._seen_before(mark(name or "", request.body)):
            return text(200, "that came before")
        woken = [one for one in meant.values() if concerns(request.body, one.ref)]
        for one in woken:
            one.wake()
        return text(202, "looking" if woken else "nobody here follows that branch")

    def _seen_before(self, payload: bytes) -> bool:
        """Say whether a payload came before; what came first is forgotten first."""
        before = payload in self._known
        self._known[payload] = None
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return before


def web_of(settings: Settings, kept: Sequence[tuple[Settings, Keeper]], pulse: Pulse, board: Board) -> Web:
    """Return the pages of a daemon; raises SettingsError where its secret can't be read."""
    sources = {
        one.source or keeper.name: Woken(keeper.loop.house.source.ref, keeper.look) for one, keeper in kept
    }
    engines = [keeper.loop.house.engine for _, keeper in kept[:1]]  # all of them have the same

    def metrics() -> list[Metric]:
        led = (metric for engine in engines for metric in traffic(engine, board.views()))
        return [*board.metrics(), *led]

    return Web(secret_of(settings), sources, pulse.beats, board.troubles, metrics)


def secret_of(settings: Settings, environment: Mapping[str, str] = os.environ) -> bytes:
    """Return what webhooks are signed with, nothing where none is set; white space around it is not of it."""
    credentials = environment.get("CREDENTIALS_DIRECTORY")
    credential = Path(credentials, CREDENTIAL) if credentials else None
    file = settings.webhook_secret_file or (credential if credential and credential.exists() else None)
    if file is None:
        return b""
    try:
        secret = Path(file).read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"cannot read the webhook secret in {file}: {error.strerror}") from error
    if len(secret) < SHORTEST:
        raise SettingsError(
            f"the webhook secret in {file} is shorter than {SHORTEST} bytes: make a longer one"
        )
    return secret
