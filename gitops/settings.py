"""What a person sets: by option, by environment, or in a file."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

PREFIX = "SLOOP_"


class SettingsError(Exception):
    """A setting can't be used; the message names it, and where it stands."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set.  An option wins over the environment, and that over the file.

    ``pool`` is where new namespaces find their subnets, ``node`` the machine's name as pods see it.
    """

    repo: str | None = None
    ref: str | None = None
    path: str = ""
    state: Path = Path()
    podman: str | None = None
    pool: str = "10.144.0.0/12"
    node: str = ""


def settings(
    file: Path | None, options: Mapping[str, Any], environment: Mapping[str, str] = os.environ
) -> Settings:
    """Return the settings, with the places that nobody named filled in."""
    names = [one.name for one in fields(Settings)]
    written = _read(file, names) if file else {}
    environed = {name: environment[key] for name in names if (key := PREFIX + name.upper()) in environment}
    said = {name: value for name, value in options.items() if value is not None}
    merged = {**written, **environed, **said}
    if "state" in merged:
        merged["state"] = Path(merged["state"]).expanduser().absolute()
    given = Settings(**merged)
    return replace(
        given,
        state=given.state if "state" in merged else _state(environment),
        node=given.node or socket.gethostname(),
    )


def _state(environment: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/sloop")
    home = environment.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(home, "sloop")


def _read(file: Path, names: list[str]) -> Mapping[str, str]:
    import yaml

    try:
        data = yaml.safe_load(file.read_bytes()) or {}
    except (OSError, yaml.YAMLError) as error:
        raise SettingsError(f"cannot read {file}: {error}") from error
    if not isinstance(data, dict):
        raise SettingsError(f"{file}: must be a mapping, such as `repo: https://example.org/shop.git`")
    unknown = [str(key) for key in data if key not in names]
    if unknown:
        raise SettingsError(f"{file}: unknown key {unknown[0]}: known are {', '.join(names)}")
    wrong = [key for key, value in data.items() if not isinstance(value, str)]
    if wrong:
        raise SettingsError(f"{file}: {wrong[0]}: must be a text")
    return data
