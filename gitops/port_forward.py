"""Ports of this machine that lead into a pod, or to the pods of a Service, as long as somebody wants them."""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from gitops.settings import Settings, SettingsError
from gitops.sources import engine_of, source_of
from gitops.telling.meant import pods_of, some_pods_of
from gitops.telling.which import Missing
from runtime.engine import Engine
from runtime.forwarding import addresses, forward, listen
from runtime.observe import is_proxy, of_source, pod_name
from runtime.probe_sockets import Place, place
from runtime.resources import Label, Owner
from runtime.seen import SeenPod

Pair = tuple[int, str]  # a port of this machine, 0 for any, and the port or its name in the pod


def port_forward(
    settings: Settings, whose: Owner, pairs: Sequence[Pair], address: str, told: Callable[[str], None]
) -> None:
    """Listen, say so, and lead connections on until interrupted.

    Raises Missing where nothing of that runs, and SettingsError for a port that isn't there or can't be had.
    """
    engine = engine_of(settings)
    pod = _pod(engine, settings, whose)
    numbers = [_number(pod, wanted) for _, wanted in pairs]
    with ExitStack() as stack:
        try:
            listeners = [stack.enter_context(listen(address, own)) for own, _ in pairs]
        except OSError as error:
            taken = ", ".join(str(own) for own, _ in pairs)
            raise SettingsError(f"cannot listen at {address}:{taken}: {error.strerror}") from error
        for where, number in zip(addresses(listeners), numbers, strict=True):
            told(f"Forwarding from {where} -> {number} of {pod_name(pod)}")
        leading = forward(dict(zip(listeners, numbers, strict=True)), lambda: _place(engine, pod), told)
        asyncio.run(leading)


def pair(text: str) -> Pair:
    """Read ``8080:80``, ``80``, ``:http``; raises SettingsError."""
    own, colon, wanted = text.partition(":")
    wanted = wanted if colon else own
    if not wanted or not (own.isdecimal() or (colon and not own)) or int(own or 0) > 65535:
        raise SettingsError(f"{text!r} is no port: write 8080:80, 80, or :80 for any free one")
    return (int(own or 0), wanted)


def _pod(engine: Engine, settings: Settings, whose: Owner) -> SeenPod:
    """Return a pod that is meant and runs; of a Service it is its proxy, which leads on to the others."""
    mine = of_source(engine.look(), source_of(settings).id)
    some_pods_of(mine, whose)
    running = [pod for pod in pods_of(mine, whose) if pod.state == "running"]
    if not running:
        raise Missing(f"no pod of {whose.kind.lower()}/{whose.name} runs")
    return running[0]


def _number(pod: SeenPod, wanted: str) -> int:
    """Return a port's number, by the name that it has in the pod."""
    if wanted.isdecimal() and 0 < int(wanted) <= 65535:
        return int(wanted)
    named = json.loads(pod.labels.get(Label.NAMED, "{}"))
    if wanted in named:
        return int(named[wanted])
    why = "of a Service write the number" if is_proxy(pod) else f"named are {', '.join(named) or 'none'}"
    raise SettingsError(f"{pod_name(pod)} has no port {wanted!r}: {why}")


def _place(engine: Engine, pod: SeenPod) -> Place:
    return place(pod.name, engine.process_of(pod.name))
