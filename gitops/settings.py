"""What a person sets: by option, by environment, or in a file."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from runtime.dataclass import dataclass

if TYPE_CHECKING:
    from gitops.aim import OnFailure
    from gitops.git.foreign import Renderer

PREFIX = "SLOOP_"


class SettingsError(Exception):
    """A setting can't be used; the message names it, and where it stands."""


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """One repository as the configuration has it.  ``interval`` and ``timeout`` are in seconds.

    ``formerly`` is where it was when it came to this machine, which is what it goes on being known by.
    """

    name: str
    url: str
    ref: str | None = None
    path: str = ""
    interval: float = 30.0
    timeout: float = 300.0
    suspended: bool = False
    prune: bool = True
    render: "Renderer" = ""
    on_failure: "OnFailure" = "hold"
    ssh_key: str = ""
    ssh_known_hosts: str = ""
    login_user: str = ""
    login_password_file: str = ""
    signed_by_allowed_signers: str = ""
    signed_by_gpg_keys: str = ""
    formerly_url: str = ""
    formerly_path: str | None = None


@dataclass(frozen=True, slots=True)
class NotificationSettings:
    """Where some events of some sources are told; no sources are all of them."""

    url: str = field(default="", repr=False)
    url_file: str = ""
    token_file: str = ""
    events: tuple[str, ...] = ("failed", "rolledBack", "recovered")
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set.  An option wins over the environment, and that over the file.

    ``pool`` is where new namespaces find their subnets, ``node`` the machine's name as pods see it.
    ``proxy_node_ports`` are those that Services of type NodePort find theirs among, as ``30000-32767``.
    ``proxy_image`` is what leads to the pods of a Service; "" is HAProxy's official one, or, where that can't
    be had, one made of this machine's own HAProxy.
    ``ingress_http`` and ``ingress_https`` are the ports by which Ingresses are reached, 0 for the usual ones,
    at the address ``ingress_address``, or at all;
    ``ingress_classes`` are served beside our own.  ``acme_directory`` is the ACME server that certificates
    are obtained of once ``acme_agree`` says that its terms are agreed to.
    ``policy_forbid`` is what no commit may ask of this machine, ``policy_ignore`` are the kinds of which what
    would be refused is left out.
    ``source`` is the name of the one that is meant, ``neighbours`` are those of the configuration that
    aren't; ``file`` is the configuration that was read.
    ``listen`` is where a daemon answers HTTP, and the file holds what forges sign webhooks with.
    """

    source: str | None = None
    repo: str | None = None
    ref: str | None = None
    path: str = ""
    state: Path = Path()
    podman: str | None = None
    pool: str = "10.144.0.0/12"
    node: str = ""
    proxy_image: str = ""
    proxy_node_ports: str = "30000-32767"
    ingress_http: int = 0
    ingress_https: int = 0
    ingress_address: str = ""
    ingress_classes: tuple[str, ...] = ()
    acme_directory: str = "https://acme-v02.api.letsencrypt.org/directory"
    acme_email: str = ""
    acme_agree: bool = False
    node_labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    listen: str | None = None
    webhook_secret_file: str | None = None
    policy_forbid: tuple[str, ...] = ()
    policy_ignore: tuple[str, ...] = ()
    sources: tuple[SourceSettings, ...] = ()
    neighbours: tuple[SourceSettings, ...] = ()
    notifications: tuple[NotificationSettings, ...] = ()
    file: Path | None = None


IN_A_FILE_ONLY = frozenset(
    {"node_labels", "notifications", "policy_forbid", "policy_ignore", "sources", "neighbours", "file"}
)


def each(settings: Settings) -> Iterator[Settings]:
    """Yield the settings of every source that is meant, as if it were the only one."""
    if not settings.sources:
        if settings.source:
            raise SettingsError(f"there is no source {settings.source}: no configuration names any")
        yield settings
        return
    if not settings.source and len(settings.sources) > 1 and (settings.ref or settings.path):
        raise SettingsError(f"of which source? name it with --source: {_names(settings)}")
    _check_apart(settings.sources)
    for one in settings.sources:
        if settings.source in (None, one.name):
            yield narrowed(settings, one)
    if settings.source and settings.source not in {one.name for one in settings.sources}:
        raise SettingsError(f"there is no source {settings.source}: known are {_names(settings)}")


def only(settings: Settings) -> Settings:
    """Return the settings of the one source that is meant; raises SettingsError where several may be."""
    first, *more = each(settings)
    if more:
        raise SettingsError(f"there are several sources: name one with --source: {_names(settings)}")
    return first


def narrowed(settings: Settings, one: SourceSettings) -> Settings:
    """Return the settings as if this source were the only one; what was said of ref and path wins."""
    ref, path = settings.ref or one.ref, settings.path or one.path
    others = tuple(other for other in (*settings.sources, *settings.neighbours) if other.name != one.name)
    named = replace(settings, source=one.name, repo=one.url, sources=(one,), neighbours=others)
    return replace(named, ref=ref, path=path)


def beside(settings: Settings) -> Iterator[Settings]:
    """Yield the settings of each neighbour of the one source that is meant, as if it were the only one."""
    for one in settings.neighbours:
        yield narrowed(replace(settings, ref=None, path="", sources=(), neighbours=()), one)


def hurried(settings: Settings, interval: float) -> Settings:
    """Return the settings with one interval, in seconds, for all sources."""
    sources = settings.sources or (SourceSettings("", settings.repo or ""),)
    return replace(settings, sources=tuple(replace(one, interval=interval) for one in sources))


def rules(settings: Settings) -> SourceSettings:
    """Return what is set of the one source that is meant; the defaults where no configuration names it."""
    return next(iter(only(settings).sources), SourceSettings("", settings.repo or ""))


def placed(settings: Settings, name: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the file that a configuration means, None where it names none.

    A name without a directory is a credential of systemd's, where there is one; else all are relative to
    the configuration.
    """
    if not name:
        return None
    credential = Path(environment.get("CREDENTIALS_DIRECTORY", "/nonexistent"), name)
    if "/" not in name and credential.exists():
        return credential
    return Path(settings.file.absolute().parent if settings.file else "/", Path(name).expanduser())


def known_by(one: SourceSettings, path: str) -> tuple[str, str]:
    """Return the address and path that tell a source from others, whatever its place is now."""
    was = path if one.formerly_path is None else one.formerly_path
    return one.formerly_url or one.url, was


def _check_apart(sources: tuple[SourceSettings, ...]) -> None:
    """Refuse two sources that would be the same to the machine."""
    if len(sources) < 2:
        return
    from gitops.git.address import parse, sub_path

    names: dict[tuple[str, str], str] = {}
    for one in sources:
        url, path = known_by(one, one.path)
        other = names.setdefault((parse(url).identity, sub_path(path)), one.name)
        if other != one.name:
            raise SettingsError(
                f"the sources {other} and {one.name} are the same repository and path, now or formerly: "
                "drop one of them"
            )


def _names(settings: Settings) -> str:
    return ", ".join(one.name for one in settings.sources)
