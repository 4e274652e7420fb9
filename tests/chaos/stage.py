"""Where it happens: a repository, a state directory, a Podman with strangers on it, and what is known."""

import shutil
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.chaos.shop import DYED, HOST, PAGE, VOLUMES, Shop
from tests.gitops.repository import Repository
from tests.machine import api, engine, network
from tests.podman.conftest import Podman
from tests.podman.hands import Hands
from tests.podman.manifests import ONE
from tests.podman.program import Program, Said

HEIRLOOM = "what a stranger's volume holds"
RECOVERY = 5.0  # seconds
STEADY = "Deployment/calm/steady"


@dataclass
class Stage:
    """One application on one machine.

    ``past`` are the states that git went through, the newest last.  ``shaken`` says that something happened
    after which every container may have been started again; ``strangers`` are the containers that sloop must
    not touch, and ``steady`` is the one of ours to which nothing should happen, both as they were.
    ``complaints`` are of those who asked the application for something while nothing was to fail.
    """

    program: Program
    past: list[Shop] = field(default_factory=list)
    shaken: bool = False
    strangers: Mapping[str, Any] = field(default_factory=dict)
    steady: str = ""
    complaints: list[str] = field(default_factory=list)

    @classmethod
    def set(cls, podman: Podman, directory: Path) -> "Stage":
        """Clear the machine, put strangers on it, and deploy the application."""
        api.clear(podman.socket)
        shutil.rmtree(directory, ignore_errors=True)
        program = Program(podman, Repository(directory / "site"), directory / "state", warmed=True)
        stage = cls(program)
        stage.invite_strangers()
        stage.commit()
        said = program.run("apply")
        assert said.code == 0, said
        stage.mark_volumes()
        stage.look()
        return stage

    def begin_again(self) -> None:
        """Go back to the application as it is at first, and forget what has happened."""
        self.mend()
        self.commit(**asdict(Shop()))
        said = self.program.run("apply")
        assert said.code == 0, said
        self.past, self.shaken, self.complaints = [Shop()], False, []
        self.noted(DYED).write_text(f"{self.shop.color}\n")
        shutil.rmtree(self.program.state.with_name("other-state"), ignore_errors=True)
        self.look()

    def look(self) -> None:
        """Remember what must stay as it is."""
        self.strangers, self.steady = self.seen_strangers(), self.seen_steady()

    @property
    def shop(self) -> Shop:
        """The application as git says it now."""
        return self.past[-1] if self.past else Shop()

    @property
    def hands(self) -> Hands:
        """What a person does with the podman command."""
        return Hands(self.program.podman)

    def commit(self, **change: Any) -> None:
        """Commit the application with something changed, and nothing wrong unless that is the change."""
        made = replace(self.shop, **{"bad": "", **change})
        if self.past and made == self.shop:
            return  # what would be taken back is what changed last
        self.program.commit(f"Change {len(self.past)}", *made.objects)
        self.past.append(made)

    def take_back(self) -> None:
        """Roll back the last commit, which applies what was before."""
        if len(self.past) > 1 and self.program.run("rollback", "--timeout", "5s").code != 2:
            self.past.append(self.past[-2])

    def mend(self) -> Said:
        """Leave nothing bad in git, and apply."""
        if self.shop.bad:
            self.commit()
        return self.program.run("apply")

    def invite_strangers(self) -> None:
        """Put a container, a network and a volume on the machine that are nobody's business."""
        container = {
            "name": "stranger",
            "image": ONE,
            "command": ["sleep", "100000"],
            "Networks": {"alley": {}},
        }
        self._ask("networks/create", {"name": "alley"})
        self._ask("containers/create", {**container, "netns": {"nsmode": "bridge"}})
        self._ask("containers/stranger/start")
        self._ask("volumes/create", {"name": "heirloom"})
        self.inside("heirloom").write_text(HEIRLOOM)

    def _ask(self, change: str, body: Any = None) -> None:
        api.ask(self.program.podman.socket, "POST", f"/{change}", body)

    def mark_volumes(self) -> None:
        """Leave something in each volume that must never be lost."""
        for name in VOLUMES:
            self.inside(name).write_text(name)

    def inside(self, volume: str) -> Path:
        """Return a file of ours in a volume, as this machine sees it."""
        found = api.ask(self.program.podman.socket, "GET", f"/volumes/{volume}/json")
        return Path(found["Mountpoint"]) / "mark"

    def within(self, container: str, file: str) -> str:
        """Return what a container finds in a file, without starting anything in it; "" if it doesn't run.

        One that was there a moment ago may be gone, or have its own name again.
        """
        with suppress(OSError, api.ApiError):
            process = self.program.inspect(container)["State"]["Pid"]
            return Path(f"/proc/{process}/root", file).read_text() if process else ""
        return ""

    def ran(self, job: str) -> list[str]:
        """Return what the runs of a Job wrote down."""
        noted = self.noted(job)
        return noted.read_text().split() if noted.exists() else []

    def noted(self, job: str) -> Path:
        """Return the file in which the runs of a Job write that they ran."""
        return self.inside("default.tally").parent / job

    def note(self, job: str, *words: str) -> None:
        """Write down more runs of a Job than there were."""
        self.noted(job).write_text("".join(f"{word}\n" for word in (*self.ran(job), *words)))

    def answered(self, address: str) -> str:
        """Return the page, or what comes instead once proxies have had the time to find each other again."""
        engine.until(lambda: self.fetched(address) == self.shop.color, patience=RECOVERY)
        return self.fetched(address)

    def is_told(self, pod: str, name: str) -> bool:
        """Say whether a pod that asks for a name is told an address, when names have had time to be there.

        Of addresses of the sixth version Podman's resolver asks the machine's own, which may be out of reach.
        """

        def told() -> bool:
            return "Name:" in self.program.do(pod, "nslookup", "-type=a", name)

        engine.until(told, patience=RECOVERY)
        return told()

    def fetched(self, address: str) -> str:
        """Return the application's page as one gets it who asks at this address, or what comes instead."""
        asked = urllib.request.Request(f"http://{address}{PAGE}", headers={"Host": HOST})
        with network.inside_network(self.program.podman.engine):
            try:
                with urllib.request.urlopen(asked, timeout=2) as page:
                    return str(page.read().decode())
            except OSError as error:
                return f"not at all ({error})"

    def seen_strangers(self) -> Mapping[str, Any]:
        """Return the containers that aren't sloop's, with when they were started."""
        theirs = [one for one in self.program.containers() if "sloop/source" not in (one["Labels"] or {})]
        return {one["Names"][0]: (one["Id"], self.shaken or one["StartedAt"]) for one in theirs}

    def seen_steady(self) -> str:
        """Return which container the steady workload has, and since when it runs."""
        mine = [one for one in self.program.containers() if one["Labels"].get("sloop/owner") == STEADY]
        return " ".join(f"{one['Id']} {one['StartedAt']}" for one in mine)
