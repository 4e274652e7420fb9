"""What the doctor says of logins to registries, asked over TLS of one that knows a single login."""

import base64
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from gitops.doctor.registry import pull_secrets, tried
from gitops.planning.render import render
from tests.machine.certificates import certificate

LOGIN, OTHER = (base64.b64encode(one).decode() for one in (b"ada:secret", b"ada:wrong"))
USER = {"username": "ada", "password": "secret"}


class _Registry(BaseHTTPRequestHandler):
    realm: ClassVar[str]

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == f"Basic {LOGIN}"
        asked = self.path.startswith("/token?service=r") if self.realm else True
        self.send_response(500 if self.path.startswith("/broken") else 200 if known and asked else 401)
        self.send_header(
            "WWW-Authenticate", f'Bearer realm="{self.realm}",service="r"' if self.realm else "Basic"
        )
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def registry(directory: Path, realm: str) -> Iterator[int]:
    """Serve a registry by TLS at localhost; ``realm`` is where tokens are given, a path is its own."""
    made = certificate("localhost")
    (directory / "pem").write_text(made.pem + made.key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "pem")
    handler = type("Registry", (_Registry,), {"realm": realm})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        handler.realm = f"https://localhost:{server.server_port}{realm}" if realm.startswith("/") else realm
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("realm", "entry", "said"),
    [
        ("", {"auth": LOGIN}, "ok: takes the login"),
        ("", USER, "ok: takes the login"),
        ("", {"auth": OTHER}, "warning: refuses the login"),
        ("/token", {"auth": LOGIN}, "ok: takes the login"),
        ("/token", {"auth": OTHER}, "warning: refuses the login"),
        (
            "/broken",
            {"auth": LOGIN},
            "ok: logged in; it can't be asked whether that is taken: it answers 500",
        ),
        (
            "http://localhost/",
            {"auth": OTHER},
            "ok: logged in; it can't be asked whether that is taken: it na",
        ),
        ("", {}, "ok: logged in by a credential helper, which isn't asked"),
    ],
)
def test_a_login_is_tried_where_the_registry_says_and_shown_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, realm: str, entry: dict[str, str], said: str
) -> None:
    with registry(tmp_path, realm) as port:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "pem"))
        (found,) = tried({f"localhost:{port}": entry})

    assert f"{found.verdict}: {found.message}".startswith(said)
    assert found.check == f"registry localhost:{port}"
    assert bool(found.remedy) == (found.verdict != "ok")


def test_a_registry_that_is_not_there_or_not_trusted_is_no_trouble(tmp_path: Path) -> None:
    with registry(tmp_path, "") as port:
        (distrusted,) = tried({f"localhost:{port}": USER})
    (gone,) = tried({f"localhost:{port}": USER})

    assert (distrusted.verdict, gone.verdict) == ("ok", "ok")
    assert gone.message.endswith("Connection refused")


SECRET = """\
apiVersion: v1
kind: Secret
metadata: {{name: login}}
type: kubernetes.io/dockerconfigjson
data: {{.dockerconfigjson: {data}}}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  imagePullSecrets: [{name: login}]
  containers: [{name: main, image: registry.example.org/team/app:1}, {name: side, image: localhost/own:1}]
"""


@pytest.mark.parametrize(
    ("content", "lacking"),
    [
        (json.dumps({"auths": {"registry.example.org": {"auth": LOGIN}}}), 0),
        (json.dumps({"auths": {"elsewhere.example.org": {"auth": LOGIN}}}), 1),
        (json.dumps({"auths": {"registry.example.org": {"auth": "?"}}}), 1),
        ("{}", 1),
    ],
)
def test_an_image_that_no_pull_secret_is_for_is_named(content: str, lacking: int) -> None:
    data = base64.b64encode(content.encode()).decode()
    secret = SECRET.format(data=data)
    rendered = render("1" * 40, {"pod.yaml": POD.encode(), "secret.yaml": secret.encode()})

    found = list(pull_secrets(rendered.manifests))

    assert [one.message for one in found] == [
        "Pod/default/web has imagePullSecrets, and none of them is for registry.example.org/team/app:1"
    ] * lacking
