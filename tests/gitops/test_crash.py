"""A process that dies at any moment: the next one converges, with nothing twice and nothing left over."""

from collections.abc import Callable
from itertools import count

import pytest

from tests.gitops.material import NAMESPACE, PASSWORD
from tests.host import Host
from tests.reconcilers.given import deployment, rolling

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf, namespace: shop}\ndata: {COLOUR: red}\n"
READING = ", envFrom: [{secretRef: {name: login}}], volumeMounts: [{name: conf, mountPath: /etc/conf}]"
VOLUMES = "[{name: conf, configMap: {name: conf}}]"


def site(image: str, colour: str, password: str) -> dict[str, str]:
    """Return a shop in which everything is used that sloop makes."""
    web = deployment(image, 3, container=READING, volumes=VOLUMES, strategy=rolling(1, 0))
    return {
        "shop.yaml": NAMESPACE,
        "web.yaml": web,
        "conf.yaml": CONFIG.replace("red", colour),
        "login.yaml": PASSWORD.replace("s3cr3t", password),
    }


OLD, NEW = site("app:1", "red", "first"), site("app:2", "blue", "second")


def left(host: Host) -> tuple[set[str], ...]:
    """Return what is on the machine."""
    seen = host.engine.look()
    return (
        {f"{pod.name} {pod.state}" for pod in seen.pods},
        {network.name for network in seen.networks},
        {volume.name for volume in seen.volumes},
        set(seen.secrets),
    )


def serving(host: Host) -> int:
    return sum(pod.state == "running" for pod in host.engine.look().pods)


def crash_at(host: Host, moment: int, watch: Callable[[], object] = lambda: None) -> None:
    """Let the process die when it is about to change something for the ``moment``-th time from now."""
    calls = count(1)

    def fail(*_: str) -> None:
        watch()
        if next(calls) == moment:
            raise KeyboardInterrupt

    host.engine.fail = fail


@pytest.mark.parametrize("moment", range(1, 7))
def test_a_first_deployment_survives_a_crash_at_any_moment(host: Host, moment: int) -> None:
    host.commit("Open", NEW)
    crash_at(host, moment)
    with pytest.raises(KeyboardInterrupt):
        host.apply()
    host.engine.fail = lambda *call: call

    ended = host.apply()

    pods, networks, volumes, secrets = left(host)
    assert ended.last.done
    assert (len(pods), networks, len(volumes), len(secrets)) == (3, {"podman", "sloop-shop"}, 1, 1)


@pytest.mark.parametrize("moment", range(1, 11))
def test_a_rollout_survives_a_crash_at_any_moment_and_no_serving_pod_is_lost(host: Host, moment: int) -> None:
    host.commit("Open", OLD)
    host.apply()
    host.clock.now += 3600
    host.commit("Renew", NEW)
    served: list[int] = []
    crash_at(host, moment, lambda: served.append(serving(host)))
    with pytest.raises(KeyboardInterrupt):
        host.apply()
    host.clock.now += 5
    crash_at(host, 0, lambda: served.append(serving(host)))

    ended = host.apply()

    pods, networks, volumes, secrets = left(host)
    assert ended.last.done
    assert min(served) >= 3
    assert {pod.image for pod in host.engine.look().pods} == {"app:2"}
    assert (len(pods), networks, len(volumes), len(secrets)) == (3, {"podman", "sloop-shop"}, 1, 1)


def test_after_a_crash_and_a_lost_ledger_it_converges_too(host: Host) -> None:
    host.commit("Open", OLD)
    host.apply()
    host.commit("Renew", NEW)
    crash_at(host, 4)
    with pytest.raises(KeyboardInterrupt):
        host.apply()
    host.engine.fail = lambda *call: call
    host.forget()

    host.apply()

    pods, _, volumes, secrets = left(host)
    assert (len(pods), len(volumes), len(secrets)) == (3, 1, 1)
    assert {pod.image for pod in host.engine.look().pods} == {"app:2"}
