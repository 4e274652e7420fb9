"""News reach a real HTTP server, are tried again, and tell nobody the secrets of their address."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from gitops.merged import settings
from gitops.service.courier import Courier, courier_of
from gitops.service.news import News
from runtime.records import Run

FAILED = Run(2, "s", "b" * 40, "Ada", "Break", "apply", 0.0, 60.0, "Failed", "it crashes")


class _Inbox(BaseHTTPRequestHandler):
    codes: ClassVar[list[int]]
    heard: ClassVar[list[tuple[str, Mapping[str, str], Any]]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(self.codes.pop(0) if self.codes else 200)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def inbox(*codes: int) -> Iterator[tuple[str, list[tuple[str, Mapping[str, str], Any]]]]:
    """Listen for news; answer with these codes first, and then with 200."""
    heard: list[tuple[str, Mapping[str, str], Any]] = []
    with HTTPServer(
        ("127.0.0.1", 0), type("Inbox", (_Inbox,), {"codes": [*codes], "heard": heard})
    ) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", heard
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def complaints() -> list[str]:
    return []


def courier(directory: Path, text: str, complaints: list[str]) -> Courier:
    """Return the courier of a configuration."""
    file = directory / "sloop.yaml"
    file.write_text(f"node: mast\nsources: [{{name: shop, url: /srv/shop}}]\nnotifications:\n{text}")
    made = courier_of(settings(file, {}, {}), complaints.append)
    made.tries = (0.0, 0.0, 0.0)
    return made


def told(courier: Courier, source: str = "shop") -> None:
    """Let a commit fail, and wait until that is told."""
    courier.ended(source, FAILED, [])
    courier.finish()


def test_a_failure_reaches_who_wants_it_with_the_token_and_is_tried_again(
    tmp_path: Path, complaints: list[str]
) -> None:
    with inbox(500) as (url, heard):
        (tmp_path / "slack").write_text(f"{url}/hook?key=s3cr3t\n")
        (tmp_path / "token").write_text("t0k3n\n")
        there = courier(tmp_path, "- {urlFile: slack, tokenFile: token, events: [failed]}\n", complaints)
        told(there)

    assert [path for path, *_ in heard] == ["/hook?key=s3cr3t"] * 2
    assert heard[1][1]["Authorization"] == "Bearer t0k3n"
    assert heard[1][2]["text"] == "shop failed on mast at bbbbbbb Ada: Break\nit crashes"
    assert complaints == []


def test_what_nobody_wants_is_not_told(tmp_path: Path, complaints: list[str]) -> None:
    with inbox() as (url, heard):
        recovered = courier(tmp_path, f"- {{url: '{url}', events: [recovered]}}\n", complaints)
        told(recovered)
        told(courier(tmp_path, f"- {{url: '{url}', sources: [shop]}}\n", complaints), "blog")
        recovered.carry(News("recovered", "shop", "mast", FAILED))
        recovered.finish()

    assert [body["event"] for _, _, body in heard] == ["recovered"]


def test_what_cannot_be_delivered_is_told_without_the_secrets_of_the_address(
    tmp_path: Path, complaints: list[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with inbox(302, 404, 403) as (url, heard):
        told(courier(tmp_path, f"- {{url: '{url}/s3cr3t?key=s3cr3t'}}\n", complaints))
        told(courier(tmp_path, f"- {{url: 'http://user:s3cr3t@127.0.0.1:{port}/s3cr3t'}}\n", complaints))
        told(courier(tmp_path, "- {urlFile: nowhere}\n", complaints))

    assert len(heard) == 3
    assert [one.rpartition("on mast: ")[2] for one in complaints] == [
        "127.0.0.1 answered 403 Forbidden",
        "127.0.0.1: ConnectionRefusedError: Connection refused",
        "the address: FileNotFoundError: No such file or directory",
    ]
    assert "s3cr3t" not in "".join(complaints)
