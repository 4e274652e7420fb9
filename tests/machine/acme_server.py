"""A real ACME server (pebble) on this machine, for which every name of the world is this machine."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.machine.certificates import certificate
from tests.machine.engine import until


@dataclass(frozen=True)
class AcmeServer:
    """Where it listens; ``trust`` is the file by which its own certificate is trusted."""

    directory: str
    trust: Path


@contextmanager
def acme_server(place: Path, port: int) -> Iterator[AcmeServer]:
    """Let one run that proves hosts at ``port`` of 127.0.0.1."""
    made, listens, names = certificate("localhost"), free_port(), free_port()
    trust, key, settings = place / "trust.pem", place / "key.pem", place / "pebble.json"
    trust.write_text(made.pem)
    key.write_text(made.key)
    settings.write_text(json.dumps({"pebble": _settings(listens, port, trust, key)}))
    dns = [
        *("pebble-challtestsrv", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""),
        *("-dns01", f"127.0.0.1:{names}", "-http01", "", "-https01", "", "-tlsalpn01", ""),
        *("-management", f"127.0.0.1:{free_port()}"),
    ]
    pebble = ["pebble", "-config", str(settings), "-dnsserver", f"127.0.0.1:{names}"]
    fast = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
    with (place / "log").open("wb") as log, _running(dns, log, {}), _running(pebble, log, fast):
        until(lambda: _listens(listens), patience=10)
        assert _listens(listens), (place / "log").read_text()
        yield AcmeServer(f"https://localhost:{listens}/dir", trust)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def _settings(listens: int, port: int, trust: Path, key: Path) -> dict[str, object]:
    return {
        "listenAddress": f"127.0.0.1:{listens}",
        "managementListenAddress": f"127.0.0.1:{free_port()}",
        "certificate": str(trust),
        "privateKey": str(key),
        "httpPort": port,
        "tlsPort": free_port(),
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
    }


@contextmanager
def _running(command: list[str], log: object, more: dict[str, str]) -> Iterator[None]:
    environment = {**os.environ, **more}
    running = subprocess.Popen(command, stdout=log, stderr=log, env=environment)  # type: ignore[call-overload]
    try:
        yield
    finally:
        running.kill()
        running.wait()


def _listens(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0
