"""Whose output is meant, and where it comes from."""

from collections.abc import Iterator
from contextlib import contextmanager

from gitops.meant import some_pods_of
from gitops.output import output
from gitops.program import engine_of, source_of
from gitops.settings import Settings
from runtime.observe import of_source
from runtime.resources import Owner


@contextmanager
def logs(settings: Settings, whose: Owner, *, follow: bool, tail: int | None) -> Iterator[Iterator[bytes]]:
    """Open the output of a pod, or of all the pods of an object; raises Missing where there is none."""
    engine = engine_of(settings)
    pods = some_pods_of(of_source(engine.look(), source_of(settings).id), whose)
    yield output(engine, pods, follow=follow, tail=tail)
