"""An image of the HAProxy that is installed on this machine: for where no registry is reached."""

import io
import os
import re
import shutil
import subprocess
import tarfile

from runtime.engine import EngineError

PROGRAM = "usr/local/sbin/haproxy"  # where the official image has it, too
SEARCH = f"{os.defpath}:/usr/local/sbin:/usr/sbin:/sbin"
CHANGES = ("ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",)
INSTALL = "install the package `haproxy` (2.6 or later), or set SLOOP_PROXY_IMAGE to an image that is here"


def program() -> str:
    """Return the path of this machine's HAProxy, "" where it has none."""
    return shutil.which("haproxy", path=SEARCH) or ""


def version() -> str:
    """Return the version of this machine's HAProxy, "" where it has none."""
    found = program()
    said = _output([found, "-v"]) if found else ""
    matched = re.search(r"version (\S+)", said)
    return matched[1] if matched else ""


def archive() -> bytes:
    """Return the root file system of the image as a tar: the program and its libraries, and nothing else.

    Raises EngineError where HAProxy isn't installed.
    """
    found = program()
    if not found:
        raise EngineError(f"there is no HAProxy on this machine: {INSTALL}")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", dereference=True) as tar:
        for folder in ("proxy", "tmp", "etc", "run"):
            tar.addfile(_folder(folder))
        tar.add(found, PROGRAM, filter=_plain)
        for library in libraries(_output(["ldd", found])):
            tar.add(library, library.lstrip("/"), filter=_plain)
    return packed.getvalue()


def libraries(said: str) -> list[str]:
    """Return the paths in what ``ldd`` says, each once: the libraries, and what loads them."""
    return list(dict.fromkeys(re.findall(r"(/\S+) \(0x", said)))


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise EngineError(f"cannot look into this machine's HAProxy: {error}") from error


def _folder(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o755
    return info


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out whose it is and when it was made, so that the same programs give the same image."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mtime = 0
    info.mode = 0o755
    return info
