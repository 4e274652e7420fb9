"""The command that starts a CronJob's Job by hand: run-job."""

import sys
from typing import Annotated

import typer

from gitops.commands.cli_act import seconds
from gitops.commands.cli_look import Namespace
from gitops.commands.cli_said import Output, OutputOption, answer, app, errors, said_of
from gitops.trouble import Exit


@app.command("run-job")
def run_job(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="cronjob/NAME", help="Whose Job is to run.")],
    namespace: Namespace = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when it has ended, and tell how.")] = False,
    timeout: Annotated[str, typer.Option(help="How long to wait for its end.")] = "1h",
    output: OutputOption = None,
) -> None:
    """Run a CronJob's Job now, once, beside its schedule; return when it was started.

    With --wait it exits 0 once the Job is complete, 1 if it has failed, 3 if it still runs then.

    Example: sloop run-job cronjob/backup -n shop --wait
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.run_job import run_job as start
        from gitops.telling.meant import meant
        from gitops.telling.teller import teller_for
        from runtime.stop import stoppable

        teller = teller_for(sys.stdout, silent=said.output is Output.JSON)
        with stoppable():
            whose = meant(which, namespace)
            started = start(said.settings, whose, teller, wait=wait, timeout=seconds(timeout))
        answer(said, started.document, [f"job/{started.job.name}: {started.message}"])
    raise typer.Exit(_code(started.state, wait=wait))


def _code(state: str | None, *, wait: bool) -> Exit:
    match state:
        case None | "Failed":
            return Exit.FAILED
        case "Complete":
            return Exit.DONE
        case _:
            return Exit.LATE if wait else Exit.DONE
