"""Leads connections of this machine to ports inside of a pod's network, as root and rootless."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence

from runtime.probe_sockets import Place, Sockets, Vanished

PIECE = 65536  # bytes
LOOPBACK = "127.0.0.1"

Find = Callable[[], Place]


def listen(address: str, port: int) -> socket.socket:
    """Take a port of this machine, 0 for any that is free; raises OSError."""
    return socket.create_server((address, port), reuse_port=False)


async def forward(listeners: Mapping[socket.socket, int], find: Find, told: Callable[[str], None]) -> None:
    """Lead what each listener takes to its port in the network of the pod that ``find`` returns.

    The pod is looked for anew with each connection, as it may have been restarted.  ``told`` hears of
    connections that could not be led on.  Goes on until it is cancelled.
    """
    sockets = Sockets(privileged=os.geteuid() == 0)

    def taking(port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await _lead(reader, writer, await _connected(sockets, find(), port))
            except Vanished:
                told("the pod has gone")
            except OSError as error:
                told(f"port {port}: {error.strerror or error}")
            finally:
                writer.close()

        return take

    try:
        servers = [await asyncio.start_server(taking(port), sock=one) for one, port in listeners.items()]
        await asyncio.gather(*(server.serve_forever() for server in servers))
    finally:
        sockets.close()


async def _connected(sockets: Sockets, place: Place, port: int) -> socket.socket:
    """Return a connection inside of the pod's network: to its localhost, else to its own address."""
    failed = OSError(f"nobody listens at {port}")
    for address in (LOOPBACK, ""):
        line, own = sockets.open(place, socket.AF_INET)
        try:
            await asyncio.get_running_loop().sock_connect(line, (address or own, port))
        except OSError as error:
            line.close()
            failed = error
        else:
            return line
    raise failed


async def _lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: socket.socket) -> None:
    there, back = await asyncio.open_connection(sock=line)
    try:
        await asyncio.gather(_pump(reader, back), _pump(there, writer))
    finally:
        back.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Hand on all that comes, and that nothing more does."""
    while piece := await source.read(PIECE):
        sink.write(piece)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()


def addresses(listeners: Sequence[socket.socket]) -> list[str]:
    """Return where listeners listen, as ``127.0.0.1:8080``."""
    return [":".join(map(str, one.getsockname()[:2])) for one in listeners]
