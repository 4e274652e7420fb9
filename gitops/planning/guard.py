"""What is not done without an explicit word: an empty tree, and one that would stop most of what runs."""

from typing import TYPE_CHECKING

from gitops.git.pins import GOOD
from runtime.observe import is_proxy, of_source
from runtime.resources import Label

if TYPE_CHECKING:
    from gitops.git.source import Source
    from gitops.planning.view import View


class Refusal(Exception):
    """A commit asks for something that needs an explicit word first.  Nothing was changed."""


def guard(view: "View", source: "Source", *, allow_empty: bool) -> None:
    """Raise Refusal for a commit without objects, or one that lets more than half of the running pods go.

    One that went well here before has had its word.
    """
    if allow_empty:
        return
    refusal = _refusal(view, source)
    if refusal and source.pinned().get(GOOD) != view.commit.sha:
        raise Refusal(refusal)


def _refusal(view: "View", source: "Source") -> str:
    place = f"{source.display}, path {source.path or '/'}, at {view.commit.short}"
    if not view.rendered.manifests:
        return f"no manifests in {place}: if everything shall go, say --allow-empty"
    staying = [*(answer.owner for answer in view.wanted), *view.abandoned, *view.left]
    wanted = {str(owner) for owner in staying}
    mine = of_source(view.seen, source.id).pods
    running = [pod for pod in mine if pod.state == "running" and not is_proxy(pod)]
    leaving = [pod for pod in running if pod.labels.get(Label.OWNER) not in wanted]
    if len(leaving) * 2 > len(running):
        return (
            f"{len(leaving)} of {len(running)} running pods are no longer in {place} and would stop: "
            "if that is meant, say --allow-empty"
        )
    return ""
