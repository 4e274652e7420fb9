"""The commands of a repository that deploys what is pushed to it: init, and what its hooks run."""

import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gitops.commands.cli_act import applied
from gitops.commands.cli_said import OutputOption, Said, answer, app, errors, said_of
from gitops.trouble import Exit

receive = typer.Typer(
    name="receive",
    help="What the hooks of `sloop init` run, before and after a push is accepted.\n\n"
    "Example: sloop receive deploy 1a2b3c4",
    no_args_is_help=True,
)
app.add_typer(receive)

AllowEmpty = Annotated[bool, typer.Option("--allow-empty", help="Even if most of what runs would go.")]
Commit = Annotated[str, typer.Argument(help="The commit that was pushed.")]


@app.command()
def init(
    context: typer.Context,
    directory: Annotated[Path, typer.Argument(help="Where the repository is to be.")],
    branch: Annotated[str, typer.Option(help="The branch that is deployed.")] = "main",
    template: Annotated[bool, typer.Option("--template", help="Begin with a commit to look at.")] = False,
    output: OutputOption = None,
) -> None:
    """Make a bare repository that deploys what is pushed to it; in one that is there, renew the hooks.

    Example: sloop init /srv/site.git --template
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.service.init import make, told

        document = make(said.settings, directory, branch, template=template)
        answer(said, document, told(document))


@receive.command()
def check(
    context: typer.Context,
    commit: Commit,
    allow_empty: AllowEmpty = False,
    stay: Annotated[bool, typer.Option("--stay", help="Be there to deploy it, once git has it.")] = False,
) -> None:
    """Check a commit's manifests while git still holds it back; exits 2 if it is to be refused.

    Example: sloop receive check 1a2b3c4
    """
    said = said_of(context, None)
    with errors(said):
        from gitops.service import standby
        from gitops.service.receive import check as look
        from gitops.service.receive import pushed_to, quarantine

        with standby.prepared(said.settings.state) if stay else nullcontext():
            for one in pushed_to(said.settings, Path.cwd()):
                told = look(one, commit, allow_empty=allow_empty, variables=quarantine())
                answer(said, None, [told])
        if stay:
            standby.stay(said.settings.state, commit, lambda: _code(said, commit))


@receive.command()
def deploy(
    context: typer.Context,
    commit: Commit,
    allow_empty: AllowEmpty = False,
) -> None:
    """Bring the machine to a commit that was pushed, unless a newer one comes, and tell how it goes.

    Example: sloop receive deploy 1a2b3c4
    """
    from gitops.service.receive import Enduring

    sys.stdout = sys.stderr = Enduring(sys.stdout)
    raise typer.Exit(_code(said_of(context, None), commit, allow_empty=allow_empty))


def _code(said: Said, commit: str, *, allow_empty: bool = False) -> int:
    """Deploy a commit, tell how it goes, and return the exit code."""
    try:
        with errors(said):
            return _deployed(said, commit, allow_empty=allow_empty)
    except typer.Exit as ended:
        return ended.exit_code


def _deployed(said: Said, commit: str, *, allow_empty: bool) -> Exit:
    from gitops.request import Overtaken, Request
    from gitops.service.receive import afterwards, pushed_to

    request, codes = Request("push", allow_empty=allow_empty, only=commit), [Exit.DONE]
    try:
        sources = pushed_to(said.settings, Path.cwd())
        codes += [applied(replace(said, settings=one), request, None, wait=True) for one in sources]
        answer(said, None, [afterwards(commit)] if max(codes) else [])
    except Overtaken as overtaken:
        answer(said, None, [str(overtaken)])
    return max(codes)
