"""The command line: parses, calls, prints, and turns every error into a line and an exit code."""

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from gitops import VERSION
from gitops.settings import Settings, SettingsError, settings
from gitops.stop import Stopped
from gitops.trouble import Exit, code_of, log_unexpected


class Output(StrEnum):
    """How a command answers."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Said:
    """What was said before the command."""

    settings: Settings
    output: Output
    verbose: bool


app = typer.Typer(
    name="sloop",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    add_completion=False,
)

OutputOption = Annotated[
    Output | None, typer.Option("-o", "--output", help="text for people, json for scripts.")
]


def main() -> None:
    """Run the command line; a reader that has gone away ends it quietly."""
    try:
        app()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.DONE)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"sloop {VERSION}")
        raise typer.Exit


@app.callback(epilog="First steps: `sloop validate`, then `sloop diff`, then `sloop apply`.")
def before(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(envvar="SLOOP_CONFIG", help="A file with these settings.")
    ] = None,
    repo: Annotated[
        str | None, typer.Option(help="The git repository: a path or URL. [default: the one here]")
    ] = None,
    ref: Annotated[
        str | None, typer.Option(help="A branch, tag or commit. [default: the repository's HEAD]")
    ] = None,
    path: Annotated[
        str | None, typer.Option(help="The directory in the repository that holds manifests.")
    ] = None,
    state: Annotated[Path | None, typer.Option(help="Where sloop keeps its mirror and ledger.")] = None,
    podman: Annotated[str | None, typer.Option(help="Podman's socket, as unix:///path.")] = None,
    output: Annotated[
        Output, typer.Option("-o", "--output", help="text for people, json for scripts.")
    ] = Output.TEXT,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Tell more; show tracebacks.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Keep this machine's containers as a git repository says they should be.

    Each option is also an environment variable, such as SLOOP_REPO, and a key of the configuration.
    """
    del version
    options = {"repo": repo, "ref": ref, "path": path, "state": state, "podman": podman}
    with _errors(Said(Settings(), output, verbose), Exit.MISUSED):
        context.obj = Said(settings(config, options), output, verbose)


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
    said = _said(context, output)
    with _errors(said):
        from gitops.check import check

        document = check(paths or [Path()], strict=strict)
        _print(said, document, _check_lines(document))
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
    said = _said(context, output)
    with _errors(said, Exit.MISUSED):
        from gitops.program import diff as compare
        from gitops.show import changes

        document = compare(said.settings, to=to)
        _print(said, document, changes(document))
    raise typer.Exit(_differs(document))


@app.command()
def apply(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would change; exits as diff does.")
    ] = False,
    timeout: Annotated[str, typer.Option(help="How long everything may take to be healthy.")] = "5m",
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Do what can be done now, and don't wait.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Even if most of what runs would go.")
    ] = False,
    output: OutputOption = None,
) -> None:
    """Bring the machine to what the newest commit says, and wait until it is healthy.

    Example: sloop --repo https://example.org/shop.git --path deploy apply --timeout 2m
    """
    said = _said(context, output)
    if dry_run:
        diff(context, None, output)
    with _errors(said):
        from gitops.request import Request

        code = _apply(said, Request(allow_empty=allow_empty), seconds(timeout), wait=not no_wait)
    raise typer.Exit(code)


@app.command()
def status(
    context: typer.Context,
    which: Annotated[str | None, typer.Argument(metavar="[KIND/NAME]", help="Only this object.")] = None,
    namespace: Annotated[str | None, typer.Option("-n", "--namespace", help="Only this namespace.")] = None,
    output: OutputOption = None,
) -> None:
    """Show how every object fares.

    Example: sloop status deployment/web -n shop
    """
    said = _said(context, output)
    with _errors(said):
        from gitops.program import status as look
        from gitops.show import status as lines
        from gitops.which import only

        document = only(look(said.settings), which, namespace)
        _print(said, document, lines(document))


