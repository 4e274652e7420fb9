"""Commands that begin in a copy of a process that has loaded sloop: loading is most of what they cost.

A command is a process of its own all the same, with its own arguments, environment and files, that ends as
it always does.  What is loaded late is not seen here: who asks for that starts Python anew.
"""

import atexit
import faulthandler
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from tests.machine import network

PACKAGES = ("schemas", "reconcilers", "runtime", "gitops")
LATE = ("git", "deepdiff", "deepdiff.diff", "podman", "podman.client", "sqlalchemy.dialects.sqlite")
LAST_WORDS = 5.0  # seconds
ROOT = Path(__file__).parents[2]


def warm(words: Sequence[str], environment: Mapping[str, str], *, seconds: float) -> tuple[int, str, str]:
    """Run ``python WORDS…``, where ``-c`` or ``-m`` comes first; return its exit code and what it wrote.

    Raises TimeoutError where it has not ended in time: with what it wrote, and where its threads stood.
    """
    out, err = (os.fdopen(os.memfd_create(name), "r+") for name in ("out", "err"))
    ours, theirs = socket.socketpair()
    with out, err, ours:
        with theirs, network.here() as place:
            asked = json.dumps([list(words), dict(environment), str(Path.cwd())]).encode()
            fds = [one.fileno() for one in (theirs, place, out, err)]
            socket.send_fds(_server(), [asked], fds)
        pid = int.from_bytes(ours.recv(4), sys.byteorder)
        in_time = _ended(ours, pid, seconds)
        told = ours.recv(4)
        assert told, f"nobody knows how {words} ended"
        out.seek(0)
        err.seek(0)
        said = out.read(), err.read()
    if not in_time:
        raise TimeoutError(f"{words[2:]} went on for {seconds:g} s\n{''.join(said)}")
    return os.waitstatus_to_exitcode(int.from_bytes(told, sys.byteorder)), *said


def _ended(telling: socket.socket, pid: int, seconds: float) -> bool:
    """Wait for the end of a command; say whether it came in time.  If not, it tells where it is and ends."""
    if select.select([telling], [], [], seconds)[0]:
        return True
    for number in (signal.SIGABRT, signal.SIGKILL):  # at the first one faulthandler speaks
        if not select.select([telling], [], [], 0)[0]:
            os.kill(pid, number)
            select.select([telling], [], [], LAST_WORDS)
    return False


@cache
def _server() -> socket.socket:
    """Start the process that is copied; it ends when this one does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen([sys.executable, "-m", __name__], cwd=ROOT, stdin=theirs)
    atexit.register(process.wait)
    atexit.register(ours.close)  # which is done first
    return ours


def main() -> None:
    """Load everything, and start what is asked for until nobody is left to ask."""
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    with socket.socket(fileno=os.dup(0)) as asking:
        while True:
            asked, fds, _, _ = socket.recv_fds(asking, 2**20, 4)
            if not asked:
                return
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                asking.close()
                break
            for one in fds:
                os.close(one)
    _supervise(asked, fds)


def _load() -> None:
    for package in PACKAGES:
        place = importlib.import_module(package)
        for module in pkgutil.walk_packages(place.__path__, f"{package}."):
            importlib.import_module(module.name)
    for name in LATE:
        importlib.import_module(name)
    _write()
    gc.freeze()


def _write() -> None:
    """Have written what is written when it is first needed: models, and the functions of frozen values."""
    for model in importlib.import_module("schemas.kinds").KINDS.values():
        model.model_rebuild()
    loaded = [module for name, module in sys.modules.items() if name.partition(".")[0] in PACKAGES]
    for value in {one for module in loaded for one in vars(module).values() if _is_late(one)}:
        with suppress(TypeError):  # it lacks its arguments, and has seen so by functions of its own
            value()


def _is_late(one: object) -> bool:
    return isinstance(one, type) and is_dataclass(one) and not one.__dataclass_params__.init


def _supervise(asked: bytes, fds: Sequence[int]) -> None:
    """Start a command in a process of its own, and tell who it is and how it ended."""
    with (
        socket.socket(fileno=fds[0]) as telling,
        suppress(BrokenPipeError),
    ):  # who asked may have lost patience
        command = os.fork()
        if command:
            telling.sendall(command.to_bytes(4, sys.byteorder))
            telling.sendall(os.waitpid(command, 0)[1].to_bytes(4, sys.byteorder))
            os._exit(0)
    _become(*json.loads(asked), fds[1:])


def _become(words: Sequence[str], environment: Mapping[str, str], place: str, fds: Sequence[int]) -> None:
    """Run a command as this process, in the network of who asks for it."""
    if os.geteuid() == 0:
        network.enter(fds[0])
    os.close(fds[0])
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
    for number, one in enumerate(fds[1:], start=1):
        os.dup2(one, number)
        os.close(one)
    faulthandler.enable()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(place)
    try:
        _run(*words)
    except SystemExit as ended:
        _end(ended.code)
    _end(None)


def _run(what: str, name: str, *arguments: str) -> None:
    sys.argv = [what, *arguments]
    match what:
        case "-c":
            sys.modules["__main__"] = itself = ModuleType("__main__")
            exec(compile(name, "<string>", "exec"), itself.__dict__)
        case _:
            runpy.run_module(name, run_name="__main__", alter_sys=True)


def _end(code: object) -> NoReturn:
    """End as Python does, but don't take apart what is loaded: all of it would be copied for that."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    if not (code is None or isinstance(code, int)):
        sys.stderr.write(f"{code}\n")
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    main()
