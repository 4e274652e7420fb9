"""Which subnet a new network gets."""

from collections.abc import Sequence

import pytest

from gitops.planning.scene import Draft
from gitops.planning.steps import Create, Start
from gitops.planning.subnets import with_subnets
from runtime.resources import Network
from runtime.seen import Seen, SeenNetwork

POOL = "10.144.0.0/16"


def chosen(
    count: int = 1, *, pool: str = POOL, taken: Sequence[str] = (), routes: Sequence[str] = ()
) -> list[str]:
    drafts = [Draft(Create(Network(f"n{number}", {})), None, "new") for number in range(count)]
    seen = Seen(networks=(SeenNetwork("other", {}, tuple(taken)),), routes=tuple(routes))
    given = with_subnets(drafts, seen, pool)
    return [draft.action.resource.subnet for draft in given if isinstance(draft.action, Create)]  # type: ignore[union-attr]


def test_networks_get_the_first_free_subnets_one_each() -> None:
    assert chosen(3) == ["10.144.0.0/20", "10.144.16.0/20", "10.144.32.0/20"]


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ("10.144.0.0/20", "10.144.16.0/20"),
        ("10.144.0.0/24", "10.144.16.0/20"),
        ("10.144.15.255/32", "10.144.16.0/20"),
        ("10.144.16.0/20", "10.144.0.0/20"),
        ("10.144.0.0/18", "10.144.64.0/20"),
        ("10.0.0.0/8", ""),
        ("192.168.0.0/16", "10.144.0.0/20"),
        ("fd00::/64", "10.144.0.0/20"),
    ],
)
def test_neither_networks_nor_routes_of_others_are_crossed(taken: str, expected: str) -> None:
    assert chosen(taken=[taken]) == [expected]
    assert chosen(routes=[taken]) == [expected]


def test_where_none_is_left_the_subnet_stays_empty() -> None:
    assert chosen(3, pool="10.144.0.0/19") == ["10.144.0.0/20", "10.144.16.0/20", ""]


def test_drafts_of_other_things_stay_as_they_are() -> None:
    draft = Draft(Start("web"), None, "it ended")

    assert with_subnets([draft], Seen(), POOL) == [draft]