@app.command()
def history(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
    output: OutputOption = None,
) -> None:
    """Show which commits were brought to this machine, and how that ended.

    Example: sloop history --limit 5
    """
    said = _said(context, output)
    with _errors(said):
        from gitops.program import history as runs
        from gitops.report import history_document
        from gitops.show import history as lines

        document = history_document(runs(said.settings, limit))
        _print(said, document, lines(document))


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
    timeout: Annotated[str, typer.Option(help="How long everything may take to be healthy.")] = "5m",
    output: OutputOption = None,
) -> None:
    """Take the last commit back by a new commit, push it, and apply it.

    Example: sloop rollback --steps 2
    """
    said = _said(context, output)
    with _errors(said):
        from gitops.request import Request
        from gitops.rollback import plan_rollback, told

        rolled = plan_rollback(said.settings, to=to, steps=steps, path=path)
        if dry_run:
            _print(said, rolled.document, told(rolled.document))
            raise typer.Exit(Exit.FAILED if rolled.document["files"] else Exit.DONE)
        rolled.publish(push=not no_push)
        if said.output is Output.TEXT:
            _print(said, None, told(rolled.document))
        code = _apply(
            said, Request("rollback", allow_empty=True, well="RolledBack"), seconds(timeout), wait=True
        )
    raise typer.Exit(code)


@app.command()
def run(
    context: typer.Context,
    interval: Annotated[str, typer.Option(help="How often git is asked for a new commit.")] = "30s",
) -> None:
    """Keep the machine as git says, until it is told to stop: new commits, and whatever drifts.

    Example: sloop --repo /srv/shop.git run --interval 10s
    """
    said = _said(context, None)
    with _errors(said):
        from gitops.daemon import run as keep

        keep(said.settings, seconds(interval))


@app.command()
def adopt(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="pod/NAME", help="The container that is in the way.")],
    timeout: Annotated[str, typer.Option(help="How long everything may take to be healthy.")] = "5m",
    output: OutputOption = None,
) -> None:
    """Replace a container that sloop did not make by the one that git describes under its name.

    Example: sloop adopt pod/shop.db
    """
    said = _said(context, output)
    with _errors(said):
        from gitops.request import Request

        request = Request("adopt", adopting=frozenset({which.removeprefix("pod/")}))
        code = _apply(said, request, seconds(timeout), wait=True)
    raise typer.Exit(code)


def seconds(text: str) -> float:
    """Read a duration such as 90, 90s, 5m, 1h30m; raises SettingsError."""
    import re

    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smh]?)", text)
    if not parts or "".join(map("".join, parts)) != text:
        raise SettingsError(f"{text!r} is no duration: write 90s, 5m or 1h30m")
    return sum(
        float(number) * {"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600}[unit] for number, unit in parts
    )


def _apply(said: Said, request: Any, timeout: float, *, wait: bool) -> Exit:
    from gitops.program import Wish
    from gitops.program import apply as converge
    from gitops.show import summary
    from gitops.stop import stoppable
    from gitops.teller import teller_for

    teller = teller_for(sys.stdout, silent=said.output is Output.JSON)
    with stoppable():
        document, end = converge(said.settings, request, Wish(timeout, wait), teller)
    message = document["summary"].get("message", "")
    _print(said, document, [*([f"not well: {message}"] if message else []), summary(document)])
    return {"Synced": Exit.DONE, "Failed": Exit.FAILED, "Late": Exit.LATE}[end]


def _differs(document: Mapping[str, Any]) -> Exit:
    return Exit.FAILED if document["changes"] or document["steps"] else Exit.DONE


def _check_lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield from (problem["text"] for problem in document["problems"])
    yield from (f"notice: {notice['text']}" for notice in document["notices"])
    wrong = len(document["problems"])
    yield f"{document['objects']} objects in {document['files']} files: " + (
        f"{wrong} problems" if wrong else "valid"
    )


def _said(context: typer.Context, output: Output | None) -> Said:
    said: Said = context.obj
    return replace(said, output=output) if output else said


def _print(said: Said, document: Any, lines: Iterable[str]) -> None:
    if said.output is Output.JSON:
        print(json.dumps(document, indent=2, ensure_ascii=False))
        return
    for line in lines:
        print(line)


@contextmanager
def _errors(said: Said, code: Exit | None = None) -> Iterator[None]:
    """Turn an error into its line and exit code; ``code`` where the command has one for all of them."""
    try:
        yield
    except (typer.Exit, BrokenPipeError):
        raise
    except (Exception, Stopped) as error:  # the outermost line
        if said.verbose:
            raise
        expected = code_of(error)
        line = str(error) if expected else log_unexpected(error, said.settings.state)
        print(line, file=sys.stderr)
        if said.output is Output.JSON:
            print(json.dumps({"error": line}))
        raise typer.Exit(code or expected or Exit.FAILED) from error


from gitops import cli_look  # noqa: E402, F401 (its commands register on the app above)
