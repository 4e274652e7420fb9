"""Images are made from Debian's packages, without what only an installation needs."""

import pytest

from tests.machine import debian


@pytest.mark.parametrize("name", ["redis-server", "redis-tools", "libc6", "libssl3t64", "zlib1g"])
def test_a_package_its_relatives_and_libraries_belong_to_an_image(name: str) -> None:
    assert debian.belongs(name, "redis-server")


@pytest.mark.parametrize("name", ["perl", "libperl5.36", "adduser", "dpkg", "<perl:any>", "  Depends: libc6"])
def test_what_an_installation_needs_does_not(name: str) -> None:
    assert not debian.belongs(name, "redis-server")
