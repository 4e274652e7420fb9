"""The commands that leave something alone for a while: a source, or one object of it."""

from typing import Annotated

import typer

from gitops.commands.cli_act import TimeoutOption, converged, patience
from gitops.commands.cli_look import Namespace
from gitops.commands.cli_said import OutputOption, answer, app, errors, said_of

Which = Annotated[
    str | None, typer.Argument(metavar="[KIND/NAME]", help="Only this object. [default: the whole source]")
]


@app.command()
def suspend(
    context: typer.Context, which: Which = None, namespace: Namespace = None, output: OutputOption = None
) -> None:
    """Leave a source or an object alone: nothing is deployed, mended or removed, until it is resumed.

    Example: sloop suspend deployment/web -n shop
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.telling.teller import Silent

        if which is None:
            from gitops.suspension import suspend as leave

            document = leave(said.settings, Silent())
        else:
            from gitops.asked import suspend as leave_alone
            from gitops.telling.meant import meant

            document = leave_alone(said.settings, meant(which, namespace), Silent())
        what = which or document["source"]
        answer(said, document, [f"{what} is suspended: `sloop resume{f' {which}' if which else ''}` goes on"])


@app.command()
def resume(
    context: typer.Context,
    which: Which = None,
    namespace: Namespace = None,
    timeout: TimeoutOption = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Do what can be done now, and don't wait.")
    ] = False,
    output: OutputOption = None,
) -> None:
    """Look again after what was suspended, and bring it to the newest commit.

    Example: sloop resume deployment/web -n shop
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.request import Wish

        wish = Wish(patience(timeout), not no_wait)
        if which is None:
            from gitops.suspension import resume as look_after

            code = converged(said, lambda teller: look_after(said.settings, wish, teller))
        else:
            from gitops.asked import look_after as look_after_one
            from gitops.telling.meant import meant

            whose = meant(which, namespace)
            code = converged(said, lambda teller: look_after_one(said.settings, whose, wish, teller))
    raise typer.Exit(code)
