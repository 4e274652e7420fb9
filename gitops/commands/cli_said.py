"""What was said before the command, and how every command answers: in text or JSON, or with an error."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from gitops import VERSION
from gitops.merged import settings
from gitops.settings import Settings
from gitops.telling.journald import Level, leveled
from gitops.trouble import Exit, code_of, log_unexpected
from runtime.dataclass import dataclass
from runtime.stop import Stopped


class Output(StrEnum):
    """How a command answers."""

    TEXT = "text"
    JSON = "json"


class Unanswered(Exception):
    """Standard output takes nothing more."""


@dataclass(frozen=True, slots=True)
class Said:
    """What was said before the command."""

    settings: Settings
    output: Output
    verbose: bool
    config: Path | None = None
    again: Callable[[], Settings] = Settings  # reads the settings anew


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


def _version(wanted: bool) -> None:
    if wanted:
        print(f"sloop {VERSION}")
        raise typer.Exit


@app.callback(epilog="First steps: `sloop validate`, then `sloop diff`, then `sloop apply`.")
def before(
    context: typer.Context,
    config: Annotated[
        Path | None,  # one that can't be read is told as anything else that is wrong with it
        typer.Option(
            readable=False,
            envvar="SLOOP_CONFIG",
            help="A file with these settings. [default: sloop/sloop.yaml in /etc, or in ~/.config]",
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Which of the configuration's sources. [default: all]")
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
    state: Annotated[
        Path | None,  # another user's isn't readable, and who only checks a push needs nothing of it
        typer.Option(readable=False, help="Where sloop keeps its mirror and ledger."),
    ] = None,
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
    if context.invoked_subcommand == "config":  # it reads the file itself, whatever is wrong with it
        context.obj = Said(Settings(), output, verbose, config)
        return
    options = {"source": source, "repo": repo, "ref": ref, "path": path, "state": state, "podman": podman}
    with errors(Said(Settings(), output, verbose), Exit.MISUSED):
        again = partial(settings, config, options)
        context.obj = Said(again(), output, verbose, config, again)


def said_of(context: typer.Context, output: Output | None) -> Said:
    """Return what was said before the command; an ``-o`` behind it wins."""
    said: Said = context.obj
    return replace(said, output=output) if output else said


def answer(said: Said, document: Any, lines: Iterable[str]) -> None:
    """Print a document, or its lines for people."""
    try:
        if said.output is Output.JSON:
            print(as_json(document, indent=2), flush=True)
        else:
            print(*(f"{line}\n" for line in lines), sep="", end="", flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Unanswered(f"cannot write the answer: {error.strerror}") from error


def as_json(document: Any, indent: int | None = None) -> str:
    """Return a document for scripts; in ASCII alone where standard output can't say everything."""
    encoding = sys.stdout.encoding if sys.stdout else ""  # it may be closed
    return json.dumps(document, indent=indent, ensure_ascii=encoding.lower() != "utf-8")


@contextmanager
def errors(said: Said, code: Exit | None = None) -> Iterator[None]:
    """Turn an error into its line and exit code; ``code`` where the command has one for all of them."""
    try:
        yield
    except (typer.Exit, BrokenPipeError):
        raise
    except (Exception, Stopped) as error:  # the outermost line
        if said.verbose:
            raise
        expected = Exit.FAILED if isinstance(error, Unanswered) else code_of(error)
        line = str(error) if expected else log_unexpected(error, said.settings.state)
        print(leveled(line, Level.ERROR, sys.stderr), file=sys.stderr)
        if said.output is Output.JSON:
            print(as_json({"error": line}))
        raise typer.Exit(code or expected or Exit.FAILED) from error
