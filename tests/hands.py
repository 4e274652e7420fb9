"""Hands that meddle with a machine in memory, as the lines of a scenario's ``hands.txt`` say."""

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path

from gitops.request import Request
from runtime.engine import EngineError
from runtime.records import Note
from runtime.resources import Container, Network, Owner, Pod, Port, Volume
from schemas.quantity import parse
from tests.host import Host

NOBODY = Owner("Pod", "somebody", "else")


@dataclass
class Meddling:
    """What was done to a machine, and what the next command is asked for."""

    host: Host
    request: Request = field(default_factory=Request)

    def stop(self, pattern: str) -> None:
        self._each(self.host.engine.stop, pattern)

    def pause(self, pattern: str) -> None:
        self._each(self.host.engine.pause, pattern)

    def remove(self, pattern: str) -> None:
        self._each(self.host.engine.remove, pattern)

    def rename(self, pattern: str, name: str) -> None:
        self._each(lambda pod: self.host.engine.rename(pod, name), pattern)

    def disconnect(self, pattern: str, network: str) -> None:
        self._each(lambda pod: self.host.engine.disconnect(pod, network), pattern)

    def kill(self, pattern: str, code: str, restarts: str = "3") -> None:
        self._each(lambda pod: self.host.engine.kill(pod, int(code), restarts=int(restarts)), pattern)

    def oom(self, pattern: str) -> None:
        self._each(lambda pod: self.host.engine.kill(pod, 137, restarts=3, out_of_memory=True), pattern)

    def crash(self, image: str, code: str) -> None:
        self.host.crashing[image] = int(code)

    def hush(self) -> None:
        """Let nobody answer names any more."""
        self.host.engine.hush()

    def prune(self) -> None:
        self.host.engine.prune()

    def end(self, image: str, *codes: str) -> None:
        """Let an image's pods end as soon as they run, with one code after the other."""
        self.host.ending[image] = [int(code) for code in codes]

    def unready(self, image: str) -> None:
        self.host.unready.add(image)

    def silent(self, image: str) -> None:
        """Let no proxy find an image's pods up."""
        self.host.engine.silent.add(image)

    def fill(self, pattern: str, size: str) -> None:
        """Let programs have written so much into the volumes that fit a pattern."""
        names = [one.name for one in self.host.engine.look().volumes if fnmatch(one.name, pattern)]
        self.host.engine.weights.update(dict.fromkeys(names, parse(size).bytes))

    def unwell(self, pattern: str) -> None:
        """Let a probe of liveness fail until the pod is started again."""
        self._each(self.host.unwell.add, pattern)

    def remove_network(self, name: str) -> None:
        self.host.engine.remove_network(name)

    def remove_secrets(self) -> None:
        for name in self.host.engine.look().secrets:
            self.host.engine.remove_secret(name)

    def container(self, name: str, network: str = "podman", port: str = "") -> None:
        """Make a container that isn't sloop's."""
        containers = (Container("main", "localhost/app:4"),)
        ports = (Port(80, int(port)),) if port else ()
        self.host.engine.create_pod(Pod(name, NOBODY, {}, "", network, containers, ports=ports))

    def network(self, name: str, subnet: str) -> None:
        """Make a network that isn't sloop's."""
        self.host.engine.create_network(Network(name, {}, subnet))

    def volume(self, name: str) -> None:
        """Make a volume that isn't sloop's."""
        self.host.engine.create_volume(Volume(name, {}))

    def spoil(self, pattern: str) -> None:
        """Change the content of a volume of files."""
        volumes = self.host.engine._volumes
        volumes |= {
            name: replace(one, content="spoilt") for name, one in volumes.items() if fnmatch(name, pattern)
        }

    def fail(self, method: str, pattern: str, message: str = "no space left on device") -> None:
        """Let the engine refuse something from now on."""
        before = self.host.engine.fail

        def refuse(asked: str, name: str) -> None:
            before(asked, name)
            if asked == method and fnmatch(name, pattern):
                raise EngineError(f"cannot {method} {name}: {message}")

        self.host.engine.fail = refuse

    def forget(self) -> None:
        """Lose the ledger."""
        self.host.forget()

    def ask(self, word: str, owner: str) -> None:
        """Leave a note of an object, as `sloop restart` and `sloop rollout pause` do; time goes on."""
        note = Note(self.host.clock.now)
        self.host.ledger.note(self.host.source.id, word, {Owner.parse(owner): note})
        self.host.clock.now += 1

    def keep(self) -> None:
        """Say `prune: false`."""
        self.host.options = replace(self.host.options, prune=False)

    def adopt(self, name: str) -> None:
        self.request = replace(self.request, adopting=self.request.adopting | {name})

    def allow_empty(self) -> None:
        self.request = replace(self.request, allow_empty=True)

    def _each(self, act: Callable[[str], None], pattern: str) -> None:
        for name in self.host.pods(pattern):
            act(name)


def meddle(host: Host, file: Path) -> Request:
    """Do what a file says, line by line; return what the next command is asked for."""
    meddling = Meddling(host)
    for line in _lines(file):
        verb, *arguments = shlex.split(line)
        getattr(meddling, verb.replace("-", "_"))(*arguments)
    return meddling.request


def _lines(file: Path) -> Iterable[str]:
    return filter(None, file.read_text().splitlines()) if file.exists() else ()
