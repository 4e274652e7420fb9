"""What Podman refuses, in sloop's errors: one line, without the wrapping that Go puts around it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from runtime.dataclass import dataclass
from runtime.engine import EngineError, EngineUnreachable, Gone, ImageMissing, NameTaken

TAKEN = (
    "name is already in use",
    "already exists",
    "secret name in use",
    "UNIQUE constraint failed",  # of Podman 5, when renaming
)
NO_IMAGE = ("image not known", "failed to find image")
NOISE = (
    (re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b"), r"\1"),
    (re.compile(r"\\?\""), "'"),
    (re.compile(r"\s+"), " "),
    (re.compile(r"initializing source \S+: |pinging container registry \S+: |Get '[^']*': "), ""),
    (re.compile(r"\. You have to remove that container to be able to reuse that name.*"), ""),
    (
        re.compile(r"updating container config table .*UNIQUE constraint failed.*"),
        "the name is already in use",
    ),
    (
        re.compile(
            r"^(creating container storage|running container create option|(error )?preparing [^:]+): "
        ),
        "",
    ),
    (
        re.compile(r"\b(OCI runtime error|crun|runc|runc create failed|unable to start container process): "),
        "",
    ),
)


CUT_OFF = "unexpected end of JSON input"
WAY_OUT = (
    "a file of Podman's own was cut off while it was written; if it is about secrets, move away"
    " secrets/secrets.json and secrets/filedriver/secretsdata.json, below what `podman info --format"
    " '{{.Store.GraphRoot}}'` says, and restart Podman's service: sloop makes its secrets anew, and the pods"
    " that use them"
)


@dataclass(eq=False)
class Refusal(Exception):
    """Podman's own answer to a request that it didn't carry out."""

    status: int
    cause: str
    message: str

    @property
    def gone(self) -> bool:
        """Whether what was asked about isn't there."""
        return self.status == 404

    @property
    def taken(self) -> bool:
        """Whether something has the name already."""
        return any(phrase in self.message or phrase in self.cause for phrase in TAKEN)

    @property
    def overtaken(self) -> bool:
        """Whether a list broke because something in it went away meanwhile, as Podman 4.3 does it."""
        return self.status == 500 and "no such" in self.cause

    @property
    def reason(self) -> str:
        """Return Podman's message as one readable line."""
        said = plain(self.message or self.cause)
        return f"{said}: {WAY_OUT}" if said.endswith(CUT_OFF) else said


@contextmanager
def asking_podman_to(what: str) -> Iterator[None]:
    """Turn what Podman and its client libraries raise into an EngineError that says what we asked for."""
    try:
        yield
    except Refusal as refusal:
        raise _kind(refusal)(f"cannot {what}: {refusal.reason}") from refusal
    except OSError as error:  # requests' and podman-py's errors are OSErrors
        raise EngineUnreachable(f"cannot {what}: {_trouble(error)}") from error


@contextmanager
def unless_gone() -> Iterator[None]:
    """Let pass that what should be removed isn't there any more."""
    try:
        yield
    except Refusal as refusal:
        if not refusal.gone:
            raise


@contextmanager
def unless_said(phrase: str) -> Iterator[None]:
    """Let pass a refusal that says what was asked for is so already."""
    try:
        yield
    except Refusal as refusal:
        if phrase not in refusal.message:
            raise


def plain(text: str) -> str:
    """Return Podman's text as one line: short ids, no wrapping, nothing said twice."""
    for pattern, replacement in NOISE:
        text = pattern.sub(replacement, text)
    parts = text.strip().split(": ")
    return ": ".join(part for at, part in enumerate(parts) if part not in parts[:at])


def _kind(refusal: Refusal) -> type[EngineError]:
    if refusal.taken:
        return NameTaken
    if any(phrase in refusal.message or phrase in refusal.cause for phrase in NO_IMAGE):
        return ImageMissing
    return Gone if refusal.gone else EngineError


def _trouble(error: BaseException) -> str:
    if "Timeout" in type(error).__name__:  # Python's, or one of requests'
        return "Podman doesn't answer in time"
    while error.__cause__ is not None:
        error = error.__cause__
    return f"the connection to Podman broke ({plain(str(error)) or type(error).__name__})"
