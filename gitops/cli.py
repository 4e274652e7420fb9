"""The command line: where it begins, and what is left to say when it ends badly."""

import gc
import json
import os
import sys
from collections.abc import Collection
from copy import copy
from io import TextIOWrapper

from typer import Typer
from typer.main import get_command_name
from typer.models import CommandInfo

from gitops.commands import (
    cli_act,
    cli_config,
    cli_jobs,
    cli_look,
    cli_machine,
    cli_push,
    cli_rollout,
    cli_suspend,
)
from gitops.commands.cli_said import app
from gitops.trouble import Exit

# the commands register on the app
__all__ = [
    "app",
    "cli_act",
    "cli_config",
    "cli_jobs",
    "cli_look",
    "cli_machine",
    "cli_push",
    "cli_rollout",
    "cli_suspend",
    "main",
    "named_in",
]

RARELY = 1_000_000  # objects more than before: what a command loads stays until it ends, and little is litter
JSON = frozenset({"json", "-ojson", "--output=json"})


def main() -> None:
    """Run the command line; a reader that has gone away ends it quietly."""
    gc.set_threshold(RARELY)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # what its letters can't say is written as Python would
            stream.reconfigure(errors="backslashreplace")
    try:
        named_in(sys.argv[1:])()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.DONE)
    except SystemExit as ended:
        # A code of ours is an Exit, and its document is printed; typer's own for wrong usage is a plain 2.
        if ended.code == Exit.MISUSED and not isinstance(ended.code, Exit) and JSON.intersection(sys.argv):
            print(json.dumps({"error": "wrong usage: standard error says how"}))
        raise
    finally:
        gc.freeze()  # the process ends: the system takes its memory back more quickly than Python would


def named_in(words: Collection[str]) -> Typer:
    """Return the command line as far as it is named, all of it where nothing is, or help is asked for.

    Typer reads the signature of every command before it runs one, for a millisecond each.
    """
    named = copy(app)
    named.registered_commands = [one for one in app.registered_commands if _name(one) in words]
    groups = [(one, one.typer_instance) for one in app.registered_groups]
    named.registered_groups = [one for one, typer in groups if typer and typer.info.name in words]
    found = named.registered_commands or named.registered_groups
    return named if found and "--help" not in words else app


def _name(command: CommandInfo) -> str:
    return command.name or get_command_name(getattr(command.callback, "__name__", ""))
