"""Installs what the demo and the tests need from the distribution's packages, or says what to do."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.machine.telling import tell

PODMAN = {
    "podman": "runs the containers",
    "conmon": "watches over each container",
    "runc": "starts containers where cgroup v1 is left",
    "crun": "starts containers, faster, where cgroup v2 is complete",
    "netavark": "connects containers",
    "aardvark-dns": "resolves their names",
    "iptables": "publishes their ports",
    "nftables": "publishes their ports (netavark 1.10 and later)",
    "iproute2": "wakes the loopback of the tests' own network",
    "catatonit": "holds a pod's network",
    "haproxy": "leads to the pods of a Service",
    "gpg": "tells whose signature a commit has",
    "gpg-agent": "signs commits in tests",
    "openssh-client": "makes keys, and reads repositories over ssh",
    "kubernetes-client": "renders kustomizations for the tests",
    "pebble": "issues certificates to the tests",
    "wrk": "puts load on Services in the benchmarks",
}
ROOTLESS = {
    "uidmap": "maps user ids without root",
    "slirp4netns": "reaches the network without root",
    "fuse-overlayfs": "stacks file systems where the kernel needs root for it",
}
ROOTLESS_PODMAN_5 = {"passt": "reaches the network without root, as Podman 5 does it"}
ELSEWHERE = {"kubernetes-client": "kubectl"}  # programs that other packages have as well, and refuse to share
OLDEST_PODMAN = (4, 3)


class MachineError(Exception):
    """This machine can't be set up; the message says why, and what to do about it."""


def advice(system: str, os_release: Mapping[str, str]) -> str | None:
    """Return what to install by hand on this system; None where apt can do it."""
    families = {os_release.get("ID", ""), *os_release.get("ID_LIKE", "").split()}
    if system == "Darwin":
        return (
            "sloop needs Linux: install Lima (brew install lima), then: limactl start template://debian,\n"
            "limactl shell debian, and run make there (Homebrew's podman is remote, which sloop refuses)"
        )
    if families & {"debian", "ubuntu"}:
        return None
    if "fedora" in families:
        return (
            "make sets up Debian and Ubuntu only. To use sloop here: dnf install podman git python3, then\n"
            "pip install . ; to run the demo and the tests: make in a clone on Debian 12, 13 or Ubuntu 24.04"
        )
    name = os_release.get("PRETTY_NAME", system)
    return (
        f"make installs packages on Debian and Ubuntu only, and this is {name}. To use sloop here, install\n"
        "Podman 4.3 or later with netavark and aardvark-dns, git and Python 3.11, then: pip install ."
    )


def parse_os_release(text: str) -> dict[str, str]:
    """Read the format of /etc/os-release; see os-release(5)."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {key: value.strip("\"'") for key, _, value in pairs}


def wanted(part: str, *, root: bool) -> dict[str, str]:
    """Return the packages of a part, each with what it is for."""
    match part:
        case "python":
            return missing_python()
        case "podman":
            return PODMAN if root else PODMAN | ROOTLESS
        case "rootless":
            return ROOTLESS
        case _:
            raise ValueError(part)


def missing_python() -> dict[str, str]:
    """Name the package that completes this Python; Debian splits venv off."""
    complete = subprocess.run(
        [sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False
    )
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {} if complete.returncode == 0 else {f"python{version}-venv": "makes the virtual environment"}


def installed(names: Iterable[str]) -> set[str]:
    """Return those packages that dpkg has on this machine."""
    query = ["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package}\n", *names]
    lines = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    return {line.split()[1] for line in lines if line.startswith("installed ")}


def there() -> set[str]:
    """Return those packages whose program is on this machine, wherever it comes from."""
    return {name for name, program in ELSEWHERE.items() if shutil.which(program)}


def available(names: Iterable[str]) -> set[str]:
    """Return those packages that apt could install as its lists stand."""
    policy = subprocess.run(
        ["apt-cache", "policy", *names],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"LC_ALL": "C"},
    ).stdout
    blocks = policy.replace("\n ", " ").splitlines()
    return {block.partition(":")[0] for block in blocks if "Candidate: (none)" not in block}


def install(packages: Mapping[str, str]) -> None:
    """Install what is missing of these packages, saying what and why; nothing missing, nothing done."""
    missing = set(packages) - installed(packages) - there()
    if not missing:
        return
    if not missing <= available(missing):
        apt("update", "--quiet=2")
    found = sorted(missing & available(missing))
    if lost := missing - set(found):
        raise MachineError(
            f"apt knows no {', '.join(sorted(lost))}: is this Debian 12, Ubuntu 24.04 or later?"
        )
    if found:
        tell("installing " + ", ".join(f"{name} ({packages[name]})" for name in found))
        apt("install", "--yes", "--quiet=2", "--no-install-recommends", *found)


def apt(*arguments: str) -> None:
    """Run apt-get as root, by sudo where we are somebody else."""
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments]
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive"]
    if os.geteuid() != 0 and not shutil.which("sudo"):
        raise MachineError(f"there is no sudo here; as root, run: {' '.join(command)}")
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    done = subprocess.run(
        [*prefix, *quiet, *command], stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False
    )
    if done.returncode:
        raise MachineError(f"apt-get failed; see above, mend it, and run make again: {' '.join(command)}")


def podman_version() -> tuple[int, int]:
    """Return Podman's version; refuse one that is older than sloop supports."""
    version = subprocess.run(
        ["podman", "--version"], capture_output=True, text=True, check=True
    ).stdout.split()[-1]
    major, minor = (int(part) for part in version.split(".")[:2])
    if (major, minor) < OLDEST_PODMAN:
        raise MachineError(
            f"Podman {version} is too old, sloop needs 4.3: upgrade to Debian 12 or Ubuntu 24.04"
        )
    return major, minor


def set_up(part: str) -> None:
    """Bring one part of this machine to where make can go on: python, podman, or rootless beside root's."""
    release = Path("/etc/os-release")
    told = advice(os.uname().sysname, parse_os_release(release.read_text()) if release.exists() else {})
    if told:
        raise MachineError(told)
    root = os.geteuid() == 0
    install(wanted(part, root=root))
    if part != "python" and podman_version() >= (5, 0) and (part == "rootless" or not root):
        install(ROOTLESS_PODMAN_5)


def main() -> int:
    """Set up the parts that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=["python", "podman", "rootless"], nargs="+")
    try:
        for part in parser.parse_args().part:
            set_up(part)
    except MachineError as error:
        tell(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
