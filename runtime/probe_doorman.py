"""Makes sockets inside other network namespaces; as a process of its own, for one that may not enter them.

It runs by itself, without the rest of sloop: standard library only.
"""

import ctypes
import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
NS_GET_USERNS = 0xB701  # linux/nsfs.h
IDLE_SECONDS = 600.0
OWN = "/proc/thread-self/ns/net"  # a thread may have a network of its own
LONGEST = 256  # bytes of a message
FAILED = "!"
NOBODY = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}  # RFC 5737, RFC 3849

_libc = ctypes.CDLL(None, use_errno=True)


def open_inside(netns: int, family: int) -> tuple[socket.socket, str]:
    """Return a TCP socket of a network namespace, and the namespace's own address, "" if it has none.

    Only this thread goes there, and comes back; the socket stays.  Raises OSError.
    """
    with _inside(netns):
        return open_here(family)


def open_here(family: int) -> tuple[socket.socket, str]:
    """Return a TCP socket, and the address that this side of a connection would have."""
    address = _own_address(family)
    return socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK), address


def user_namespace(netns: int) -> int:
    """Return a descriptor of the user namespace that a network namespace belongs to."""
    return fcntl.ioctl(netns, NS_GET_USERNS)


def serve(door: socket.socket) -> None:
    """Enter the user namespace of whom is asked for first, then make sockets until nobody asks.

    There is no way back into the machine's own network from there, so it stays where it was last.
    """
    door.settimeout(IDLE_SECONDS)
    entered = False
    while request := _request(door):
        family, netns = request
        try:
            if not entered:
                _enter(user_namespace(netns), CLONE_NEWUSER)
                entered = True
            _enter(netns, CLONE_NEWNET)
            _hand_over(door, *open_here(family))
        except OSError as error:
            door.send(f"{FAILED}{error.errno}".encode())
        os.close(netns)


def ask(door: socket.socket, netns: int, family: int) -> tuple[socket.socket, str]:
    """Have the process behind the door ``open_inside``.  Raises OSError."""
    socket.send_fds(door, [bytes([family])], [netns])
    message, descriptors, _, _ = socket.recv_fds(door, LONGEST, 1)
    said = message.decode()
    if said.startswith(FAILED):
        code = int(said.removeprefix(FAILED))
        raise OSError(code, os.strerror(code))
    if not descriptors:
        raise ConnectionResetError("the process that opens sockets in pods has ended")
    made = socket.socket(fileno=descriptors[0])
    made.setblocking(False)
    return made, said.strip()


def _request(door: socket.socket) -> tuple[int, int] | None:
    try:
        message, descriptors, _, _ = socket.recv_fds(door, LONGEST, 1)
    except TimeoutError:
        return None
    return (message[0], descriptors[0]) if message else None


def _hand_over(door: socket.socket, made: socket.socket, address: str) -> None:
    with made:
        socket.send_fds(door, [address.encode() or b" "], [made.fileno()])


def _own_address(family: int) -> str:
    """Return where packets to elsewhere would come from; none is sent."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((NOBODY[socket.AddressFamily(family)], 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


@contextmanager
def _inside(netns: int) -> Iterator[None]:
    home = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _enter(netns, CLONE_NEWNET)
        try:
            yield
        finally:
            _enter(home, CLONE_NEWNET)
    finally:
        os.close(home)


def _enter(namespace: int, kind: int) -> None:
    if _libc.setns(namespace, kind) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


if __name__ == "__main__":
    with socket.socket(fileno=sys.stdin.fileno()) as door:
        serve(door)
