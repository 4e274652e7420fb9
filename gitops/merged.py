"""The settings as they are said: by option, by environment and in the file, merged."""

import os
import socket
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from gitops.settings import (
    IN_A_FILE_ONLY,
    PREFIX,
    NotificationSettings,
    Settings,
    SettingsError,
    SourceSettings,
)


def settings(
    file: Path | None, options: Mapping[str, Any], environment: Mapping[str, str] = os.environ
) -> Settings:
    """Return the settings, with the places that nobody named filled in.

    Without a ``file``, the one at its usual place is read if it is there.
    """
    place = file or usual_file(environment)
    written = _written(place, must_be_there=file is not None)
    said = {name: value for name, value in options.items() if value is not None}
    merged = {**written, **_environed(environment), **said}
    if merged.get("repo") is not None and "repo" not in written:
        known = merged.get("sources", ())
        merged["sources"] = _said(merged["repo"], merged.get("path"), known)
        merged["neighbours"] = tuple(one for one in known if one not in merged["sources"])
    if "state" in merged:
        merged["state"] = Path(merged["state"]).expanduser().absolute()
    given = Settings(**merged, file=place if written or file else None)
    return replace(
        given,
        state=given.state if "state" in merged else _state(environment),
        node=given.node or socket.gethostname(),
    )


def usual_file(environment: Mapping[str, str] = os.environ, user: int | None = None) -> Path:
    """Return where the configuration is looked for if nobody names another."""
    if (os.geteuid() if user is None else user) == 0:
        return Path("/etc/sloop/sloop.yaml")
    home = environment.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home, "sloop/sloop.yaml")


def _said(repo: str, path: str | None, sources: tuple[SourceSettings, ...]) -> tuple[SourceSettings, ...]:
    """Return the sources that are this repository; it stands for all, and what is set of it holds."""
    from gitops.git.address import parse, sub_path

    where = parse(repo).identity
    there = [one for one in sources if parse(one.url).identity == where]
    return tuple(one for one in there if path is None or sub_path(one.path) == sub_path(path))


def _environed(environment: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what the environment says."""
    named = {one.name: PREFIX + one.name.upper() for one in fields(Settings)}
    given = {name: key for name, key in named.items() if name not in IN_A_FILE_ONLY and key in environment}
    return {name: _read(name, key, environment[key]) for name, key in given.items()}


def _read(name: str, key: str, text: str) -> Any:
    """Return a variable's text as the setting has it; raises SettingsError."""
    match name:
        case "ingress_http" | "ingress_https":
            if not (text.isdecimal() and 0 < int(text) < 65536):
                raise SettingsError(f"{key}: must be a port from 1 to 65535")
            return int(text)
        case "ingress_address":
            return _address(key, text)
        case "acme_agree":
            if text not in ("true", "false"):
                raise SettingsError(f"{key}: must be true or false")
            return text == "true"
        case "ingress_classes":
            return tuple(filter(None, text.replace(" ", "").split(",")))
    return text


def _address(key: str, text: str) -> str:
    from ipaddress import ip_address  # 6 ms that few need

    try:
        return str(ip_address(text)) if text else ""
    except ValueError:
        raise SettingsError(f"{key}: must be an IP address of this machine") from None


def _written(file: Path, *, must_be_there: bool) -> dict[str, Any]:
    from gitops.configuration import written

    found = dict(written(file, must_be_there=must_be_there))
    for name in {"policy_forbid", "policy_ignore"} & found.keys():
        found[name] = tuple(found[name])
    if "sources" in found:
        found["sources"] = tuple(SourceSettings(**one) for one in found["sources"])
    if "notifications" in found:
        found["notifications"] = tuple(_notification(one) for one in found["notifications"])
    if "ingress_classes" in found:
        found["ingress_classes"] = tuple(found["ingress_classes"])
    return found


def _notification(written: Mapping[str, Any]) -> NotificationSettings:
    lists = {key: tuple(value) for key, value in written.items() if key in {"events", "sources"}}
    return NotificationSettings(**{**written, **lists})


def _state(environment: Mapping[str, str]) -> Path:
    if os.geteuid() == 0:
        return Path("/var/lib/sloop")
    home = environment.get("XDG_STATE_HOME") or Path.home() / ".local/state"
    return Path(home, "sloop")
