"""Ports as they are written for `sloop port-forward`."""

import pytest

from gitops.port_forward import pair
from gitops.settings import SettingsError


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("8080:80", (8080, "80")),
        ("80", (80, "80")),
        (":80", (0, "80")),
        (":http", (0, "http")),
        ("1:http", (1, "http")),
    ],
)
def test_a_port_is_read(text: str, read: tuple[int, str]) -> None:
    assert pair(text) == read


@pytest.mark.parametrize("text", ["", ":", "http", "70000:80", "-1:80", "a:b", "80:"])
def test_what_is_no_port_is_told(text: str) -> None:
    with pytest.raises(SettingsError, match=r"write 8080:80"):
        pair(text)
