"""Hooks in simulated time: once for each commit, whenever power fails, and in their places."""

from itertools import count, takewhile

from runtime.resources import Owner
from tests.reconcilers.given import deployment
from tests.reconcilers.lifetime import Lifetime

HOOK = """
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}, namespace: shop, annotations: {{argocd.argoproj.io/hook: {phase}{more}}}}}
spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: main, image: "app:1"}}]}}}}}}
"""
WEB = Owner("Deployment", "shop", "web")
GONE = ", argocd.argoproj.io/hook-delete-policy: HookSucceeded"


def site(image: str) -> tuple[str, ...]:
    """Return a site with a hook of each sort; the first one's pods go as soon as it is done."""
    return (
        HOOK.format(name="before", phase="PreSync", more=GONE),
        HOOK.format(name="beside", phase="Sync", more=""),
        HOOK.format(name="after", phase="PostSync", more=""),
        HOOK.format(name="alarm", phase="SyncFail", more=""),
        deployment(image, 2),
    )


def living() -> Lifetime:
    return Lifetime(site("app:1"), ending=lambda pod: None if ".web-" in pod.name else (1, 0))


def names(life: Lifetime) -> list[str]:
    """Return of whom pods were made so far, in that order."""
    return [pod.name.removeprefix("shop.").partition("-")[0] for pod in life.made]


def settle(life: Lifetime, sync: str, changes: int = 10**6) -> bool:
    """Live for a minute, or until power fails after so many changes; say whether it did."""
    for _ in range(25):
        taken = len(life.tick(changes, sync=sync, changed=frozenset([WEB])))
        changes -= taken
        if changes <= 0:
            return True
        life.now += 2
    return False


def test_hooks_run_around_all_else_each_once() -> None:
    life = living()
    settle(life, "one")

    settle(life, "one")
    life.documents = site("app:2")
    settle(life, "two")

    for made in (names(life)[:5], names(life)[5:]):
        assert (made[0], made[-1]) == ("before", "after")
        assert sorted(made) == ["after", "before", "beside", "web", "web"]


def test_power_may_fail_at_any_change_and_no_hook_runs_twice() -> None:
    def fails(changes: int) -> bool:
        life = living()
        settle(life, "one")
        life.documents = site("app:2")
        killed = settle(life, "two", changes)
        settle(life, "two")

        assert sorted(names(life)[5:]) == ["after", "before", "beside", "web", "web"], changes
        assert sorted(pod.image for pod in life.pods.values() if ".web-" in pod.name) == ["app:2", "app:2"]
        return killed

    assert len(list(takewhile(fails, count(1)))) > 15
