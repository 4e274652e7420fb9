"""A gRPC probe: grpc.health.v1.Health/Check, in as much HTTP/2 as one question needs.

Source: RFC 9113 (frames), RFC 7541 (headers; ours are plain literals, theirs are not read),
grpc/doc/PROTOCOL-HTTP2.md and health-checking.md.
"""

import asyncio
from collections.abc import AsyncIterator

from runtime.dataclass import dataclass
from runtime.probe_results import Answer
from runtime.probes import Grpc

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7
ACK = END_STREAM = 0x1
END_HEADERS = 0x4
PADDED = 0x8
STREAM = 1
LONGEST = 16 * 1024  # bytes: the frame size that a peer keeps to unless told otherwise
STATUSES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")
NO_STATUS = "the server gave no health status: it doesn't implement grpc.health.v1.Health, or not for {}"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of HTTP/2."""

    kind: int
    flags: int
    stream: int
    payload: bytes

    def __bytes__(self) -> bytes:
        head = len(self.payload).to_bytes(3) + bytes((self.kind, self.flags)) + self.stream.to_bytes(4)
        return head + self.payload


async def ask_grpc(
    question: Grpc, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str
) -> Answer:
    """Ask on a fresh connection.  Raises OSError and IncompleteReadError."""
    writer.write(request(question, f"{host}:{question.port}"))
    message = b""
    async for frame in _frames(reader):
        if frame.kind in {SETTINGS, PING} and not frame.flags & ACK:
            writer.write(bytes(Frame(frame.kind, ACK, 0, frame.payload if frame.kind == PING else b"")))
        if frame.stream == STREAM and frame.kind == DATA:
            message += _unpadded(frame)
        if (frame.stream == STREAM and _ends(frame)) or frame.kind == GOAWAY:
            break
    return judged(question, message)


def request(question: Grpc, authority: str) -> bytes:
    """Return all that is sent: the preface, empty settings, the headers and the one message."""
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/grpc.health.v1.Health/Check",
        ":authority": authority,
        "te": "trailers",
        "content-type": "application/grpc",
        "user-agent": "kube-probe/1.33 (sloop)",
    }
    service = question.service.encode()
    check = b"\x0a" + _varint(len(service)) + service if service else b""  # field 1: service
    message = b"\0" + len(check).to_bytes(4) + check
    frames = (
        Frame(SETTINGS, 0, 0, b""),
        Frame(HEADERS, END_HEADERS, STREAM, b"".join(_literal(*pair) for pair in headers.items())),
        Frame(DATA, END_STREAM, STREAM, message),
    )
    return PREFACE + b"".join(map(bytes, frames))


def judged(question: Grpc, message: bytes) -> Answer:
    """Return what the answer's message means; none at all is how a server says that it doesn't know."""
    if len(message) < 5 or message[0]:
        name = f"the service {question.service!r}" if question.service else "the server as a whole"
        return Answer(False, NO_STATUS.format(name))
    status = _status(message[5 : 5 + int.from_bytes(message[1:5])])
    if status == "SERVING":
        return Answer(True)
    return Answer(False, f'service unhealthy (responded with "{status}")')


def _status(response: bytes) -> str:
    """Return field 1 of a HealthCheckResponse; a missing one is the first, as protobuf has it."""
    value = response[1] if len(response) >= 2 and response[0] == 0x08 else 0
    return STATUSES[value] if value < len(STATUSES) else str(value)


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[Frame]:
    while True:
        head = await reader.readexactly(9)
        size = int.from_bytes(head[:3])
        if size > LONGEST:
            raise ConnectionResetError("the server doesn't speak HTTP/2")
        payload = await reader.readexactly(size)
        yield Frame(head[3], head[4], int.from_bytes(head[5:9]) & 0x7FFFFFFF, payload)


def _unpadded(frame: Frame) -> bytes:
    return frame.payload[1 : len(frame.payload) - frame.payload[0]] if frame.flags & PADDED else frame.payload


def _ends(frame: Frame) -> bool:
    return frame.kind == RST_STREAM or (frame.kind in {DATA, HEADERS} and bool(frame.flags & END_STREAM))


def _literal(name: str, value: str) -> bytes:
    """Return a header that is written out and enters no table."""
    return b"\0" + _text(name) + _text(value)


def _text(text: str) -> bytes:
    """Return a string with its length in seven bits and more (RFC 7541, 5.1), not compressed."""
    raw = text.encode()
    size = bytes((len(raw),)) if len(raw) < 0x7F else b"\x7f" + _varint(len(raw) - 0x7F)
    return size + raw


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))
