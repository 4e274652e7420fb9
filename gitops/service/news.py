"""What somebody who doesn't watch would like to hear of a run's end: the first time that it is so."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from gitops.journal import UNFINISHED
from runtime.dataclass import dataclass
from runtime.records import Run

Event = Literal["failed", "rolledBack", "recovered"]

WORDS: Mapping[Event, str] = {
    "failed": "failed",
    "rolledBack": "went back",
    "recovered": "is well again",
}


@dataclass(frozen=True, slots=True)
class News:
    """One thing that happened to one source on one machine."""

    event: Event
    source: str
    machine: str
    run: Run

    def document(self) -> dict[str, str]:
        """Return it as chats and programs want it; ``text`` is the whole of it for a person."""
        run = self.run
        title = f"{self.source} {WORDS[self.event]} on {self.machine}"
        commit = f"{run.revision[:7]} {run.author}: {run.subject}"
        text = f"{title} at {commit}" + (f"\n{run.message}" if run.message else "")
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(run.finished or run.started))
        return {
            "text": text,
            "title": title,
            "message": run.message or commit,
            "event": self.event,
            "source": self.source,
            "machine": self.machine,
            "revision": run.revision,
            "author": run.author,
            "subject": run.subject,
            "time": at,
        }


def event(ended: Run, before: Sequence[Run]) -> Event | None:
    """Say what the end of a run is, None for nothing new.

    ``before`` are the source's runs as they were until then, newest first; the run itself may be among them,
    as one that failed may be gone on with.
    """
    if ended.message.startswith(UNFINISHED):
        return None
    known = list(_ends(before))
    same = any((run.outcome, run.revision) == (ended.outcome, ended.revision) for run in known[:1])
    match ended.outcome:
        case "Failed" if not same:
            return "failed"
        case "RolledBack" if not same:
            return "rolledBack"
        case "Synced" if _unwell(known):
            return "recovered"
    return None


def _ends(runs: Sequence[Run]) -> Iterator[Run]:
    """Yield the runs that say how a source fares: not those that a newer commit or a hand cut short."""
    for run in runs:
        if run.outcome not in {None, "Superseded"} and not run.message.startswith(UNFINISHED):
            yield run


def _unwell(known: Sequence[Run]) -> bool:
    """Say whether a commit failed last, or was left for an older one because of that."""
    outcomes = [run.outcome for run in known[:2]]
    return outcomes[:1] == ["Failed"] or outcomes == ["RolledBack", "Failed"]
