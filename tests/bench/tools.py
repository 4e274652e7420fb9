"""Where the peers come from: fetched once, into .cache/bench; a benchmark needs no other network."""

import hashlib
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

PLACE = Path(__file__).parents[2] / ".cache" / "bench"
PODMAN_COMPOSE = "podman-compose==1.6.0"
DEBIAN = "https://deb.debian.org/debian/pool/main/d/docker-compose/docker-compose_2.26.1-4_amd64.deb"
DEBIAN_SHA256 = "47681197cb2b1ab88206b42a1a92fc75f50d9530a6322d03494a473eed0408ea"


def docker_compose() -> str:
    """Return Debian 13's docker compose, as a program by itself."""
    path = PLACE / "docker-compose" / "usr/libexec/docker/cli-plugins/docker-compose"
    if not path.exists():
        package = _fetched(DEBIAN, DEBIAN_SHA256)
        subprocess.run(["dpkg-deb", "--extract", package, PLACE / "docker-compose"], check=True)
    return os.fspath(path)


def podman_compose() -> str:
    """Return podman-compose, from PyPI, in an environment of its own."""
    path = PLACE / "podman-compose" / "bin/podman-compose"
    if not path.exists():
        subprocess.run([sys.executable, "-m", "venv", path.parents[1]], check=True)
        pip = [path.parent / "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, PODMAN_COMPOSE], check=True)
    return os.fspath(path)


def _fetched(url: str, sha256: str) -> Path:
    path = PLACE / url.rpartition("/")[2]
    path.parent.mkdir(parents=True, exist_ok=True)
    with urllib.request.urlopen(url) as answer:
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise SystemExit(f"{url} is not what it was")
    path.write_bytes(content)
    return path
