"""Unpacks Debian packages, without installing them, into a tree from which an image is made."""

import os
import subprocess
from pathlib import Path

from tests.machine.packages import apt

MERGED = ("bin", "lib", "lib64", "sbin")
UNREAD = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "var")


def unpack(package: str, tree: Path, downloads: Path) -> None:
    """Unpack a package, its relatives by name, and the libraries they need into ``tree``.

    Programs that only a package's installation scripts need (perl, adduser, dpkg) stay out, so
    what is left is small, and runs from scratch.
    """
    downloads.mkdir(parents=True, exist_ok=True)
    lay_out(tree)
    for archive in download(needed(package), downloads):
        extract(archive, tree)
    remove_unread(tree)


def needed(package: str) -> list[str]:
    """Return the package, its libraries to the last, and relatives such as redis-tools of redis-server."""
    no = [
        f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")
    ]
    graph = output("apt-cache", "depends", "--recurse", *no, package)
    return sorted({line for line in graph.splitlines() if belongs(line, package)})


def belongs(name: str, package: str) -> bool:
    """Tell whether a name of the dependency graph is a library or a relative of ``package``."""
    family = package.partition("-")[0]
    return name.startswith((family, "lib", "zlib")) and "perl" not in name and ":" not in name


def download(names: list[str], directory: Path) -> list[Path]:
    """Fetch packages by apt; if its lists are too old for the mirror, renew them first."""
    command = ["apt-get", "-o", "APT::Sandbox::User=root", "--quiet=2", "download", *names]
    if subprocess.run(command, cwd=directory, capture_output=True, check=False).returncode:
        apt("update", "--quiet=2")
        subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, check=True)
    return sorted(directory.glob("*.deb"))


def lay_out(tree: Path) -> None:
    """Make /bin, /lib and the like links into /usr, as Debian's base system does."""
    for name in MERGED:
        (tree / "usr" / name).mkdir(parents=True)
        (tree / name).symlink_to(f"usr/{name}")


def extract(archive: Path, tree: Path) -> None:
    """Put a package's files into the tree, through the links that are there."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE) as files:
        into = ["tar", "--extract", "--keep-directory-symlink", "--no-same-owner", "--directory", str(tree)]
        subprocess.run(into, stdin=files.stdout, check=True)


def remove_unread(tree: Path) -> None:
    """Drop documentation and the like, which a container has nobody to read."""
    subprocess.run(["rm", "-rf", *(str(tree / path) for path in UNREAD)], check=True)


def output(*command: str) -> str:
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | {"LC_ALL": "C"}
    ).stdout
