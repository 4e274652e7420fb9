"""The commands about the machine itself: install, uninstall, doctor."""

from typing import Annotated

import typer

from gitops.commands.cli_act import seconds
from gitops.commands.cli_said import OutputOption, answer, app, errors, said_of
from gitops.settings import SettingsError
from gitops.trouble import Exit

UserOption = Annotated[
    bool | None,
    typer.Option(
        "--user/--system", help="For your own systemd, or the machine's. [default: root's is the machine's]"
    ),
]


@app.command()
def install(
    context: typer.Context,
    timer: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Look so often. [default: 1m, without --daemon]")
    ] = None,
    daemon: Annotated[bool, typer.Option("--daemon", help="Run all the time instead.")] = False,
    user: UserOption = None,
    output: OutputOption = None,
) -> None:
    """Write and start systemd units that keep this machine as git says; again, to change over.

    Example: sloop --repo https://example.org/shop.git install --timer 5m
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.service.install import install as put
        from gitops.service.install import told

        if daemon and timer:
            raise SettingsError("--timer and --daemon exclude each other")
        period = None if daemon else seconds(timer or "1m")
        document = put(said.settings, user=_user(user), period=period)
        answer(said, document, told(document))


@app.command()
def uninstall(context: typer.Context, user: UserOption = None, output: OutputOption = None) -> None:
    """Stop and remove the units that install wrote; what runs goes on running.

    Example: sloop uninstall
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.service.install import told
        from gitops.service.install import uninstall as take_away

        document = take_away(user=_user(user))
        answer(said, document, told(document))


@app.command()
def doctor(context: typer.Context, output: OutputOption = None) -> None:
    """Try everything that sloop depends on, each with its remedy; exits 1 if something blocks.

    Example: sloop --repo https://example.org/shop.git doctor
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.doctor.doctor import doctor as examine
        from gitops.doctor.findings import document, told

        found = document(examine(said.settings))
        answer(said, found, told(found))
    raise typer.Exit(Exit.FAILED if found["blocked"] else Exit.DONE)


def _user(said: bool | None) -> bool:
    import os

    return os.geteuid() != 0 if said is None else said
