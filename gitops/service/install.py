"""Puts sloop's systemd units in their place, and takes away exactly what was put there."""

import os
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gitops.git.address import parse
from gitops.merged import usual_file
from gitops.service.units import MARK, Wish, enabled, units
from gitops.settings import Settings, SettingsError
from runtime.dataclass import dataclass

NAMES = ("sloop.timer", "sloop.service")


class UnitError(Exception):
    """systemd can't do what is asked; the message says what, and the way out."""


@dataclass(frozen=True, slots=True)
class Manager:
    """The systemd of the machine, or of a user."""

    user: bool

    @property
    def directory(self) -> Path:
        """Return where its administrator puts units."""
        if not self.user:
            return Path("/etc/systemd/system")
        return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "systemd/user")

    @property
    def command(self) -> str:
        """Return how people speak to it."""
        return "systemctl --user" if self.user else "systemctl"

    def __call__(self, *words: str) -> str:
        """Ask systemctl; raises UnitError with what it says."""
        command = [*self.command.split(), *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except OSError as error:
            raise UnitError(f"cannot run systemctl: {error.strerror}: this machine has no systemd") from error
        if done.returncode:
            said = done.stderr.strip() or f"exit code {done.returncode}"
            raise UnitError(f"`{' '.join(command)}` failed: {said}")
        return done.stdout.strip()

    def knows(self, name: str) -> bool:
        """Say whether there is a unit of that name, wherever it comes from."""
        return self("show", "--property=LoadState", "--value", name) == "loaded"


def install(settings: Settings, *, user: bool, period: float | None) -> Mapping[str, Any]:
    """Write and start the units: a timer with a ``period`` in seconds, or the daemon without one.

    Nothing of somebody else's is overwritten; running it again with something else changes over.
    """
    manager = Manager(user)
    wish = Wish(user, period, [str(_program()), *_options(settings, user=user)])
    _refuse_foreign(manager)
    if not manager.knows("podman.socket"):
        raise UnitError("there is no podman.socket: install Podman from your distribution, with its units")
    written = units(wish)
    for name in NAMES:
        if name not in written:
            _remove(manager, name)
    for name, text in written.items():
        _write(manager.directory / name, text)
    manager("daemon-reload")
    manager("enable", enabled(wish))
    manager("restart", enabled(wish))
    return {
        "units": [str(manager.directory / name) for name in written],
        "started": enabled(wish),
        "lingers": not user or _lingers(),
    }


def uninstall(*, user: bool) -> Mapping[str, Any]:
    """Stop and remove the units that ``install`` wrote; no container is touched."""
    manager = Manager(user)
    removed = [str(manager.directory / name) for name in NAMES if _remove(manager, name)]
    if removed:
        manager("daemon-reload")
    foreign = [manager.directory / name for name in NAMES if (manager.directory / name).exists()]
    return {"removed": removed, "left": [str(file) for file in foreign]}


def written(manager: Manager, name: str) -> bool:
    """Say whether ``install`` wrote a unit of that name."""
    return _ours(manager.directory / name)


def told(document: Mapping[str, Any]) -> Iterator[str]:
    """Say what was done, for people."""
    if "units" in document:
        yield from (f"wrote {name}" for name in document["units"])
        yield f"{document['started']} is enabled and started"
        if not document["lingers"]:
            yield "notice: it ends when you log out and waits for your next login: `loginctl enable-linger`"
        return
    yield from (f"removed {name}" for name in document["removed"])
    yield from (f"notice: {name} is not sloop's, and was left" for name in document["left"])
    if not document["removed"]:
        yield "nothing was installed"


def _program() -> Path:
    program = Path(sysconfig.get_path("scripts"), "sloop")
    if not program.exists():
        raise UnitError(f"there is no {program}: install sloop by pip, and run it from there")
    return program


def _options(settings: Settings, *, user: bool) -> Sequence[str]:
    """Return what was said before the command, as it is to be said from now on, from any directory."""
    if not (settings.repo or settings.sources):
        raise SettingsError("which repository? name it with --repo, or in a configuration")
    repo = parse(settings.repo) if settings.repo and not settings.sources else None
    if repo and repo.password:
        raise SettingsError("a password in --repo would be readable by all: put it in a configuration")
    config = None if settings.file in {None, usual_file()} else settings.file
    said = {
        "--config": config and config.absolute(),
        "--repo": repo and repo.url,
        "--ref": settings.ref,
        "--path": settings.path,
        "--state": settings.state,
    }
    usual = f"unix:///run{f'/user/{os.geteuid()}' if user else ''}/podman/podman.sock"
    return [
        *(word for name, value in said.items() if value for word in (name, str(value))),
        "--podman",
        settings.podman or usual,
    ]


def _refuse_foreign(manager: Manager) -> None:
    for name in NAMES:
        file = manager.directory / name
        if os.path.lexists(file) and not _ours(file):
            raise UnitError(f"{file} is not sloop's: move it away, then install again")


def _remove(manager: Manager, name: str) -> bool:
    """Stop and remove a unit if it is ours; say whether it was."""
    file = manager.directory / name
    if not _ours(file):
        return False
    with suppress(UnitError):  # what systemd doesn't know any more needs no stopping
        manager("disable", "--now", name)
    file.unlink(missing_ok=True)
    return True


def _ours(file: Path) -> bool:
    return file.is_file() and not file.is_symlink() and file.read_text(errors="replace").startswith(MARK)


def _write(file: Path, text: str) -> None:
    """Put a unit in its place, whole or not at all."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        with os.fdopen(descriptor, "w") as fresh:
            fresh.write(text)
            os.fchmod(fresh.fileno(), 0o644)
        Path(name).replace(file)
    except OSError as error:
        raise UnitError(
            f"cannot write {file}: {error.strerror}: run it as root, or with --user for units of your own"
        ) from error


def _lingers() -> bool:
    return Path("/var/lib/systemd/linger", _login()).exists()


def _login() -> str:
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name
