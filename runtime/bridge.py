"""Holds a bridge to the address that it has; as a process of its own, in a network that isn't ours.

It runs by itself, without the rest of sloop: standard library only.
"""

import errno
import fcntl
import socket
import struct
import sys
from collections.abc import Iterable

GET_ADDRESS, SET_ADDRESS = 0x8927, 0x8924  # SIOCGIFHWADDR, SIOCSIFHWADDR of linux/sockios.h
REQUEST = "16s24x"  # struct ifreq: the name, and room for what is answered
LONGEST = 15  # bytes of an interface's name


def hold(bridges: Iterable[str]) -> bool:
    """Give each bridge its own address for good; say whether all are there.

    Linux gives a bridge the lowest address of its ports until somebody gives it one: so it changes as pods
    come and go, and their neighbours send into the void until they notice.  Netavark does this itself since
    1.9; with Podman 4.3 comes 1.4.  Where it isn't allowed the bridge stays as it is.
    """
    return all([_held(one) for one in bridges])  # noqa: C419 (none is left out)


def _held(bridge: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            found = fcntl.ioctl(any_socket, GET_ADDRESS, struct.pack(REQUEST, bridge.encode()[:LONGEST]))
            fcntl.ioctl(any_socket, SET_ADDRESS, found)
        except OSError as error:
            return error.errno != errno.ENODEV
    return True


if __name__ == "__main__":
    hold(sys.argv[1:])
