"""Which commit brought what isn't well: behind its reason, for people."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gitops.git.log import Commit
from gitops.git.source import Source, SourceError
from gitops.planning.fare import Fare
from gitops.planning.view import View
from runtime.resources import Owner


def with_origins(source: Source, view: View, fares: Sequence[Fare]) -> list[Fare]:
    """Return the fares; the reason of each that isn't well names the commit that last wrote its file."""
    unwell = [fare.owner for fare in fares if not fare.done and fare.owner in view.rendered.by_owner]
    commits = _commits(source, view, unwell) if unwell else {}
    return [_named(fare, commits.get(fare.owner)) for fare in fares]


def _commits(source: Source, view: View, owners: Sequence[Owner]) -> Mapping[Owner, Commit]:
    files = {owner: view.rendered.by_owner[owner].file for owner in owners}
    try:
        touched = source.last_touched(None, view.commit.sha, set(files.values()))
    except SourceError:  # it may be told without
        return {}
    return {owner: touched[file] for owner, file in files.items() if file in touched}


def _named(fare: Fare, commit: Commit | None) -> Fare:
    if commit is None:
        return fare
    origin = f"written by {commit.short} {commit.author}: {commit.subject}"
    return replace(fare, reason=f"{fare.reason} ({origin})" if fare.reason else origin)
