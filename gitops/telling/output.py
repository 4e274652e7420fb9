"""The output of pods: of one as it is, of several line by line under their names."""

from collections.abc import Iterable, Iterator, Sequence
from queue import Queue
from threading import Thread

from gitops.inside import Chosen
from gitops.telling.meant import shown
from runtime.engine import Engine, EngineError
from runtime.seen import SeenContainer, SeenPod

AHEAD = 1000  # pieces that are kept for a slow reader


def output(engine: Engine, chosen: Sequence[Chosen], *, follow: bool, tail: int | None) -> Iterator[bytes]:
    """Yield what containers have said; with ``follow`` also what they say from now on, until all have ended.

    ``tail`` is for how many of the last lines of each.
    """
    heard = [engine.logs(one.name, follow=follow, tail=tail) for _, one in chosen]
    if len(heard) == 1:
        yield from heard[0]
        return
    pods = {pod.id for pod, _ in chosen}
    heads = [_head(pod, one, several=len(pods) < len(chosen)) for pod, one in chosen]
    streams = [_named(head, said) for head, said in zip(heads, heard, strict=True)]
    yield from _at_once(streams) if follow else (line for stream in streams for line in stream)


def _head(pod: SeenPod, one: SeenContainer, *, several: bool) -> bytes:
    """Return what stands before each line: whose it is, and which container where a pod has ``several``."""
    part = f" {one.part}" if several and one.part else ""
    return f"{shown(pod).name}{part} | ".encode()


def _named(head: bytes, said: Iterable[bytes]) -> Iterator[bytes]:
    """Yield whole lines with their head in front; a last line that was not ended is ended."""
    rest = b""
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
