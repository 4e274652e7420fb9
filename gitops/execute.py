"""The executor: carries out the steps of a plan, in parallel where they don't need each other."""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from gitops.ending import end
from gitops.planning.steps import (
    Action,
    Build,
    Complete,
    Configure,
    Connect,
    Create,
    Disconnect,
    Kill,
    Member,
    Pull,
    Remove,
    Rename,
    Restart,
    Revive,
    Start,
    Step,
    Stop,
    Unpause,
    Write,
)
from runtime.dataclass import dataclass
from runtime.engine import Engine, EngineError, Transient
from runtime.hooks import after_start, before_stop
from runtime.resources import Label, Network, Pod, Secret, Volume
from runtime.stop import shielded

WORKERS = 8  # more gain nothing on Podman: its own locks are the limit


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended: done (perhaps with a notice), failed with an error, or held by another's failure.

    One that is ``transient`` failed on something of which another look may tell otherwise.
    """

    step: Step
    error: str = ""
    held: bool = False
    notice: str = ""
    transient: bool = False

    @property
    def done(self) -> bool:
        """Say whether the step was carried out."""
        return not self.error and not self.held

    @property
    def failed(self) -> bool:
        """Say whether that counts as a failure; what is transient does not yet."""
        return bool(self.error) and not self.transient


def execute(
    steps: Sequence[Step], engine: Engine, begun: Callable[[Step], None] = lambda _: None
) -> Generator[Result, None, None]:
    """Yield each step's result as it ends.  A failed step holds back only what needs it.

    ``begun`` is called, in the thread of the step, right before it starts.  Where this is closed before
    its end, or interrupted, no further step begins, and those under way are waited for.
    """
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="step")
    told: SimpleQueue[Result | BaseException] = (
        SimpleQueue()
    )  # it keeps no lock that a signal could leave taken

    def begin(step: Step) -> None:
        with shielded():
            pool.submit(_tell, told, step, engine, begun)

    try:
        yield from _all(steps, begin, told)
    finally:
        pool.shutdown(cancel_futures=True)


def _all(
    steps: Sequence[Step], begin: Callable[[Step], None], told: "SimpleQueue[Result | BaseException]"
) -> Iterator[Result]:
    waiting = {step.number: step for step in steps}
    ended: dict[int, Result] = {}
    running = 0
    while waiting or running:
        for held in _next(waiting, ended, failed=True):
            ended[held.number] = Result(held, held=True)
            yield ended[held.number]
        for step in _next(waiting, ended, failed=False):
            begin(step)
            running += 1
        if running:
            result = told.get()
            if isinstance(result, BaseException):
                raise result
            running -= 1
            ended[result.step.number] = result
            yield result


def _tell(
    told: "SimpleQueue[Result | BaseException]", step: Step, engine: Engine, begun: Callable[[Step], None]
) -> None:
    try:
        told.put(_carry_out(step, engine, begun))
    except BaseException as error:  # it is raised again by who waits for the step
        told.put(error)


def _next(waiting: dict[int, Step], ended: dict[int, Result], *, failed: bool) -> list[Step]:
    """Take out of ``waiting`` the steps whose needs have failed, or those whose needs are all done."""
    if failed:
        chosen = [one for one in waiting.values() if any(n in ended and not ended[n].done for n in one.needs)]
    else:
        chosen = [one for one in waiting.values() if all(n in ended and ended[n].done for n in one.needs)]
    return [waiting.pop(step.number) for step in chosen]


def _carry_out(step: Step, engine: Engine, begun: Callable[[Step], None]) -> Result:
    begun(step)
    try:
        return Result(step, notice=_act(step.action, engine))
    except EngineError as error:
        return Result(step, error=str(error), transient=isinstance(error, Transient))


def _act(action: Action, engine: Engine) -> str:
    match action:
        case Pull(image):
            return engine.pull(image)
        case Remove() if action.stages:
            failed = end(engine, action.stages, action.hooks, action.grace)
            engine.remove_pod(action.name, 0, volumes=not action.foreign)
            return failed
        case Remove() if action.key.startswith("pod/"):
            left, failed = before_stop(engine, action.name, action.hooks, action.grace)
            engine.remove_pod(action.name, left, volumes=not action.foreign)
            return failed
        case Stop(_, stages, hooks, grace):
            return end(engine, stages, hooks, grace)
        case Kill() | Restart():
            return _halt(action, engine)
    _change(action, engine)
    return ""


def _halt(action: Kill | Restart, engine: Engine) -> str:
    """Stop a container, for good or to start it again, and return what failed of its hooks."""
    one = action.member or Member(action.pod, "")
    left, failed = before_stop(engine, one.name, action.hooks, action.grace, one.part)
    match action:
        case Kill():
            engine.stop_pod(one.name, left)
        case Restart():
            engine.restart_pod(one.name, left)
            after_start(engine, one.name, action.hooks, action.grace, one.part)
    return failed


def _change(action: Action, engine: Engine) -> None:
    match action:
        case Create(made):
            _create(made, engine)
        case Complete(pod):
            engine.complete_pod(pod)
        case Write(files):
            engine.write_files(files)
        case Configure(configuration):
            engine.configure(configuration)
        case Build(image):
            engine.build(image.reference)
        case Remove():
            _remove(action, engine)
        case _:
            _mend(action, engine)


def _mend(action: Action, engine: Engine) -> None:
    match action:
        case Start():
            _start(action, engine)
        case Rename() | Unpause():
            _undo(action, engine)
        case Connect(_, network, aliases, container, address):
            engine.connect_pod(container, network, aliases, address)
        case Disconnect(pod, network):
            engine.disconnect_pod(pod, network)
        case Revive(network):
            engine.revive_network(network)


def _undo(action: Rename | Unpause, engine: Engine) -> None:
    """Take back what a hand has done."""
    match action:
        case Rename(_, names):
            for current, given in names:
                engine.rename_pod(current, given)
        case Unpause(pod, containers):
            for name in containers or (pod,):
                engine.unpause_pod(name)


def _start(action: Start, engine: Engine) -> None:
    for one in action.members or (Member(action.pod, ""),):
        engine.start_pod(one.name)
        after_start(engine, one.name, action.hooks, action.grace, one.part)


def _create(made: Network | Volume | Secret | Pod, engine: Engine) -> None:
    match made:
        case Network():
            engine.create_network(made)
        case Volume():
            engine.create_volume(made)
        case Secret():
            engine.create_secret(made)
        case Pod():
            engine.create_pod(made)
            hooks = made.labels.get(Label.HOOKS, "")
            for name, one in zip(made.container_names, made.first, strict=False):
                after_start(engine, name, hooks, made.grace, one.name)


def _remove(action: Remove, engine: Engine) -> None:
    match action.key.partition("/")[0]:
        case "network":
            engine.remove_network(action.name)
        case "secret":
            engine.remove_secret(action.name)
        case _:
            engine.remove_volume(action.name)
