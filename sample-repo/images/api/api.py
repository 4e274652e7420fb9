"""The shop's API: the catalogue from a file, the orders in Redis; the standard library does it all.

GET  /api/catalogue      what there is, how often each was ordered, and which pod answers
POST /api/orders/NAME    orders one
"""

import json
import os
import signal
import socket
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 8000
CATALOGUE = Path("/etc/shop/catalogue.json")
STORE = (os.environ["STORE_HOST"], 6379)


class StoreError(Exception):
    """Redis can't be reached, or refused."""


def ask_store(*commands: tuple[str, ...]) -> list[str]:
    """Send commands to Redis after logging in; return one answer for each."""
    login = ("AUTH", os.environ["STORE_PASSWORD"])
    try:
        with socket.create_connection(STORE, timeout=2) as connection, connection.makefile("rwb") as stream:
            for command in (login, *commands):
                stream.write(encode(command))
            stream.flush()
            return [read_answer(stream) for _ in (login, *commands)][1:]
    except OSError as error:
        raise StoreError(f"the store does not answer: {error}") from error


def encode(command: tuple[str, ...]) -> bytes:
    """Write a command as Redis' protocol has it: the number of words, then each after its length."""
    words = [word.encode() for word in command]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def read_answer(stream) -> str:
    """Read one simple answer: a line, a number, or a text after its length."""
    line = stream.readline().rstrip().decode()
    kind, rest = line[:1], line[1:]
    if kind == "-" or not kind:
        raise StoreError(f"the store refused: {rest or 'connection closed'}")
    if kind == "$":
        return "" if rest == "-1" else stream.read(int(rest) + 2)[:-2].decode()
    return rest


def catalogue() -> dict:
    """Return the goods with the number of orders so far."""
    goods = json.loads(CATALOGUE.read_text())
    counts = ask_store(*(("GET", f"orders:{good['name']}") for good in goods))
    ordered = [{**good, "orders": int(count or 0)} for good, count in zip(goods, counts, strict=True)]
    return {"goods": ordered, "answered_by": os.environ.get("POD_NAME", socket.gethostname())}


def order(name: str) -> dict:
    """Count one order; what is not in the catalogue can't be ordered."""
    if name not in {good["name"] for good in json.loads(CATALOGUE.read_text())}:
        raise KeyError(name)
    [count] = ask_store(("INCR", f"orders:{name}"))
    return {"name": name, "orders": int(count)}


class Api(BaseHTTPRequestHandler):
    """Answers requests with JSON."""

    def do_GET(self) -> None:
        """Show the catalogue."""
        self.answer(catalogue if self.path == "/api/catalogue" else self.unknown)

    def do_POST(self) -> None:
        """Take an order."""
        start, _, name = self.path.rpartition("/")
        self.answer((lambda: order(name)) if start == "/api/orders" else self.unknown)

    def unknown(self) -> dict:
        """Refuse a path that nothing stands behind."""
        raise KeyError(self.path)

    def answer(self, make) -> None:
        """Send what ``make`` returns, or what went wrong."""
        try:
            status, body = HTTPStatus.OK, make()
        except KeyError as error:
            status, body = HTTPStatus.NOT_FOUND, {"error": f"there is no {error.args[0]}"}
        except StoreError as error:
            status, body = HTTPStatus.SERVICE_UNAVAILABLE, {"error": str(error)}
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # process 1 of a container has no default
    ThreadingHTTPServer(("", PORT), Api).serve_forever()
