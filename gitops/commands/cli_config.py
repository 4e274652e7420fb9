"""The configuration itself: ``sloop config check``."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from gitops.commands.cli_said import OutputOption, answer, app, errors, said_of
from gitops.trouble import Exit

config = typer.Typer(
    name="config",
    no_args_is_help=True,
    help="Look at the configuration of sloop itself.\n\nExample: sloop config check",
)
app.add_typer(config)


@config.command()
def check(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Another one than is used.")] = None,
    output: OutputOption = None,
) -> None:
    """Check the configuration; every problem with file, line and column.

    Example: sloop config check ./sloop.yaml
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.check import check_configuration
        from gitops.merged import usual_file

        document = check_configuration(file or said.config or usual_file())
        answer(said, document, _lines(document))
    raise typer.Exit(Exit.MISUSED if document["problems"] else Exit.DONE)


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    yield from (problem["text"] for problem in document["problems"])
    wrong, names = len(document["problems"]), ", ".join(document["sources"])
    yield f"{document['file']}: " + (f"{wrong} problems" if wrong else f"valid; sources: {names or 'none'}")
