"""An HTTP probe, as Kubernetes' kubelet asks: any answer from 200 to 399 is good."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote, urljoin, urlsplit

from runtime.dataclass import dataclass
from runtime.probe_results import Answer
from runtime.probes import Http

LONGEST = 10 * 1024  # bytes that are read of an answer
MOST_REDIRECTS = 10
USUAL_PORTS = {"http": 80, "https": 443}
PLAIN = "!$%&'()*+,/:;=?@[]"  # what stands in a path and query as it is
REDIRECTS = {301, 302, 303, 307, 308}
SENT = {"User-Agent": "kube-probe/1.33 (sloop)", "Accept": "*/*", "Connection": "close"}

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[Http], Awaitable[tuple[Streams, str]]]


class Garbled(Exception):
    """What came back is no answer to a question over HTTP."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The head of an answer; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]


async def ask_http(question: Http, dial: Dial) -> Answer:
    """Ask, and follow redirects as long as they stay on the same host.

    ``dial`` opens a connection and says to which host.  Raises Garbled, OSError and ValueError.
    """
    for _ in range(MOST_REDIRECTS):
        (reader, writer), host = await dial(question)
        try:
            writer.write(request(question, host))
            reply = await _reply(reader)
        finally:
            writer.transport.abort()
        if (onward := redirected(question, host, reply)) is None:
            return Answer(True) if question.lenient else judged(reply)
        question = onward
    raise Garbled(f"stopped after {MOST_REDIRECTS} redirects")


def request(question: Http, host: str) -> bytes:
    """Return the request; headers that the user gave stand in place of ours."""
    given = {name.lower() for name, _ in question.headers}
    ours = {"Host": _authority(question, host), **SENT}
    headers = [pair for pair in ours.items() if pair[0].lower() not in given]
    lines = [f"GET {_target(question.path)} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in (*headers, *question.headers) if value]
    return "\r\n".join((*lines, "", "")).encode()


def redirected(question: Http, host: str, reply: Reply) -> Http | None:
    """Return what to ask next, None where the answer stands: another host would not be this pod.

    Raises ValueError for a location that can't be read.
    """
    location = reply.headers.get("location")
    if reply.status not in REDIRECTS or not location:
        return None
    there = urlsplit(urljoin(url(question, host), location))
    if there.hostname != host.strip("[]").lower() or there.scheme not in USUAL_PORTS:
        return None
    return replace(
        question,
        port=there.port or USUAL_PORTS[there.scheme],
        path=there._replace(scheme="", netloc="", fragment="").geturl() or "/",
        secure=there.scheme == "https",
    )


def judged(reply: Reply) -> Answer:
    """Return what an answer means."""
    good = HTTPStatus.OK <= reply.status < HTTPStatus.BAD_REQUEST
    return Answer(good, "" if good else f"HTTP probe failed with statuscode: {reply.status}")


def url(question: Http, host: str) -> str:
    """Return what was asked, for people."""
    return f"{_scheme(question)}://{host}:{question.port}{_target(question.path)}"


async def _reply(reader: asyncio.StreamReader) -> Reply:
    """Return the answer's head once its body has come, or as much of it as we read."""
    try:
        reply = read_head(await reader.readuntil(b"\r\n\r\n"))
        while reply.status < HTTPStatus.OK and reply.status != HTTPStatus.SWITCHING_PROTOCOLS:
            reply = read_head(await reader.readuntil(b"\r\n\r\n"))
    except asyncio.IncompleteReadError as error:
        raise Garbled("EOF" if not error.partial else "the answer broke off") from error
    except asyncio.LimitOverrunError as error:
        raise Garbled(f"the answer's head is longer than {LONGEST} bytes") from error
    await _body(reader, reply)
    return reply


async def _body(reader: asyncio.StreamReader, reply: Reply) -> None:
    """Read on to the end, so that the server doesn't see its answer refused."""
    length = reply.headers.get("content-length", "")
    left = min(int(length), LONGEST) if length.isdecimal() else LONGEST
    chunked = reply.headers.get("transfer-encoding", "").lower() == "chunked"
    end = b""
    while left > 0 and not (chunked and end.endswith(b"0\r\n\r\n")):
        if not (part := await reader.read(left)):
            return
        left -= len(part)
        end = (end + part)[-5:]


def read_head(head: bytes) -> Reply:
    """Return the status and headers; raises Garbled."""
    first, *rest = head.decode("latin-1").split("\r\n")
    version, _, status = first.partition(" ")
    if not version.startswith("HTTP/") or not status[:3].isdecimal():
        raise Garbled(f"malformed HTTP response {first[:40]!r}")
    pairs = (line.partition(":") for line in rest if line)
    return Reply(int(status[:3]), {name.strip().lower(): value.strip() for name, _, value in pairs})


def _authority(question: Http, host: str) -> str:
    usual = USUAL_PORTS[_scheme(question)]
    return host if question.port == usual else f"{host}:{question.port}"


def _scheme(question: Http) -> str:
    return "https" if question.secure else "http"


def _target(path: str) -> str:
    return "/" + quote(path.removeprefix("/"), safe=PLAIN)
