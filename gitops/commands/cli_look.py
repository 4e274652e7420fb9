"""The commands that look, and change nothing: status, history, get, describe, events, logs, exec."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from gitops.commands.cli_said import Output, OutputOption, Said, answer, app, as_json, errors, said_of
from gitops.settings import Settings, SettingsError

INTERRUPTED = 130  # as shells have it

Which = Annotated[str, typer.Argument(metavar="KIND/NAME", help="Such as deployment/web or pod/web-1a2b-0.")]
Pods = Annotated[
    str, typer.Argument(metavar="POD|KIND/NAME", help="Such as web-1a2b3c4d5e-0 or deployment/web.")
]
Namespace = Annotated[str | None, typer.Option("-n", "--namespace", help="Its namespace. [default: default]")]
ContainerOption = Annotated[
    str | None, typer.Option("-c", "--container", help="Which container of the pod. [default: the first]")
]


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
    said = said_of(context, output)
    with errors(said):
        from gitops.several import status as look
        from gitops.telling.show import status as lines
        from gitops.telling.which import only

        found, code = look(said.settings)
        document = only(found, which, namespace)
        answer(said, document, lines(document))
    raise typer.Exit(code)


@app.command()
def history(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest first.")] = 20,
    output: OutputOption = None,
) -> None:
    """Show which commits were brought to this machine, and how that ended.

    Example: sloop history --limit 5
    """
    said = said_of(context, output)
    with errors(said):
        from gitops.several import history as runs
        from gitops.telling.show import history as lines

        document = runs(said.settings, limit)
        answer(said, document, lines(document))


@app.command()
def get(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Such as pods, deploy, svc,cm or all.")],
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this one.")] = None,
    namespace: Annotated[
        str | None, typer.Option("-n", "--namespace", help="Which namespace. [default: default]")
    ] = None,
    everywhere: Annotated[bool, typer.Option("-A", "--all-namespaces", help="Every namespace.")] = False,
    output: OutputOption = None,
) -> None:
    """List objects of a kind, in kubectl's columns; pods are those that run here, under Kubernetes' names.

    Example: sloop get pods -n shop
    """
    said = said_of(context, output)
    with looking(said):
        from gitops.several import listed
        from gitops.telling.columns import columns
        from gitops.telling.listing import get as listing
        from gitops.telling.meant import DEFAULT, kinds_meant

        word, _, inside = kind.partition("/")
        kinds, place = kinds_meant(word), None if everywhere else namespace or DEFAULT
        asked = name or inside or None
        document = listed(said.settings, lambda one: listing(one, kinds, asked, place))
        _notices(document)
        if not document["items"]:
            print(f"No resources found{f' in {place} namespace' if place else ''}.", file=sys.stderr)
        tables = columns(document["items"], time.time(), everywhere=everywhere, several=len(kinds) > 1)
        answer(said, document, tables)


@app.command()
def describe(
    context: typer.Context,
    which: Which,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Where KIND and NAME stand apart, as in kubectl.")
    ] = None,
    namespace: Namespace = None,
    output: OutputOption = None,
) -> None:
    """Tell all about one object: what git says, what runs, what happened, how what failed ended.

    Example: sloop describe deployment/web -n shop
    """
    said = said_of(context, output)
    with looking(said):
        from gitops.several import first_that_has
        from gitops.telling.describe import describe as tell
        from gitops.telling.meant import meant
        from gitops.telling.sheet import sheet

        document = first_that_has(
            said.settings, lambda one: tell(one, meant(_joined(which, name), namespace))
        )
        _notices(document)
        answer(said, document, sheet(document))


@app.command()
def events(
    context: typer.Context,
    which: Annotated[str | None, typer.Argument(metavar="[KIND/NAME]", help="Only of this object.")] = None,
    namespace: Annotated[str | None, typer.Option("-n", "--namespace", help="Only this namespace.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the last ones.")] = 50,
    output: OutputOption = None,
) -> None:
    """Tell what has happened, from sloop's ledger; the newest is the last line.

    Example: sloop events deployment/web -n shop --limit 10
    """
    said = said_of(context, output)
    with looking(said):
        from gitops.several import events as happened
        from gitops.telling.meant import meant
        from gitops.telling.show import events as lines

        whose = meant(which, namespace) if which else None
        found = happened(said.settings, whose, None if whose else namespace, limit)
        if not found:
            print("No events found.", file=sys.stderr)
        answer(said, found, lines(found) if found else ())


@app.command()
def logs(
    context: typer.Context,
    which: Pods,
    namespace: Namespace = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on until the last pod ends.")] = False,
    container: ContainerOption = None,
    every: Annotated[bool, typer.Option("--all-containers", help="All containers of each pod.")] = False,
    tail: Annotated[int | None, typer.Option(min=0, help="Only so many last lines of each pod.")] = None,
) -> None:
    """Print what a pod has said, or each pod of an object; earlier runs of a container stand first.

    Example: sloop logs deployment/web -n shop -f --tail 20
    """
    said = said_of(context, None)
    with looking(said):
        from gitops.several import having
        from gitops.telling.logs import logs as spoken
        from gitops.telling.meant import pods_meant

        if every and container:
            raise SettingsError("--all-containers and --container exclude each other")
        if follow and said.output is Output.JSON:
            raise SettingsError(
                "a log that is followed has no end, so there is no JSON of it: leave -o json out"
            )
        whose = pods_meant(which, namespace)
        one = having(said.settings, whose)
        _check(one, whose, container)
        with spoken(one, whose, container, every=every, follow=follow, tail=tail) as (pieces, told):
            _say(told)
            if said.output is Output.JSON:
                print(as_json({"output": b"".join(pieces).decode(errors="replace")}))
                return
            for piece in pieces:
                sys.stdout.buffer.write(piece)
                sys.stdout.buffer.flush()


@app.command("exec")
def execute(
    context: typer.Context,
    which: Pods,
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="What to run, and how.")],
    namespace: Namespace = None,
    container: ContainerOption = None,
    interactive: Annotated[bool, typer.Option("-i", "--stdin", help="Hand standard input on.")] = False,
    terminal: Annotated[bool, typer.Option("-t", "--tty", help="Give it a terminal.")] = False,
) -> None:
    """Run a command in a pod that runs, or in the first one of an object; its exit code is the command's.

    Example: sloop exec deployment/web -n shop -it -- sh
    """
    said = said_of(context, None)
    with looking(said):
        from gitops.enter import become, entrance
        from gitops.several import having
        from gitops.telling.meant import pods_meant

        whose = pods_meant(which, namespace)
        one = having(said.settings, whose)
        _check(one, whose, container)
        flags = [*(["--interactive"] if interactive else []), *(["--tty"] if terminal else [])]
        entered, told = entrance(one, whose, container, flags, command)
        _say(told)
        become(entered)


@app.command("port-forward")
def port_forward(
    context: typer.Context,
    which: Pods,
    ports: Annotated[
        list[str], typer.Argument(metavar="[OWN:]PORT...", help="Such as 8080:80, 80 or :http.")
    ],
    namespace: Namespace = None,
    address: Annotated[str, typer.Option(help="Where to listen on this machine.")] = "127.0.0.1",
) -> None:
    """Lead ports of this machine into a pod, or to the pods of a Service, until it is interrupted.

    Example: sloop port-forward service/web 8080:80 -n shop
    """
    said = said_of(context, None)
    with looking(said):
        from gitops.port_forward import pair
        from gitops.port_forward import port_forward as lead
        from gitops.telling.meant import pods_meant

        pairs = [pair(text) for text in ports]
        lead(
            said.settings, pods_meant(which, namespace), pairs, address, lambda text: print(text, flush=True)
        )


@contextmanager
def looking(said: Said) -> Iterator[None]:
    """Turn an error into a line and its exit code, and Ctrl-C into a quiet end."""
    with errors(said):
        try:
            yield
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _joined(which: str, name: str | None) -> str:
    """Return KIND/NAME, be it written so or as two words."""
    if name and "/" in which:
        raise SettingsError(f"one object at a time: {which}, or {name}")
    return f"{which}/{name}" if name else which


def _check(settings: Settings, whose: Any, container: str | None) -> None:
    if container is not None:
        from gitops.containers import check_container

        check_container(settings, whose, container)


def _say(told: str) -> None:
    if told:
        print(told, file=sys.stderr)


def _notices(document: Any) -> None:
    for notice in document["notices"]:
        print(f"notice: {notice}", file=sys.stderr)
