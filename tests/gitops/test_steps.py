"""What an action says of itself: whether a pod ends with it, and which containers it starts."""

import pytest

from gitops.planning.steps import Action, Kill, Member, Restart, Start, Stop, started_by

SIDE, WEB, INFRA = Member("shop.web_side", "side"), Member("shop.web_web", "web"), Member("shop.web_", "")


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        (((WEB,), (SIDE,), (INFRA,)), True),
        (((WEB, SIDE),), False),
        (((INFRA,),), True),
        ((), False),
    ],
)
def test_a_pod_ends_with_its_infra_container(
    stages: tuple[tuple[Member, ...], ...], *, expected: bool
) -> None:
    assert Stop("shop.web", stages, "", 10).whole is expected


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Start("shop.web"), ("shop.web",)),
        (Start("shop.web", members=(SIDE, WEB)), ("shop.web_side", "shop.web_web")),
        (Restart("shop.web", 10), ("shop.web",)),
        (Restart("shop.web", 10, member=SIDE), ("shop.web_side",)),
        (Kill("shop.web", 10), ()),
    ],
)
def test_what_starts_is_a_pod_or_the_containers_that_are_named(
    action: Action, expected: tuple[str, ...]
) -> None:
    assert started_by(action) == expected
