"""The output of pods: of one as it is, of several line by line under their names."""

from collections.abc import Iterable, Iterator, Sequence
from queue import Queue
from threading import Thread

from gitops.meant import shown
from runtime.engine import Engine, EngineError
from runtime.seen import SeenPod

AHEAD = 1000  # pieces that are kept for a slow reader


def output(engine: Engine, pods: Sequence[SeenPod], *, follow: bool, tail: int | None) -> Iterator[bytes]:
    """Yield what pods have said; with ``follow`` also what they say from now on, until the last has ended.

    ``tail`` is for how many of the last lines of each.
    """
    heard = [engine.logs(pod.name, follow=follow, tail=tail) for pod in pods]
    if len(heard) == 1:
        yield from heard[0]
        return
    streams = [_named(pod, said) for pod, said in zip(pods, heard, strict=True)]
    yield from _at_once(streams) if follow else (line for stream in streams for line in stream)


def _named(pod: SeenPod, said: Iterable[bytes]) -> Iterator[bytes]:
    """Yield whole lines with the pod's name in front; a last line that was not ended is ended."""
    head, rest = f"{shown(pod).name} | ".encode(), b""
    for piece in said:
        *lines, rest = (rest + piece).split(b"\n")
        yield from (head + line + b"\n" for line in lines)
    if rest:
        yield head + rest + b"\n"


def _at_once(streams: Sequence[Iterable[bytes]]) -> Iterator[bytes]:
    """Yield the lines of all streams as they come; one that breaks is told when the others have ended."""
    heard: Queue[bytes | EngineError | None] = Queue(AHEAD)
    for stream in streams:
        Thread(target=_hear, args=(stream, heard), daemon=True).start()
    open_, errors = len(streams), []
    while open_:
        match heard.get():
            case bytes() as line:
                yield line
            case EngineError() as error:
                errors.append(error)
            case None:
                open_ -= 1
    if errors:
        raise errors[0]


def _hear(stream: Iterable[bytes], heard: "Queue[bytes | EngineError | None]") -> None:
    try:
        for line in stream:
            heard.put(line)
    except EngineError as error:
        heard.put(error)
    finally:
        heard.put(None)
