"""The loop without end: woken by git, by Podman's events, and by what a reconciler asked for."""

import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import field
from functools import partial
from types import FrameType

from gitops.aim import Aim, aiming
from gitops.head import Head
from gitops.house import house_of, issuer_of
from gitops.journal import Journal
from gitops.loop import Loop
from gitops.probing import Watch
from gitops.request import Request
from gitops.service.board import Board
from gitops.service.courier import courier_of
from gitops.service.door import open_door
from gitops.service.keeper import AGAIN, LONGEST, Bell, Keeper
from gitops.service.notify import Pulse, notify
from gitops.service.reception import Reception
from gitops.service.strays import strays
from gitops.service.visitors import Heard, Visitors
from gitops.settings import Settings, SettingsError, each, hurried, rules
from gitops.sources import engine_of, source_of
from gitops.standing import suspension
from gitops.telling.teller import Plain
from runtime.dataclass import dataclass
from runtime.engine import Engine, EngineError
from runtime.ledger import open_ledger
from runtime.records import Run
from runtime.writes import Ledger

ENDS = (signal.SIGTERM, signal.SIGINT)
HEED = 1.0  # seconds after which it is seen whether there is anything to probe by now, and who is mute


class Orders:
    """What the process was told from outside: to end (``over``), or to read its configuration again.

    Whoever waits is woken through a pipe, into which Python writes in the very thread that a signal comes to.
    That need not be the main one while another starts a process, and a wait for a lock would go on then.
    """

    def __init__(self) -> None:
        self.over = False
        self._told, self._telling = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def hear(self) -> None:
        """Hear what the process is told from now on."""
        signal.set_wakeup_fd(self._telling, warn_on_full_buffer=False)
        for number in (*ENDS, signal.SIGHUP):
            signal.signal(number, self._heed)

    def end(self) -> None:
        """Let all keepers end, and the process after them; from any thread."""
        self.over = True
        with suppress(BlockingIOError):  # it is full of what wakes as well
            os.write(self._telling, bytes(1))

    def wait(self) -> None:
        """Return when all keepers shall end: for good if it is ``over``, else to read the settings again."""
        select.select([self._told], [], [])
        self.forget()

    def forget(self) -> None:
        """Take what was told meanwhile as done, but for the end."""
        with suppress(BlockingIOError):
            while os.read(self._told, 4096):
                pass

    def _heed(self, number: int, _: FrameType | None) -> None:
        self.over = self.over or number in ENDS


@dataclass(frozen=True, slots=True)
class Common:
    """What all sources share."""

    engine: Engine
    ledger: Ledger
    pulse: Pulse = field(default_factory=Pulse)
    board: Board = field(default_factory=Board)


def run(settings: Settings, interval: float | None, again: Callable[[], Settings]) -> None:
    """Keep the machine as git says until SIGTERM or SIGINT; each source in a thread of its own.

    ``interval``, in seconds, is how often git is asked; None is what each source has.  ``again`` reads the
    settings anew at SIGHUP.  Git or Podman going away is told in one line, and survived.
    """
    orders, tell = Orders(), Plain().notice
    orders.hear()
    pulse = Pulse()
    _begin(pulse.tell)
    while not orders.over:
        _serve(settings if interval is None else hurried(settings, interval), orders, pulse)
        orders.forget()
        if not orders.over:
            settings = _renewed(settings, again, tell)


def _renewed(settings: Settings, again: Callable[[], Settings], tell: Callable[[str], None]) -> Settings:
    """Return the settings as they are now, or those that were good before."""
    try:
        new = again()
        list(each(new))
    except SettingsError as error:
        tell(f"{error}\nthe configuration stays as it was")
        return settings
    tell("the configuration was read again")
    return new


def _serve(settings: Settings, orders: Orders, pulse: Pulse) -> None:
    """Keep all sources until something else is ordered; what breaks one ends the process."""
    engine = engine_of(settings)
    with open_ledger(settings.state, Plain().notice) as ledger, ExitStack() as stack:
        sources, common = list(each(settings)), Common(engine, ledger, pulse)
        names = [one.source or "" for one in sources] if len(sources) > 1 else [""]
        made = (_keeper(one, name, common) for one, name in zip(sources, names, strict=True))
        keepers = [stack.enter_context(one) for one in made]
        bells = [keeper.bell for keeper in keepers]
        _open_to_others(stack, settings, list(zip(sources, keepers, strict=True)), common)
        _begin(partial(_listen, engine, bells))
        ended = threading.Event()
        stack.callback(ended.set)
        _begin(partial(_mind_names, engine, bells, ended))
        broken: list[BaseException] = []
        threads = [_begin(partial(_keep, keeper, orders, broken)) for keeper in keepers]
        follows = ", ".join(keeper.loop.house.source.display for keeper in keepers)
        _tell_of_strays(settings, engine)
        notify("READY=1", f"STATUS=follows {follows}")
        orders.wait()
        notify("STOPPING=1" if orders.over else "STATUS=reads its configuration again")
        for bell in bells:
            bell.end()
        for thread in threads:
            thread.join()
    if broken:
        raise broken[0]


