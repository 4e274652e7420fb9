"""When certificates are due, and what is told of them: those that Ingresses ask for and no Secret has."""

from collections.abc import Iterator
from datetime import UTC, datetime

from reconcilers.wanted import Health
from reconcilers.world import World
from runtime.certificates import Hosts, Issued
from runtime.resources import Owner

FIRST, LONGEST = 600.0, 86400.0  # seconds before a failed attempt is made again: doubling, up to
AGREE = "agree to the terms of the ACME server in the configuration: `acme: {agree: true}`"


def asked(world: World) -> tuple[Hosts, ...]:
    """Return the hosts of every certificate that is to be obtained and kept up, each once."""
    if not world.entrance.directory:
        return ()
    return tuple(dict.fromkeys(hosts for each in world.routing.asked.values() for hosts in each))


def due_at(world: World, hosts: Hosts) -> float:
    """Return when a certificate is to be obtained: at once, after two thirds of its life, or a back-off."""
    known = world.kept.issued.get(hosts)
    if known is None:
        return 0.0
    if known.failures:
        return known.tried + min(FIRST * 2.0 ** min(known.failures - 1, 20), LONGEST)
    if known.directory != world.entrance.directory:
        return 0.0
    return known.ends - (known.ends - known.begins) / 3


def told(world: World, owner: Owner) -> Iterator[tuple[Health, str]]:
    """Yield what an Ingress has to be told of its certificates, and what that makes of its health."""
    for hosts in world.routing.asked.get(owner, ()):
        known, names = world.kept.issued.get(hosts), ", ".join(hosts)
        if known and known.pem.value:
            yield from _held(world, known, names)
        elif not world.entrance.directory:
            yield Health.DEGRADED, f"no certificate for {names}: {AGREE}"
        elif known and known.failures:
            again = _moment(due_at(world, hosts))
            yield Health.DEGRADED, f"no certificate for {names}: {known.why}; next attempt at {again}"
        else:
            yield Health.PROGRESSING, f"obtaining a certificate for {names}"


def _held(world: World, known: Issued, names: str) -> Iterator[tuple[Health, str]]:
    if known.ends <= world.now:
        yield Health.DEGRADED, f"the certificate for {names} ended at {_moment(known.ends)}: {known.why}"
    elif known.failures:
        ends = _moment(known.ends)
        yield Health.HEALTHY, f"the certificate for {names} ends at {ends}, not renewed yet: {known.why}"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
