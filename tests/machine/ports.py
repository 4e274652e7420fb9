"""Finds a port of this machine that nobody listens on."""

import socket
from collections.abc import Iterable

FIRST = 8080


def free(candidates: Iterable[int] = range(FIRST, FIRST + 1000), address: str = "127.0.0.1") -> int:
    """Return the first of the candidates that can be listened on, at this address and at all of them."""
    return next(port for port in candidates if is_free(port, address) and is_free(port, ""))


def is_free(port: int, address: str) -> bool:
    """Tell whether nobody listens there; a connection that still dies down is nobody."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
        return True
