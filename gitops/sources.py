"""The source, and the engine, that the settings mean."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitops.git.address import Access
from gitops.git.signatures import Signers
from gitops.git.source import Source, Special, at_directory
from gitops.settings import Settings, known_by, only, placed, rules

if TYPE_CHECKING:
    from runtime.engine import Engine


def engine_of(settings: Settings) -> "Engine":
    """Return the engine that the settings name."""
    from runtime.podman import PodmanEngine

    return PodmanEngine(settings.podman)


def source_of(settings: Settings) -> Source:
    """Return the one source that the settings name, or the repository around the current directory."""
    one = only(settings)
    url, own = one.repo or str(at_directory(Path.cwd())), rules(one)
    access = Access(
        key=placed(one, own.ssh_key),
        known_hosts=placed(one, own.ssh_known_hosts),
        user=own.login_user,
        password_file=placed(one, own.login_password_file),
    )
    keys = Signers(placed(one, own.signed_by_allowed_signers), placed(one, own.signed_by_gpg_keys))
    signers = keys if keys != Signers() else None
    special = Special(known_by(replace(own, url=url), one.path), own.render)
    return Source(
        url, ref=one.ref, path=one.path, state=one.state, access=access, signers=signers, special=special
    )
