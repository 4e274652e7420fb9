"""The demo: deploys the sample, changes it, breaks it, rolls it back, and leaves it running."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.machine import engine, images, lessons, ports
from tests.machine.api import ApiError
from tests.machine.engine import EngineError, PrivateEngine
from tests.machine.packages import MachineError
from tests.machine.telling import tell

HERE = Path(__file__).parents[2]
PLACE = HERE / ".demo"
SLOOP = HERE / ".venv" / "bin" / "sloop"
CONFIGURATION = PLACE / "sloop.yaml"
PATIENCE = 30.0  # seconds until a page must answer
HTTPS_AFTER = 8443 - 8080  # numbers between the two ports


class DemoError(Exception):
    """The demo did not go as it should; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs: its engine, its repository, and the port of its front page."""

    engine: PrivateEngine
    port: int

    @property
    def url(self) -> str:
        """Return where the front page is."""
        return f"http://127.0.0.1:{self.port}/"


def up() -> None:
    """Show the demo from the first commit to the rollback; if it runs already, only say where."""
    running = found()
    if running is None:
        down()
        running = begin()
        show(running)
    tell_where(running)


def found() -> Demo | None:
    """Return the demo that an earlier call left running, if its page answers."""
    noted = PLACE / "port"
    if not noted.exists():
        return None
    demo = Demo(PrivateEngine(PLACE / "podman"), int(noted.read_text()))
    return demo if "<html" in page(demo, patience=1) else None


def begin() -> Demo:
    """Start an engine with the sample's images in it, and make the repository."""
    from runtime.podman import PodmanEngine
    from runtime.proxies import BUILT

    tell("Starting a Podman of the demo's own, under .demo/, and building the images: there is no registry.")
    PLACE.mkdir()
    started = engine.up(PLACE / "podman")
    for folder in sorted((HERE / "sample-repo" / "images").iterdir()):
        images.build(started, folder, {f"localhost/sample/{folder.name}:1": "1"})
    PodmanEngine(started.url).build(BUILT)
    http = ports.free()
    https = ports.free(range(http + HTTPS_AFTER, http + HTTPS_AFTER + 1000))
    CONFIGURATION.write_text(configuration(PLACE, started.url, http=http, https=https))
    lessons.begin(PLACE / "repo")
    return Demo(started, http)


def configuration(place: Path, podman: str, *, http: int, https: int) -> str:
    """Return sloop's configuration for a demo: its repository, its Podman, and two ports of this machine."""
    said = {
        "repo": str(place / "repo"),
        "path": "deploy",
        "state": str(place / "state"),
        "podman": podman,
        "ingress": {"address": "127.0.0.1", "http": http, "https": https},
    }
    return json.dumps(said, indent=2) + "\n"  # which is YAML, too


def show(demo: Demo) -> None:
    """Go through the history, saying before each step what it shows."""
    say("The first commit holds a shop in two namespaces. What would be made?")
    sloop("diff", expected=(1,))
    say("Make it.")
    sloop("apply")
    expect(demo, "The harbour shop")

    lessons.teach(PLACE / "repo", lessons.GOOD)
    say("A second commit changes the title and asks for a third pod. What would change, and why?")
    sloop("diff", expected=(1,))
    say("Change it: pods are replaced one by one, and the shop stays open.")
    sloop("apply")
    expect(demo, lessons.TITLE)

    lessons.teach(PLACE / "repo", lessons.BAD)
    say("A third commit names an image that nobody has. It must fail, and the shop must stay open.")
    sloop("apply", "--timeout", "30s", expected=(1, 3))
    expect(demo, lessons.TITLE)
    say("What is wrong?")
    sloop("status", expected=(0, 1, 3))

    say("Take the third commit back: by a commit, so that git still says what runs.")
    sloop("rollback")
    expect(demo, lessons.TITLE)
    say("All is well again.")
    sloop("status")
    say("And this is how we came here.")
    sloop("history")


def say(line: str) -> None:
    tell(f"\n# {line}")


def sloop(*arguments: str, expected: Sequence[int] = (0,)) -> None:
    """Run a command as a user would; any exit code but the expected ones ends the demo."""
    tell(f"$ sloop {' '.join(arguments)}")
    command = [str(SLOOP), "--config", str(CONFIGURATION), *arguments]
    plain = {key: text for key, text in os.environ.items() if not key.startswith("SLOOP_")}
    code = subprocess.run(command, stdin=subprocess.DEVNULL, env=plain, check=False).returncode
    if code not in expected:
        wanted = " or ".join(map(str, expected))
        raise DemoError(f"sloop {' '.join(arguments)} ended with exit code {code}, not {wanted}; see {PLACE}")


def expect(demo: Demo, title: str) -> None:
    """Make sure that the shop is open under this title."""
    if f"<h1>{title}</h1>" not in page(demo, patience=PATIENCE, title=title):
        raise DemoError(f'{demo.url} does not answer with "{title}"')


def page(demo: Demo, *, patience: float, title: str = "") -> str:
    """Return the front page, waiting until it has this title; what came last when patience is over."""
    end = time.monotonic() + patience
    text = ""
    while f"<h1>{title}" not in text and time.monotonic() < end:
        try:
            with urllib.request.urlopen(demo.url, timeout=min(patience, 15)) as answer:
                text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
    return text


def tell_where(demo: Demo) -> None:
    """Note the port, and end with the line that says where the demo is."""
    (PLACE / "port").write_text(str(demo.port))
    tell("\nsample-repo/README.md says how to go on; make demo-down removes all of it.")
    sys.stdout.write(f"demo: {demo.url}\n")


def down() -> None:
    """Remove the containers, the engine, the repository and the state."""
    engine.down(PLACE / "podman")
    shutil.rmtree(PLACE, ignore_errors=True)


def main() -> int:
    """Do what the command line names."""
    try:
        {"up": up, "down": down}[sys.argv[1]]()
    except (DemoError, EngineError, ApiError, MachineError, OSError, subprocess.CalledProcessError) as error:
        tell(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
