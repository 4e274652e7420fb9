"""What a daemon does for others: it checks a push, deploys it and tells the pusher, or stands aside."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from gitops.git.address import parse
from gitops.hook import QUARANTINE
from gitops.service.door import Line
from gitops.service.keeper import Keeper
from gitops.service.receive import branch_of, check
from gitops.service.visitors import Visitor
from gitops.settings import Settings
from gitops.trouble import Exit, code_of
from runtime.dataclass import dataclass

WHILE = 1.0  # seconds between looks whether anybody still keeps the source that is waited for

Say = Callable[[str], None]
YOURS = "yours"  # what a command hears that may go on alone


@dataclass(frozen=True, slots=True)
class Reception:
    """The sources of a daemon, each with its settings and its keeper."""

    kept: Sequence[tuple[Settings, Keeper]]

    def answer(self, words: Sequence[str], say: Line) -> int | None:
        """Do what is asked for, tell how it goes, and return an exit code; None for what is nobody's here.

        The words of a hook are what to do, the commit, the repository, and variables of git; those of a
        command name the source that is to be left to it.
        """
        match words:
            case ["aside", source]:
                codes = [
                    _left(keeper, say) for _, keeper in self.kept if keeper.loop.house.source.id == source
                ]
            case ["check", sha, directory, *known]:
                variables = dict(one.split("=", 1) for one in known if one.split("=", 1)[0] in QUARANTINE)
                codes = [_checked(one, sha, variables, say) for one, _ in self._of(directory)]
            case ["deploy", sha, directory, *_]:
                codes = [_deployed(keeper, sha, say) for _, keeper in self._of(directory)]
            case _:
                return None
        return max(codes, default=None)

    def _of(self, directory: str) -> Iterator[tuple[Settings, Keeper]]:
        """Yield who follows the deployed branch of a repository on this machine."""
        identity = parse(directory).identity
        for settings, keeper in self.kept:
            source = keeper.loop.house.source
            if source.address.identity == identity and source.ref in {
                None,
                "HEAD",
                branch_of(Path(directory)),
            }:
                yield settings, keeper


def _checked(settings: Settings, sha: str, variables: Mapping[str, str], say: Say) -> int:
    try:
        say(check(settings, sha, allow_empty=False, variables=variables))
    except Exception as error:
        code = code_of(error)
        if code is None:
            raise
        say(str(error))
        return code
    return Exit.DONE


def _left(keeper: Keeper, say: Line) -> int:
    """Leave a source to who asks until they hang up; then see what they have made of it."""
    with keeper.aside():
        say(YOURS)
        while say.is_open(WHILE) and not keeper.bell.over:
            pass
    keeper.look()
    return Exit.DONE


def _deployed(keeper: Keeper, sha: str, say: Say) -> int:
    visitor = Visitor(sha, say, keeper.loop.steady() + keeper.timeout)
    keeper.visitors.enter(visitor)
    keeper.bell.ring()
    while not visitor.over.wait(WHILE):
        if keeper.bell.over:
            keeper.visitors.close("sloop has stopped: it goes on when it is started again")
    return visitor.code
