"""Puts one probe's question to a pod, from inside its network, and says what came of it."""

import asyncio
import ipaddress
import os
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from runtime.engine import EngineError
from runtime.probe_grpc import ask_grpc
from runtime.probe_http import LONGEST, Garbled, Streams, ask_http
from runtime.probe_results import Answer
from runtime.probe_sockets import Place, Sockets, Vanished
from runtime.probes import Exec, Grpc, Http, Kind, Probe, Tcp, Unclear

if TYPE_CHECKING:
    from ssl import SSLContext

AT_ONCE = 128  # questions over the network: more would be late for each other, fewer wait for silent pods
COMMANDS_AT_ONCE = 4  # each costs Podman about 0.2 s of CPU (decision 14)
LATE = 0.5  # seconds; a time-out that we noticed so late may be our own fault
LOCALHOST = "127.0.0.1"

Run = Callable[[str, Sequence[str], float], int]


class Hindered(Exception):
    """This machine doesn't let us ask, which is no fault of the pod."""


class Asker:
    """Asks; belongs to one event loop.  ``run`` runs a command in a pod and returns its exit code.

    It is called from threads, with the pod's name, the command, and the seconds that it may take; it
    raises TimeoutError when they are over, and EngineError when Podman can't run it at all.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._sockets = Sockets(privileged=os.geteuid() == 0)
        self._network = asyncio.Semaphore(AT_ONCE)
        self._commands = asyncio.Semaphore(COMMANDS_AT_ONCE)
        self._threads = ThreadPoolExecutor(COMMANDS_AT_ONCE, "probe")

    def close(self) -> None:
        """Let go of threads and processes; waits for the commands that are under way."""
        self._threads.shutdown(cancel_futures=True)
        self._sockets.close()

    async def ask(self, place: Place, probe: Probe) -> Answer:
        """Return the answer; whatever goes wrong is one."""
        match probe.question:
            case Unclear(words):
                return Answer(False, words)
            case Exec(command):
                async with self._commands:
                    return await self._command(place, command, probe.timeout)
        async with self._network:
            return await self._in_time(place, probe)

    async def _command(self, place: Place, command: Sequence[str], timeout: float) -> Answer:
        loop = asyncio.get_running_loop()
        shown = command[0] if command else ""
        try:
            code = await loop.run_in_executor(self._threads, self._run, place.name, command, timeout)
        except TimeoutError:
            return Answer(False, f'command "{shown}" timed out after {timeout:g}s')
        except EngineError as error:
            return Answer(None, str(error))
        return Answer(code == 0, "" if code == 0 else f'command "{shown}" exited with {code}')

    async def _in_time(self, place: Place, probe: Probe) -> Answer:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            async with asyncio.timeout(probe.timeout):
                return await self._over_network(place, probe.question)
        except TimeoutError:
            late = loop.time() - begun > probe.timeout + LATE
            return Answer(None if late else False, f"{_asked(probe)}: no answer within {probe.timeout:g}s")
        except Vanished:
            fault = probe.kind is Kind.READINESS  # whether it starts again is for its restart policy
            return Answer(False if fault else None, "its process has ended")
        except Hindered as error:
            return Answer(None, f"cannot ask: {error}")
        except (
            Garbled,
            OSError,
            EOFError,
            ValueError,
            OverflowError,
        ) as error:  # a pod may say whatever it likes
            return Answer(False, f"{_asked(probe)}: {_reason(error)}")

    async def _over_network(self, place: Place, question: Http | Tcp | Grpc | Exec | Unclear) -> Answer:
        match question:
            case Http():
                return await ask_http(question, lambda one: self._dial_http(place, one))
            case Grpc(port):
                line, host = await self._connect(place, "", port)
                reader, writer = await asyncio.open_connection(sock=line)
                try:
                    return await ask_grpc(question, reader, writer, host)
                finally:
                    writer.transport.abort()
            case Tcp(port, host):
                line, _ = await self._connect(place, host, port)
                line.close()
        return Answer(True)

    async def _dial_http(self, place: Place, question: Http) -> tuple[Streams, str]:
        line, host = await self._connect(place, question.host, question.port)
        tls = self._unverified if question.secure else None
        name = "" if question.secure else None  # no name is verified, and an address is none
        return await asyncio.open_connection(sock=line, limit=LONGEST, ssl=tls, server_hostname=name), host

    async def _connect(self, place: Place, host: str, port: int) -> tuple[socket.socket, str]:
        """Return a connection, and the host that it goes to.

        Where none is given, the pod's own address is asked first, as Kubernetes does; then localhost,
        since a port that is open for the pod alone shall be reached too.
        """
        if host:
            family, address = await _resolved(host)
            line, _ = self._open(place, family)
            return await _connected(line, address, port), f"[{host}]" if ":" in host else host
        line, own = self._open(place, socket.AF_INET)
        try:
            return await _connected(line, own or LOCALHOST, port), own or LOCALHOST
        except ConnectionRefusedError:
            line, _ = self._open(place, socket.AF_INET)
            return await _connected(line, LOCALHOST, port), LOCALHOST

    def _open(self, place: Place, family: int) -> tuple[socket.socket, str]:
        try:
            return self._sockets.open(place, family)
        except OSError as error:
            raise Hindered(_reason(error)) from error

    @cached_property
    def _unverified(self) -> "SSLContext":
        """Settings for TLS with whoever is there: certificates of pods are often their own."""
        import ssl  # 30 ms, and few probes need it

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        return context


async def _connected(line: socket.socket, address: str, port: int) -> socket.socket:
    try:
        await asyncio.get_running_loop().sock_connect(line, (address, port))
    except OSError as error:
        line.close()
        raise OSError(error.errno, os.strerror(error.errno or 0).lower()) from error
    except BaseException:  # out of time, or no port that can be
        line.close()
        raise
    return line


async def _resolved(host: str) -> tuple[int, str]:
    """Return the address that a host has for this machine, as Kubernetes' kubelet asks."""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        loop = asyncio.get_running_loop()
        family, _, _, _, address = (await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM))[0]
        return family, str(address[0])
    return (socket.AF_INET if found.version == 4 else socket.AF_INET6), str(found)


def _asked(probe: Probe) -> str:
    """Return what was asked, in the words of Kubernetes' messages."""
    match probe.question:
        case Http(port, path, host, secure):
            return f'Get "{"https" if secure else "http"}://{host}:{port}{path}"'
        case Tcp(port, host):
            return f"dial tcp {host}:{port}"
        case Grpc(port):
            return f"grpc :{port}"
    return "ask"


def _reason(error: Exception) -> str:
    if isinstance(error, asyncio.IncompleteReadError):
        return "EOF"
    said = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return said.partition(" (_ssl.c:")[0]
