"""Whose output is meant, and where it comes from."""

from collections.abc import Iterator
from contextlib import contextmanager

from gitops.inside import chosen, defaulted
from gitops.inside import every as all_of
from gitops.settings import Settings
from gitops.sources import engine_of, source_of
from gitops.telling.meant import newest_job, some_pods_of
from gitops.telling.output import output
from runtime.observe import of_source
from runtime.resources import Owner


@contextmanager
def logs(
    settings: Settings, whose: Owner, container: str | None, *, every: bool, follow: bool, tail: int | None
) -> Iterator[tuple[Iterator[bytes], str]]:
    """Open the output of a pod, or of all the pods of an object: of one container, or ``every`` one.

    Of a CronJob it is that of the last Job.  Beside it is what to say where nobody chose.  Raises Missing
    where there is none.
    """
    engine = engine_of(settings)
    pods = some_pods_of(of_source(engine.look(), source_of(settings).id), whose)
    pods = newest_job(pods) if whose.kind == "CronJob" else pods
    meant = all_of(pods) if every else chosen(pods, container)
    told = "" if every or container else defaulted(pods)
    yield output(engine, meant, follow=follow, tail=tail), told
