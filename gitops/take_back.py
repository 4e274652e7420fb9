"""Takes a commit that failed back in git as well: one commit that restores the good one's state, pushed."""

from gitops.aim import Aim
from gitops.git.revert import carry_out, plan_revert
from gitops.git.source import Source, SourceError


def take_back(source: Source, aim: Aim) -> str:
    """Return the commit that restores what the good one said; an error where that can't be made or pushed."""
    planned = plan_revert(source, to=aim.sha)
    if planned.tip != aim.newest:
        raise SourceError(f"{aim.newest[:7]} is not the newest commit of {source.display} any more")
    return carry_out(source, planned)
