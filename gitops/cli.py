"""The command line: where it begins, and what is left to say when it ends badly."""

import gc
import json
import os
import sys

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
]

RARELY = 1_000_000  # objects more than before: what a command loads stays until it ends, and little is litter
JSON = frozenset({"json", "-ojson", "--output=json"})


def main() -> None:
    """Run the command line; a reader that has gone away ends it quietly."""
    gc.set_threshold(RARELY)
    try:
        app()
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
