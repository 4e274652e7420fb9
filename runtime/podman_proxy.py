"""A proxy's configuration in its volume: written beside the old one, checked, put in its place, taken up."""

import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.engine import EngineError
from runtime.podman_api import Api, named
from runtime.podman_errors import Refusal
from runtime.podman_files import MISSING, digest_of_directory, write, writing
from runtime.proxies import CURRENT, HOME, MAIN, RUN, TARGET
from runtime.resources import Configuration, short

UNTOLD = "untold"  # a file that is there while a proxy may not know yet what lies in its volume
CHECK_SECONDS = 30.0
LOOK = 0.1  # seconds between two tries of a check that was cut off


def home_of(volume: Mapping[str, Any]) -> Path:
    """Return where sloop's part of a proxy's volume lies on this machine."""
    return Path(volume["Mountpoint"], HOME)


def content_of(volume: Mapping[str, Any]) -> tuple[str, str, float]:
    """Return the digest and the note of the configuration that a proxy has been told, and when it was."""
    home = home_of(volume)
    try:
        told = (home / CURRENT).lstat().st_mtime
        if (home / UNTOLD).exists():
            return MISSING, _note(home), told
        return digest_of_directory(f"{home / CURRENT}/"), _note(home), told
    except OSError:
        return MISSING, "", 0.0


def configure(api: Api, configuration: Configuration, volume: Mapping[str, Any]) -> None:
    """Put a configuration into its volume; a proxy that runs checks it first, and then goes by it.

    After a power cut at any moment either the old or the new configuration is whole, and a look tells
    whether a proxy may still go by the old one.
    """
    home, new = home_of(volume), short(configuration.content)
    with writing(home):
        _lay_out(home)
        _directory(home / new, 0o750)
        write(str(home / new), configuration.files)
    _check(api, configuration.name, new)
    with writing(home):
        (home / UNTOLD).touch()
        _turn_to(home, new)
    _tell(api, configuration.name, home)
    with writing(home):
        (home / UNTOLD).unlink()
        _sweep(home, new)


def _note(home: Path) -> str:
    with (home / CURRENT / MAIN).open(encoding="utf-8", errors="replace") as file:
        return file.readline().removeprefix("# ").strip()


def _lay_out(home: Path) -> None:
    _directory(home, 0o750)
    _directory(home / RUN, 0o770)


def _directory(path: Path, mode: int) -> None:
    path.mkdir(exist_ok=True)
    path.chmod(mode)


def _runs(api: Api, name: str) -> bool:
    try:
        return bool(api.get(f"containers/{named(name)}/json")["State"]["Running"])
    except Refusal as refusal:
        if not refusal.gone:
            raise
        return False


def _check(api: Api, name: str, new: str) -> None:
    """Raise EngineError where a proxy's own program doesn't take the new configuration.

    One that dies meanwhile says nothing of it: Podman starts it again, or it is left to its next start.
    """
    end = time.monotonic() + CHECK_SECONDS
    while _runs(api, name) and (said := _said_of(api, name, new)):
        if told := [line for line in said.splitlines() if "ALERT" in line]:
            why = "; ".join(told[:3])
            raise EngineError(
                f"the proxy {name} doesn't take its new configuration, and keeps the old one: {why}"
            )
        if time.monotonic() > end:
            raise EngineError(f"the proxy {name} can't check its new configuration: {said}")
        time.sleep(LOOK)


def _said_of(api: Api, name: str, new: str) -> str:
    """Return what the program in a proxy, or who should run it, says against a configuration."""
    from runtime.podman_exec import said_in  # 40 ms, and no idle pass needs it

    try:
        check = ["haproxy", "-c", "-f", f"{TARGET}/{HOME}/{new}/{MAIN}"]
        code, said = said_in(api, name, check, CHECK_SECONDS)
    except (EngineError, TimeoutError) as error:
        return str(error)
    return (said or f"it ended with exit code {code}") if code else ""


def _tell(api: Api, name: str, home: Path) -> None:
    """Let a proxy that runs take up what lies there now; another one does when it starts.

    One that has just started, or starts anew meanwhile, may break off its answer: it is told once more.
    """
    from runtime.proxy_socket import reload  # no idle pass needs it

    for last in (False, True):
        try:
            if _runs(api, name):
                reload(home)
        except EngineError:
            if last and _runs(api, name):
                raise
        else:
            return


def _turn_to(home: Path, new: str) -> None:
    link = home / f".{os.urandom(8).hex()}"
    link.symlink_to(new)
    link.replace(home / CURRENT)


def _sweep(home: Path, kept: str) -> None:
    """Remove the configurations before this one, and what a crash has left."""
    for path in home.iterdir():
        if path.name not in {RUN, CURRENT, kept}:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
