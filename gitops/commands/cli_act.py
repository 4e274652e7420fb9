"""The commands that act: validate, diff, apply, rollback, run, adopt."""

import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from gitops.commands.cli_said import Output, OutputOption, Said, answer, app, errors, said_of
from gitops.settings import Settings, SettingsError
from gitops.trouble import Exit

TimeoutOption = Annotated[
    str | None,
    typer.Option(help="How long everything may take to be healthy. [default: the source's, or 5m]"),
]

OFTEN = 100_000  # objects more than before, after which who stays looks for litter
ENDS = {
    "Synced": Exit.DONE,
    "Suspended": Exit.DONE,
    "Failed": Exit.FAILED,
    "RolledBack": Exit.FAILED,
    "Refused": Exit.MISUSED,
    "Late": Exit.LATE,
    "Unreachable": Exit.UNREACHABLE,
}


@app.command()
def validate(
    context: typer.Context,
    paths: Annotated[list[Path] | None, typer.Argument(help="Files or directories. [default: .]")] = None,
    strict: Annotated[bool, typer.Option(help="What would be a notice is a problem.")] = False,
    output: OutputOption = None,
) -> None:
    """Check manifests without a repository or Podman; every problem with file, line and column.

    Example: sloop validate deploy/
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.check import check

        document = check(paths or [Path()], strict=strict, ignored=said.settings.policy_ignore)
        answer(said, document, _check_lines(document))
    raise typer.Exit(Exit.MISUSED if document["problems"] else Exit.DONE)


@app.command()
def diff(
    context: typer.Context,
    to: Annotated[str | None, typer.Option(help="Compare with this revision instead.")] = None,
    output: OutputOption = None,
) -> None:
    """Show what would change and why; exits 0 for nothing, 1 for changes, 2 for an error.

    Example: sloop --repo /srv/shop.git diff --to v2
    """
    said = said_of(context, output)
    with errors(said, Exit.MISUSED):
        from gitops.several import diff as compare
        from gitops.telling.show import changes

        document, code = compare(said.settings, to=to)
        answer(said, document, changes(document))
    raise typer.Exit(Exit.MISUSED if code else _differs(document))


@app.command()
def apply(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change; exits as diff does.")
    ] = False,
    timeout: TimeoutOption = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Do what can be done now, and don't wait.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Even if most of what runs would go.")
    ] = False,
    or_last_good: Annotated[
        bool,
        typer.Option("--or-last-good", help="While git is out of reach: the last commit that went well."),
    ] = False,
    output: OutputOption = None,
) -> None:
    """Bring the machine to what the newest commit says, and wait until it is healthy.

    Example: sloop --repo https://example.org/shop.git --path deploy apply --timeout 2m
    """
    said = said_of(context, output)
    if dry_run:
        diff(context, None, output)
    with errors(said):
        from gitops.request import Request

        request, limit = Request(allow_empty=allow_empty), patience(timeout)
        code = applied(said, request, limit, wait=not no_wait, or_last_good=or_last_good)
    raise typer.Exit(code)


@app.command()
def rollback(
    context: typer.Context,
    to: Annotated[str | None, typer.Option(help="Restore what this revision said.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="How many commits to take back.")] = 1,
    path: Annotated[
        str | None, typer.Option(help="Only what lies below this directory of the source.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be taken back.")] = False,
    no_push: Annotated[bool, typer.Option("--no-push", help="Commit to the local work tree only.")] = False,
    timeout: TimeoutOption = None,
    output: OutputOption = None,
) -> None:
    """Take the last commit back by a new commit, push it, and apply it.

    Example: sloop rollback --steps 2
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.request import Request
        from gitops.rollback import plan_rollback, told

        rolled = plan_rollback(said.settings, to=to, steps=steps, path=path)
        if dry_run:
            answer(said, rolled.document, told(rolled.document))
            raise typer.Exit(Exit.FAILED if rolled.document["files"] else Exit.DONE)
        rolled.publish(push=not no_push)
        if said.output is Output.TEXT:
            answer(said, None, told(rolled.document))
        code = applied(
            said, Request("rollback", allow_empty=True, well="RolledBack"), patience(timeout), wait=True
        )
    raise typer.Exit(code)


@app.command()
def run(
    context: typer.Context,
    interval: Annotated[
        str | None, typer.Option(help="How often git is asked. [default: the source's, or 30s]")
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Answer webhooks, /healthz, /readyz and /metrics there."),
    ] = None,
) -> None:
    """Keep the machine as git says, until it is told to stop: new commits, and whatever drifts.

    SIGHUP reads the configuration again.

    Example: sloop --repo /srv/shop.git run --interval 10s
    """
    said = said_of(context, None)
    gc.set_threshold(OFTEN)
    with errors(said):
        from gitops.service.daemon import run as keep

        keep(_heard(said.settings, listen), patience(interval), lambda: _heard(said.again(), listen))


@app.command()
def adopt(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="pod/NAME", help="The container that is in the way.")],
    timeout: TimeoutOption = None,
    output: OutputOption = None,
) -> None:
    """Replace a container that sloop did not make by the one that git describes under its name.

    Example: sloop adopt pod/shop.db
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.request import Request

        request = Request("adopt", adopting=frozenset({which.removeprefix("pod/")}))
        code = applied(said, request, patience(timeout), wait=True)
    raise typer.Exit(code)


def _heard(settings: Settings, listen: str | None) -> Settings:
    return settings if listen is None else replace(settings, listen=listen)


def patience(text: str | None) -> float | None:
    """Read how long to wait, None for as long as the source says."""
    return None if text is None else seconds(text)


def seconds(text: str) -> float:
    """Read a duration such as 90, 90s, 5m, 1h30m; raises SettingsError."""
    from schemas.durations import seconds as read

    try:
        return read(text)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def applied(
    said: Said, request: Any, timeout: float | None, *, wait: bool, or_last_good: bool = False
) -> Exit:
    """Converge, tell how it goes and what became of it, and return the exit code."""
    from gitops.request import Wish
    from gitops.several import apply as converge

    wish = Wish(timeout, wait, or_last_good)
    return converged(said, lambda teller: converge(said.settings, request, wish, teller))


def converged(said: Said, converge: Callable[[Any], tuple[Mapping[str, Any], str]]) -> Exit:
    """Tell how a convergence goes, given who tells it, and how it ended."""
    from gitops.telling.show import last_output, summary
    from gitops.telling.teller import teller_for
    from runtime.stop import stoppable

    teller = teller_for(sys.stdout, silent=said.output is Output.JSON)
    with stoppable():
        document, end = converge(teller)
    message = document["summary"].get("message", "")
    wrong = {"RolledBack": "went back", "Suspended": "left alone"}.get(end, "not well")
    words = [f"{wrong}: {message}", *last_output(document)] if message else []
    answer(said, document, [*words, summary(document)])
    return ENDS[end]


def _differs(document: Mapping[str, Any]) -> Exit:
    return Exit.FAILED if document["changes"] or document["steps"] else Exit.DONE


def _check_lines(document: Mapping[str, Any]) -> Iterator[str]:
    from gitops.telling.show import counted

    yield from (problem["text"] for problem in document["problems"])
    yield from (f"notice: {notice['text']}" for notice in document["notices"])
    wrong = len(document["problems"])
    amount = f"{counted(document['objects'], 'object')} in {counted(document['files'], 'file')}"
    yield f"{amount}: {counted(wrong, 'problem') if wrong else 'valid'}"