def _tell_of_strays(settings: Settings, engine: Engine) -> None:
    with suppress(EngineError):  # it is told by every pass
        for line in strays(settings, engine):
            Plain().notice(line)


def _open_to_others(
    stack: ExitStack, settings: Settings, kept: Sequence[tuple[Settings, Keeper]], common: Common
) -> None:
    """Let hooks hand over their work, and, where that is set, forges and Prometheus ask over HTTP."""
    tell = Plain().notice
    stack.enter_context(open_door(settings.state, Reception(kept).answer, tell))
    if not settings.listen:
        return
    from gitops.service.listener import listening
    from gitops.service.web import web_of

    web = web_of(settings, kept, common.pulse, common.board)
    try:
        host, port = stack.enter_context(listening(settings.listen, web.answer))
    except (OSError, ValueError) as error:
        raise SettingsError(f"cannot listen at {settings.listen}: {error}") from error
    tell(
        f"listening at http://{host}:{port}/" + ("" if web.secret else "; webhooks are off: no secret is set")
    )


@contextmanager
def _keeper(settings: Settings, name: str, common: Common) -> Iterator[Keeper]:
    source, own, visitors = source_of(settings), rules(settings), Visitors()
    engine, teller = common.engine, Heard(name, visitors)
    head = Head(source, own.interval, time.monotonic, teller.notice, aiming(source, own.on_failure))
    courier = courier_of(settings, teller.notice)
    common.board.expect(name)

    def heard(run: Run, before: Sequence[Run]) -> None:
        common.board.ended(name, run.outcome)
        courier.ended(own.name or source.display, run, before)

    journal = Journal(common.ledger, source.id, time.time, heard=heard)
    with closing(Watch(engine)) as watch:
        house = house_of(settings, source, engine)
        request = Request("run", patient=True)
        loop = Loop(
            house, journal, request, teller, patiently(head, journal), watch, on_failure=own.on_failure
        )
        loop.issuer = issuer_of(settings)
        left_alone = partial(suspension, settings, common.ledger.past, source.id)
        keeper = Keeper(
            loop,
            head,
            own.timeout,
            pulse=common.pulse,
            suspension=left_alone,
            visitors=visitors,
            board=common.board,
            name=name,
        )
        _begin(partial(_heed, watch, keeper.bell))
        yield keeper
        courier.finish()


def patiently(head: Head, journal: Journal) -> Callable[[], Aim]:
    """Return what asks git at once where a command has carried something out: it may be newer."""

    def aim() -> Aim:
        if journal.outrun():
            head.again()
        return head.aim()

    return aim


def _begin(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _keep(keeper: Keeper, orders: Orders, broken: list[BaseException]) -> None:
    try:
        keeper.keep()
    except BaseException as error:  # it goes on in the main thread
        broken.append(error)
        orders.end()


def _listen(engine: Engine, bells: Sequence[Bell]) -> None:
    """Ring whenever Podman says that something has happened; begin again when it went away."""
    wait = AGAIN
    while not all(bell.over for bell in bells):
        with suppress(EngineError), engine.happenings() as happenings:
            _ring(bells)  # what happened before we listened is seen by a pass
            wait = AGAIN
            for _ in happenings:
                _ring(bells)
        time.sleep(wait)
        wait = min(wait * 2, LONGEST)


def _mind_names(engine: Engine, bells: Sequence[Bell], ended: threading.Event) -> None:
    """Ring when nobody answers the names of a network any more: no event tells of that."""
    known: frozenset[str] = frozenset()
    while not ended.wait(HEED):
        mute = engine.mute()
        if mute - known:
            _ring(bells)
        known = mute


def _ring(bells: Sequence[Bell]) -> None:
    for bell in bells:
        bell.ring()


def _heed(watch: Watch, bell: Bell) -> None:
    """Ring whenever a probe has changed its mind."""
    while not bell.over:
        if watch.wait(HEED):
            bell.ring()
