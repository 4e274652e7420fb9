"""How a source stands: its objects, and why its newest commit isn't carried out where it isn't."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gitops.settings import Settings, rules

if TYPE_CHECKING:
    from gitops.aim import Aim
    from gitops.git.source import Source
    from gitops.planning.house import House
    from gitops.planning.view import View
    from runtime.past import Past

Document = Mapping[str, Any]


def standing(house: "House", looked: "View", why: str, suspended: str = "") -> Document:
    """Return the status of a pass; ``why`` is what ``behind`` says, ``suspended`` is ``suspension``'s."""
    from gitops.planning.fare import fares, overall
    from gitops.telling.origins import with_origins
    from gitops.telling.report import status_document
    from reconcilers.wanted import Health

    found = with_origins(house.source, looked, fares(looked))
    health = overall(found)
    if suspended and health in {Health.HEALTHY, Health.PROGRESSING}:  # nothing gets ahead
        health = Health.SUSPENDED
    told = status_document(house.source.display, looked.commit.sha, found, notices(looked))
    sync = "OutOfSync" if why else told["sync"]
    said = {"behind": why, "suspended": suspended, "abandoned": _abandoned(looked)}
    return {**told, "sync": sync, "health": health, **said}


def _abandoned(looked: "View") -> list[str]:
    return [f"{owner} left git, and stays: sloop.yaml says prune: false" for owner in looked.abandoned]


def notices(looked: "View") -> list[str]:
    """Return what who commits should know, beside how the objects fare."""
    conflicts = [f"{one.owner}: {one.message}" for one in looked.plan.conflicts]
    moved = [
        f"{owner} left git, and is left to {name}, which has it now" for owner, name in looked.left.items()
    ]
    told = (str(notice) for notice in looked.rendered.notices)
    return [*_abandoned(looked), *moved, *conflicts, *told]


def behind(settings: Settings, source: "Source", aimed: "Aim") -> str:
    """Say why the newest commit is not carried out, and how it failed, as far as the ledger knows."""
    if not aimed.failed:
        return aimed.why
    from runtime.ledger import look_back

    with look_back(settings.state) as past:
        runs = [run for run in past.history(source.id) if run.revision == aimed.newest]
    return ": ".join([aimed.why, *[run.message for run in runs if run.outcome == "Failed"][:1]])


def suspension(settings: Settings, past: "Past", source: str) -> str:
    """Say why a source is left alone, and how that ends; "" where it isn't."""
    if rules(settings).suspended:
        return "suspended by sloop.yaml; without `suspended: true` there it goes on"
    since = past.suspended(source)
    if since is None:
        return ""
    from reconcilers.words import clock

    return f"suspended by a hand at {clock(since)}; `sloop resume` goes on"
