"""A real HAProxy that has been told some Ingresses, and a Service behind it that says what it was asked."""

import http.client
import json
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from reconcilers.ingress_text import Front, files, text
from reconcilers.routing import Given, Routing, routing
from schemas.core import Secret
from schemas.networking import OURS, Ingress
from schemas.service import Service
from tests.machine.acme_server import free_port
from tests.machine.engine import until

PREAMBLE = "global\n    default-path config\nresolvers pods\n    nameserver none 127.0.0.1:1\n"
SERVER = "/usr/sbin/haproxy"


@dataclass(frozen=True)
class Answer:
    """What came back; of what reached the Service, the backend's name, the path and the headers."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def seen(self) -> Any:
        """What the Service was asked."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Asking:
    """Where HAProxy listens."""

    http: int
    https: int

    def get(
        self,
        host: str,
        path: str,
        *,
        secure: bool = False,
        method: str = "GET",
        body: Any = None,
        **more: Any,
    ) -> Answer:
        """Ask for a path of a host."""
        connection = self.secure(host) if secure else http.client.HTTPConnection("127.0.0.1", self.http, 5)
        with closing(connection):
            connection.request(method, path, body, {"Host": host, **more})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())

    def protocol(self, host: str) -> str | None:
        """Return which of HTTP/2 and HTTP/1.1 is agreed upon with a client that speaks both."""
        connection = self.secure(host, "h2", "http/1.1")
        connection.connect()
        agreed = connection.sock.selected_alpn_protocol()
        connection.close()
        return str(agreed)

    def changed(self, host: str, said: bytes) -> bytes:
        """Change to another protocol, as a WebSocket does, say something and return what comes back."""
        head = [f"GET / HTTP/1.1\r\nHost: {host}", "Connection: Upgrade", "Upgrade: websocket"]
        asked = "\r\n".join([*head, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""])
        with socket.create_connection(("127.0.0.1", self.http), 5) as line:
            line.sendall(asked.encode() + said)
            return b"".join(iter(lambda: line.recv(4096), b""))

    def certificate(self, host: str) -> bytes:
        """Return the certificate that is shown for a host, as DER."""
        connection = self.secure(host)
        connection.connect()
        shown = connection.sock.getpeercert(binary_form=True)
        connection.close()
        return bytes(shown or b"")

    def secure(self, host: str, *protocols: str) -> http.client.HTTPSConnection:
        """Return a connection that is to be opened."""
        return Named(host, self.https, protocols)


class Named(http.client.HTTPSConnection):
    """A connection to this machine that asks for another name."""

    def __init__(self, host: str, port: int, protocols: Sequence[str] = ()) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(protocols or ["http/1.1"])
        super().__init__("127.0.0.1", port, timeout=5, context=context)
        self.name, self.how = host, context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self.how.wrap_socket(self.sock, server_hostname=self.name)


class Echo(BaseHTTPRequestHandler):
    """Says what it was asked."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet for each answer

    def do_GET(self) -> None:
        if self.headers.get("Upgrade"):
            self._change()
            return
        said = json.dumps({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}})
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.wfile.write(said.encode())

    def _change(self) -> None:
        """Speak another protocol from now on: give back what comes."""
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", self.headers["Upgrade"])
        self.send_header("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")  # of RFC 6455
        self.end_headers()
        self.wfile.flush()
        self.wfile.write(self.rfile.read(5))
        self.close_connection = True

    do_POST = do_GET  # noqa: N815 (the name is the server's)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def routed(ingresses: Sequence[Ingress], services: Sequence[Service], **more: Any) -> Routing:
    """Return where Ingresses lead, with these Services and Secrets."""
    secrets: Sequence[Secret] = more.pop("secrets", ())
    return routing(
        Given(
            frozenset({OURS}),
            ingresses,
            {(one.metadata.namespace, one.metadata.name): one for one in services},
            {(one.metadata.namespace, one.metadata.name): one for one in secrets},
            **more,
        )
    )


@contextmanager
def told(directory: Path, where: Routing, front: Front | None = None) -> Iterator[Asking]:
    """Let HAProxy run with what it would be told, but that every Service is one here."""
    echo = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=echo.serve_forever, args=(0.01,), daemon=True).start()
    asking = Asking(free_port(), free_port())
    _write(directory, where, front or Front(), asking, echo.server_address[1])
    log = (directory / "log").open("wb")
    running = subprocess.Popen([SERVER, "-db", "-f", str(directory / "haproxy.cfg")], stdout=log, stderr=log)
    try:
        until(lambda: _answers(asking), patience=10)
        assert _answers(asking), (directory / "log").read_text()
        yield asking
    finally:
        running.kill()
        running.wait()
        echo.shutdown()
        echo.server_close()
        log.close()


def _write(directory: Path, where: Routing, front: Front, asking: Asking, port: int) -> None:
    assert shutil.which(SERVER)
    for file in files(where):
        (directory / file.path).write_bytes(file.content)
    whole = text(where, front).replace("bind :80\n", f"bind 127.0.0.1:{asking.http}\n")
    lines = whole.replace("bind :443 ", f"bind 127.0.0.1:{asking.https} ").splitlines()
    here = f"    http-request set-header Backend %[be_name]\n    server service 127.0.0.1:{port}"
    changed = [here if line.startswith("    server service ") else line for line in lines]
    (directory / "haproxy.cfg").write_text("\n".join([PREAMBLE, *changed, ""]))


def _answers(asking: Asking) -> bool:
    try:
        asking.get("nobody", "/")
    except OSError:
        return False
    return True
