"""What scratch space with a limit takes on the disk: weighed beside the passes, however much it is."""

import threading
from collections.abc import Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING

from runtime.dataclass import dataclass
from runtime.engine import EngineError
from runtime.resources import Label
from runtime.seen import Weighed

if TYPE_CHECKING:
    from runtime.engine import Engine
    from runtime.seen import Seen

EVERY = 30.0  # seconds from one weighing to the next; the kubelet looks every 10 at figures of a minute
SOON = 1.0  # seconds after which one that goes on is asked again
AT_ONCE, AT_WORK = 10.0, 0.25  # seconds that a command, or the loop without end, waits for it


@dataclass
class Scales:
    """Weighs the volumes whose label says that they have a limit; where none has, nobody is asked."""

    _trouble: str = ""
    _told: str = ""
    _found: Weighed = field(default_factory=Weighed)
    _began: float = 0.0
    _work: threading.Thread | None = field(default=None, repr=False)

    def weigh(self, engine: "Engine", mine: "Seen", now: float, patience: float) -> Weighed:
        """Return what was found last, after waiting for up to ``patience`` seconds for what is due."""
        names = [one.name for one in mine.volumes if Label.LIMIT in one.labels]
        if not names:
            return Weighed()
        if not self._at_work and not 0 <= now - self._began < EVERY:
            self._began = now
            self._work = threading.Thread(
                target=self._ask, args=(engine, names, now), name="scales", daemon=True
            )
            self._work.start()
        if self._work:
            self._work.join(patience)
        return replace(self._found, again=now + SOON if self._at_work else self._began + EVERY)

    def untold(self) -> str:
        """Return why it couldn't be done, "" where it could or this was returned already."""
        known, self._told = self._told, self._trouble
        return self._trouble if self._trouble != known else ""

    @property
    def _at_work(self) -> bool:
        return self._work is not None and self._work.is_alive()

    def _ask(self, engine: "Engine", names: Sequence[str], now: float) -> None:
        try:
            self._found, self._trouble = Weighed(engine.sizes(names), now), ""
        except EngineError as error:
            self._trouble = str(error)
