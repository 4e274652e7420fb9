"""The commands for rollouts: how one goes and went, to make pods anew, to hold one and let it go on."""

import time
from typing import Annotated

import typer

from gitops.commands.cli_act import TimeoutOption, converged, patience, seconds
from gitops.commands.cli_look import Namespace, looking
from gitops.commands.cli_said import Output, OutputOption, Said, answer, app, errors, said_of
from gitops.settings import SettingsError
from gitops.trouble import Exit

LOOK_AGAIN = 1.0  # seconds

rollout = typer.Typer(
    name="rollout",
    help="See how rollouts go, repeat them, hold them.\n\nExample: sloop rollout status deployment/web",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(rollout)

Which = Annotated[str, typer.Argument(metavar="KIND/NAME", help="Such as deployment/web or sts/db.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do what can be done now, and don't wait.")]


@app.command()
def restart(
    context: typer.Context,
    which: Which,
    namespace: Namespace = None,
    timeout: TimeoutOption = None,
    no_wait: NoWait = False,
    output: OutputOption = None,
) -> None:
    """Make an object's pods anew as an update would, old pods serving meanwhile, and wait for it.

    Example: sloop restart deployment/web -n shop
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.asked import restart as anew
        from gitops.request import Wish
        from gitops.telling.meant import meant

        wish = Wish(patience(timeout), not no_wait)
        code = converged(said, lambda teller: anew(said.settings, meant(which, namespace), wish, teller))
    raise typer.Exit(code)


@rollout.command("restart")
def rollout_restart(
    context: typer.Context,
    which: Which,
    namespace: Namespace = None,
    timeout: TimeoutOption = None,
    no_wait: NoWait = False,
    output: OutputOption = None,
) -> None:
    """Do what `sloop restart` does.

    Example: sloop rollout restart statefulset/db -n shop
    """
    restart(context, which, namespace, timeout, no_wait, output)


@rollout.command("pause")
def rollout_pause(
    context: typer.Context, which: Which, namespace: Namespace = None, output: OutputOption = None
) -> None:
    """Let no rollout of a Deployment go on on this machine; scaling still works.

    Example: sloop rollout pause deployment/web
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.asked import pause
        from gitops.telling.meant import meant
        from gitops.telling.teller import Silent

        document = pause(said.settings, meant(which, namespace), Silent())
        answer(said, document, [f"{which} paused: `sloop rollout resume {which}` lets it go on"])


@rollout.command("resume")
def rollout_resume(
    context: typer.Context,
    which: Which,
    namespace: Namespace = None,
    timeout: TimeoutOption = None,
    no_wait: NoWait = False,
    output: OutputOption = None,
) -> None:
    """Let a Deployment's rollout go on that was paused on this machine, and wait for it.

    Example: sloop rollout resume deployment/web
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.asked import resume
        from gitops.request import Wish
        from gitops.telling.meant import meant

        wish = Wish(patience(timeout), not no_wait)
        code = converged(said, lambda teller: resume(said.settings, meant(which, namespace), wish, teller))
    raise typer.Exit(code)


@rollout.command("history")
def rollout_history(
    context: typer.Context,
    which: Which,
    namespace: Namespace = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="How many, the newest first. [default: 1 more than revisionHistoryLimit]"),
    ] = None,
    output: OutputOption = None,
) -> None:
    """Show what an object's pods were made from on this machine: which commit, whose, and why.

    Example: sloop rollout history deployment/web -n shop
    """
    said = said_of(context, output)
    with looking(said):
        from gitops.telling.meant import meant
        from gitops.telling.rollout_history import history
        from gitops.telling.show import revisions

        found = history(said.settings, meant(which, namespace), limit)
        answer(said, found, revisions(found))


@rollout.command("status")
def rollout_status(
    context: typer.Context,
    which: Which,
    namespace: Namespace = None,
    watch: Annotated[bool, typer.Option("--watch/--no-watch", "-w", help="Look on until it is over.")] = True,
    timeout: Annotated[str, typer.Option(help="How long to look on.")] = "5m",
    output: OutputOption = None,
) -> None:
    """Show how far a rollout is, and look on until it is over; exits 0 if it is, 1 if it failed, else 3.

    It carries nothing out: `sloop apply` and `sloop run` do.

    Example: sloop rollout status deployment/web --timeout 2m
    """
    said = said_of(context, output)
    with looking(said):
        code = _look_on(said, which, namespace, seconds(timeout) if watch else 0)
    raise typer.Exit(code)


@rollout.command("undo", hidden=True)
def rollout_undo(
    context: typer.Context,
    which: Which,
    to_revision: Annotated[int, typer.Option(min=0, help="Which one; 0 for the last one before.")] = 0,
    namespace: Namespace = None,
    output: OutputOption = None,
) -> None:
    """Say what brings an older revision back: git does, by another commit.

    Example: sloop rollout undo deployment/web --to-revision 2
    """
    said = said_of(context, output)
    with looking(said):
        from gitops.telling.meant import meant
        from gitops.telling.rollout_history import way_back

        raise SettingsError(way_back(said.settings, meant(which, namespace), to_revision or None))


def _look_on(said: Said, which: str, namespace: str | None, longest: float) -> Exit:
    from gitops.look import look
    from gitops.sources import engine_of
    from gitops.telling.meant import meant
    from gitops.telling.rollouts import rollout as how_far

    whose, told = meant(which, namespace), ""
    engine, until = engine_of(said.settings), time.monotonic() + longest
    while True:
        found = how_far(look(said.settings, engine), whose)
        over = found.done or found.failed or time.monotonic() >= until
        if found.message != told and (said.output is Output.TEXT or over):
            answer(
                said, {"object": str(whose), "done": found.done, "message": found.message}, [found.message]
            )
        if over:
            return Exit.DONE if found.done else Exit.FAILED if found.failed else Exit.LATE
        told = found.message
        time.sleep(LOOK_AGAIN)
