"""Errors at the outermost line: one or two lines for a person, an exit code for a script."""

import os
import time
import traceback
from enum import IntEnum
from pathlib import Path


class Exit(IntEnum):
    """What the exit code says (a contract)."""

    DONE = 0  # done and healthy
    FAILED = 1  # something failed, or diff found changes
    MISUSED = 2  # usage, bad manifests, or diff failed
    LATE = 3  # applied, but not healthy in time
    UNREACHABLE = 4  # git, Podman or the ledger out of reach


def code_of(error: BaseException) -> Exit | None:
    """Return the exit code for an error of ours, None for one that nobody expected."""
    from gitops.git.git_error import SourceError
    from gitops.planning.guard import Refusal
    from gitops.service.install import UnitError
    from gitops.settings import SettingsError
    from gitops.telling.which import Missing, Unaskable
    from runtime.engine import EngineError
    from runtime.ledger_trouble import LedgerError
    from runtime.lock import LockError
    from runtime.stop import Stopped
    from schemas.problems import ManifestError

    match error:
        case ManifestError() | Refusal() | SettingsError():
            return Exit.MISUSED
        case SourceError() | EngineError() | LedgerError() | LockError():
            return Exit.UNREACHABLE
        case Stopped() | Missing() | Unaskable() | UnitError():
            return Exit.FAILED
        case _:
            return None


def log_unexpected(error: BaseException, directory: Path) -> str:
    """Write the traceback of an error that nobody expected to a file; return the line that names it."""
    name = f"sloop-crash-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    text = "".join(traceback.format_exception(error))
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        (directory / name).write_text(text)
    except OSError:
        return text
    return f"sloop stumbled over its own feet ({type(error).__name__}: {error}): see {directory / name}"
