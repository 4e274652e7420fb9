"""A name that nobody knows is answered with the nearest one."""

import pytest

from schemas.nearest import did_you_mean


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("replica", " (did you mean `replicas`?)"),
        ("Replicas", " (did you mean `replicas`?)"),
        ("hostip", " (did you mean `hostIP`?)"),
        ("zzz", ""),
        ("", ""),
    ],
)
def test_the_nearest_name_is_offered(name: str, near: str) -> None:
    assert did_you_mean(name, {"replicas", "hostIP"}) == near


def test_the_nearest_is_found_among_many() -> None:
    names = [f"config-{number}" for number in range(1000)]

    assert did_you_mean("confg-7", names) == " (did you mean `config-7`?)"
