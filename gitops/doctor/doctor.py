"""`sloop doctor`: everything that sloop depends on, tried for real, each with its remedy."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator

from gitops.doctor.findings import Finding, blocks, ok, warning
from gitops.doctor.machine import clock, disk, registries, rootless, units
from gitops.doctor.proxy import proxy
from gitops.doctor.registry import pull_secrets
from gitops.git.source import SourceError
from gitops.planning.render import render
from gitops.settings import Settings, SettingsError, each
from gitops.sources import engine_of, source_of
from runtime.engine import EngineError
from runtime.ledger import LedgerError, look_back
from runtime.podman_facts import Facts, facts
from schemas.problems import ManifestError

OLDEST = (4, 3)
LIMITS = frozenset({"cpu", "memory", "pids"})
GIT = "install it, for example by `apt install git`"


def doctor(settings: Settings) -> Iterator[Finding]:
    """Yield what was found; what can't be looked at is a finding, never an error."""
    yield _git()
    yield from _sources(settings)
    yield _state(settings)
    try:
        known = facts(settings.podman)
    except EngineError as error:
        yield blocks("podman", str(error), "`podman info` tells more")
        known = None
    if known:
        yield from engine(known)
        yield from rootless(known.rootless)
        yield disk("disk of images", known.graph)
        yield _proxy(settings)
    yield disk("disk of state", settings.state)
    yield from registries()
    yield clock(settings.state)
    yield from _webhooks(settings)
    yield from units()


def _proxy(settings: Settings) -> Finding:
    try:
        return proxy(settings.proxy_image, engine_of(settings).images())
    except EngineError as error:
        return blocks("proxy", str(error), "`podman images` tells more")


def _git() -> Finding:
    if not shutil.which("git"):
        return blocks("git", "it is not installed", GIT)
    said = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False).stdout
    return ok("git", said.strip().removeprefix("git version "))


def _sources(settings: Settings) -> Iterator[Finding]:
    try:
        found = list(each(settings))
    except SettingsError as error:
        yield blocks("source", str(error), "correct the configuration")
        return
    for one in found:
        name = f"source {one.source}" if one.source else "source"
        try:
            source = source_of(one)
            sha = source.resolve()
            yield ok(name, f"{source.display} can be read, and is at {sha[:7]}")
            yield from pull_secrets(render(sha, source.files(sha)).manifests)
        except SourceError as error:
            message, _, remedy = str(error).partition("\n")
            yield blocks(name, message, remedy)
        except ManifestError as error:
            yield warning(
                name, f"its newest commit has {len(error.problems)} problems", "`sloop diff` tells them"
            )


def _webhooks(settings: Settings) -> Iterator[Finding]:
    """Look at the secret of webhooks, where a daemon is to listen."""
    if not settings.listen:
        return
    from gitops.service.web import secret_of

    remedy = "`openssl rand -hex 32` into a file of mode 600, and webhookSecretFile names it"
    try:
        secret = secret_of(settings)
    except SettingsError as error:
        yield blocks("webhooks", str(error), remedy)
        return
    if secret:
        yield ok("webhooks", f"signed, at {settings.listen}")
    else:
        yield warning("webhooks", "they are off: no secret is set", remedy)


def _state(settings: Settings) -> Finding:
    """Look whether the ledger can be read, and its directory be written."""
    place = next(path for path in (settings.state, *settings.state.parents) if path.exists())
    try:
        tempfile.TemporaryFile(dir=place).close()
    except OSError as error:
        remedy = "name another directory with --state, or run sloop as the user who may"
        return blocks("state", f"{place} can't be written: {error.strerror}", remedy)
    try:
        with look_back(settings.state) as past:
            past.history(limit=1)
    except LedgerError as error:
        return warning(
            "state",
            str(error),
            "an older one is renewed by the next `sloop apply`, a damaged one moved aside",
        )
    return ok("state", str(settings.state))


def engine(known: Facts) -> Iterator[Finding]:
    """Look at what Podman says of itself."""
    checks: list[Callable[[Facts], Finding]] = [_version, _socket, _cgroups, _dns]
    yield from (check(known) for check in checks)


def _version(known: Facts) -> Finding:
    if known.version < OLDEST:
        return blocks("podman", f"{known.spelt} is too old", "install 4.3 or later")
    return ok("podman", f"{known.spelt}, {'rootless' if known.rootless else 'root'}")


def _socket(known: Facts) -> Finding:
    if known.private:
        user = "--user " if known.rootless else ""
        return warning(
            "socket",
            "Podman's own doesn't answer, so each sloop starts the service for itself",
            f"`systemctl {user}enable --now podman.socket`",
        )
    return ok("socket", known.url)


def _cgroups(known: Facts) -> Finding:
    missing = sorted(LIMITS - known.controllers)
    if known.rootless and known.cgroups != "v2":
        return warning(
            "limits",
            f"rootless under cgroup {known.cgroups}: limits of CPU and memory aren't enforced",
            "boot with systemd.unified_cgroup_hierarchy=1, or run as root",
        )
    if missing:
        remedy = "delegate them: `systemctl edit user@.service`, [Service] Delegate=cpu cpuset io memory pids"
        return warning("limits", f"containers can't be limited in {', '.join(missing)}", remedy)
    return ok("limits", f"cgroup {known.cgroups}: {', '.join(sorted(LIMITS))}")


def _dns(known: Facts) -> Finding:
    if known.network != "netavark":
        remedy = (
            'install netavark, then network_backend = "netavark" in containers.conf, `podman system reset`'
        )
        return blocks("names", f"the network is made by {known.network or 'nobody knows what'}", remedy)
    if not known.dns:
        return blocks("names", "nobody answers for the names of pods", "install aardvark-dns")
    return ok("names", known.dns)
