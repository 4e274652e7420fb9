"""The demo's own configuration is one that sloop reads."""

from pathlib import Path

from gitops.merged import settings
from gitops.settings import only
from tests.machine.demo import configuration


def test_the_demo_is_told_its_ports_by_a_configuration(tmp_path: Path) -> None:
    file = tmp_path / "sloop.yaml"
    file.write_text(configuration(tmp_path, "unix:///podman.sock", http=8081, https=8444))

    found = only(settings(file, {}, {}))

    assert (found.repo, found.path) == (str(tmp_path / "repo"), "deploy")
    assert (found.state, found.podman) == (tmp_path / "state", "unix:///podman.sock")
    assert (found.ingress_address, found.ingress_http, found.ingress_https) == ("127.0.0.1", 8081, 8444)
