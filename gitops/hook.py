"""The hooks of a repository that deploys what is pushed to it: the part that must be small.

Git starts it for every push, so it imports nothing of sloop's and next to nothing else.  It says what a push
means here, and becomes `sloop receive` where there is something to check or to deploy.
"""

import os
import pwd
import signal
import socket
import sys
from collections.abc import Sequence

START = "from gitops.cli import main; main()"
NONE = "0" * 40
DEPLOYER = "SLOOP_DEPLOYER"  # set by whoever pushes and deploys as well: `sloop rollback`
SOCKET = "run.sock"  # of a daemon, in its state directory
QUARANTINE = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH")
OPTIONS = ("allow-empty",)  # of `git push -o`


def main(arguments: Sequence[str]) -> None:
    """Act for one hook: ``check`` before a push is accepted, or ``deploy`` after it was.

    Behind that stand the number of the user whose the containers are, the state directory, options of sloop.
    """
    verb, owner, state, *options = arguments
    branch = deployed()
    pushed = {ref: new for _, new, ref in map(str.split, sys.stdin)}
    match verb, pushed.get(branch):
        case "check", None:
            _know_the_options()
        case "check", new if new == NONE:
            _refuse(
                f"{_short(branch)} is deployed here, so it can't be deleted: to take everything away, "
                "push it without manifests by `git push -o allow-empty`"
            )
        case "check", str(new):
            _know_the_options()
            stays = os.geteuid() == int(owner) and not (os.environ.get(DEPLOYER) or asked())
            _do("check", new, state, options, ["--stay"] if stays else [])
        case "deploy", None:
            _say(f"nothing is deployed: this machine follows {_short(branch)}")
        case "deploy", _ if os.environ.get(DEPLOYER):
            pass
        case "deploy", str(new) if os.geteuid() != int(owner):
            _say(_not_yours(new, int(owner)))
        case "deploy", str(new):
            go_on_alone()
            _do("deploy", new, state, options)


def deployed(repository: str | os.PathLike[str] = ".") -> str:
    """Return the branch that is deployed: HEAD's.  Git starts a hook in its repository."""
    with open(os.path.join(repository, "HEAD"), encoding="utf-8") as head:
        return head.read().strip().removeprefix("ref: ")


def asked() -> list[str]:
    """Return what was said by `git push -o`."""
    return [
        os.environ.get(f"GIT_PUSH_OPTION_{number}", "")
        for number in range(int(os.environ.get("GIT_PUSH_OPTION_COUNT", "0")))
    ]


def _know_the_options() -> None:
    unknown = [option for option in asked() if option not in OPTIONS]
    if unknown:
        _refuse(f"nobody knows the push option {unknown[0]!r}: known is {', '.join(OPTIONS)}")


def _do(verb: str, new: str, state: str, options: Sequence[str], more: Sequence[str] = ()) -> None:
    """Let a daemon do it that listens, or who has stayed to deploy what it has checked; else do it here."""
    for place in places(verb, new):
        code = handed_over(verb, new, state, place)
        if code is not None:
            sys.exit(code)
    _become([verb, new, *more], ["--state", state, *options])


def places(verb: str, new: str) -> list[str]:
    """Return the sockets of those who may do the work; who has stayed does nothing but deploy."""
    if asked():
        return []
    return [SOCKET, standby(new)] if verb == "deploy" else [SOCKET]


def standby(new: str) -> str:
    """Return the name of the socket of who has stayed to deploy a commit."""
    return f"push-{new}.sock"


def handed_over(verb: str, new: str, state: str, place: str = SOCKET) -> int | None:
    """Hand work to who listens in a state directory, print what they say, and return the exit code.

    None is returned where nobody does the work.
    """
    try:
        directory = os.open(state, os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return None
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.connect(f"/proc/self/fd/{directory}/{place}")  # a path may be too long for a socket
            known = [f"{name}={os.environ[name]}" for name in QUARANTINE if name in os.environ]
            line.sendall(os.fsencode("\0".join([verb, new, os.getcwd(), *known])))
            line.shutdown(socket.SHUT_WR)
            return _told(line, lasting=verb == "deploy" and place == SOCKET)
    except OSError:
        return None
    finally:
        os.close(directory)


def _told(line: socket.socket, *, lasting: bool) -> int | None:
    """Print what is said; ``lasting`` says that whoever says it goes on with it, though they went away."""
    begun = False
    with line.makefile("r", encoding="utf-8", errors="replace") as rows:
        for row in rows:
            mark, text = row[0], row[1:].rstrip("\n")
            if mark != "=":
                return int(text) if mark == "!" else None
            begun = True
            try:
                print(text, flush=True)
            except BrokenPipeError:  # who pushed has gone; the daemon goes on
                return 0
    if begun and lasting:
        _say("the daemon went away; it goes on when it is there again")
        return 1
    return None


def _become(receive: list[str], options: Sequence[str]) -> None:
    said = [f"--{option}" for option in asked() if option in OPTIONS]
    words = [sys.executable, "-I", "-c", START, *options]
    sys.stdout.flush()
    os.execv(sys.executable, [*words, "receive", *receive, *said])


def go_on_alone() -> None:
    """Outlive the one who pushes: a deployment isn't given up because nobody watches it any more."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _not_yours(new: str, owner: int) -> str:
    whose, who = _name(owner), _name(os.geteuid())
    return (
        f"{new[:7]} is accepted, but not deployed by this push: the containers are {whose}'s, and it came "
        f"from {who}. `sloop run` or a timer of {whose} deploys it, or a push by {whose}"
    )


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/")


def _refuse(why: str) -> None:
    _say(why)
    sys.exit(1)


def _say(text: str) -> None:
    print(f"sloop: {text}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
