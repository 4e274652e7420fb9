"""Builds images without a registry: from a folder's Containerfile and the packages it names.

A folder may hold ``debian.txt`` (a Debian package, unpacked with its libraries into ``tree/``)
or ``requirements.txt`` (wheels from PyPI, with hashes, unpacked into ``wheel/``).
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.machine import debian
from tests.machine.engine import PrivateEngine, surroundings
from tests.machine.telling import tell

CACHE = Path(__file__).parents[2] / ".cache" / "images"
EMPTY_FOLDERS = ("data", "etc", "root", "tmp")


def build(engine: PrivateEngine, folder: Path, names: Mapping[str, str]) -> None:
    """Build a folder's image once for each name, with the VERSION that stands beside it.

    Nothing is built that the engine has already from the same content.
    """
    content = digest(folder)
    missing = {name: version for name, version in names.items() if not has(engine, name, content)}
    if missing:
        context = prepared(folder, CACHE / f"{folder.name}-{content}")
        for name, version in missing.items():
            podman(
                engine,
                "build",
                "--layers=false",
                "--quiet",
                "--network=none",
                *stamped(content, version),
                f"--tag={name}",
                context,
            )


def digest(folder: Path) -> str:
    """Return what identifies a folder's content and the way it is prepared, in 12 hexadecimal digits."""
    files = [
        *sorted(path for path in folder.rglob("*") if path.is_file()),
        Path(__file__),
        Path(debian.__file__),
    ]
    return hashlib.sha256(
        b"\0".join(path.name.encode() + b"\0" + path.read_bytes() for path in files)
    ).hexdigest()[:12]


def has(engine: PrivateEngine, name: str, content: str) -> bool:
    """Tell whether the engine has an image of that name, made from that content."""
    filters = (f"--filter=label=built-from={content}", f"--filter=reference={name}")
    return bool(podman(engine, "images", "--quiet", *filters).strip())


def stamped(content: str, version: str) -> tuple[str, str]:
    return f"--label=built-from={content}", f"--build-arg=VERSION={version}"


def prepared(folder: Path, context: Path) -> str:
    """Make the build context, whole or not at all; an older one of the folder goes."""
    if not context.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as work:
            fill(folder, Path(work) / "context", Path(work) / "downloads")
            for older in set(CACHE.glob(f"{folder.name}-*")) - {context}:
                shutil.rmtree(older, ignore_errors=True)
            if not context.exists():  # another session may have been quicker
                (Path(work) / "context").rename(context)
    return str(context)


def fill(folder: Path, context: Path, downloads: Path) -> None:
    """Copy the folder and unpack beside it what its lists name."""
    shutil.copytree(folder, context)
    if (listed := folder / "debian.txt").exists():
        tell(f"unpacking {listed.read_text().strip()} for the image {folder.name}")
        debian.unpack(listed.read_text().strip(), context / "tree", downloads)
        finish(context / "tree")
    if (listed := folder / "requirements.txt").exists():
        tell(f"unpacking {listed.read_text().split()[0]} for the image {folder.name}")
        into = [
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
            f"--target={context / 'wheel'}",
        ]
        subprocess.run(
            [sys.executable, "-m", "pip", "install", *into, "--requirement", str(listed)], check=True
        )


def finish(tree: Path) -> None:
    """Add what a program expects of a system: users, folders, the names of busybox's tools."""
    for name in EMPTY_FOLDERS:
        (tree / name).mkdir(exist_ok=True)
    (tree / "tmp").chmod(0o1777)
    (tree / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
    )
    (tree / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
    busybox = tree / "bin/busybox"
    if busybox.exists():
        for tool in subprocess.run(
            [busybox, "--list"], capture_output=True, text=True, check=True
        ).stdout.split():
            link = tree / "bin" / tool
            if not link.exists():
                link.symlink_to("busybox")


def podman(engine: PrivateEngine, *arguments: str) -> str:
    """Run a podman command through the engine's socket and return what it prints."""
    command = ["podman", "--url", engine.url, *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=surroundings(engine),
        check=False,
    )
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
