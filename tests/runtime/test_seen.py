"""Pods as they are seen: each has containers, whatever the engine makes of it."""

from dataclasses import replace

from runtime.seen import Role, SeenContainer, SeenPod

POD = SeenPod("abc", "shop.web", {}, "exited", "web:1", "def", ("sloop-shop",), 5, 6, 7, exit_code=3)


def test_a_pod_of_one_container_is_its_container() -> None:
    (only,) = POD.containers

    assert (only.id, only.name, only.image, only.image_id) == ("abc", "shop.web", "web:1", "def")
    assert (only.state, only.started, only.ended, only.exit_code, only.pid) == ("exited", 6, 7, 3, 0)
    assert (only.part, only.role) == ("", Role.MAIN)


def test_a_pod_of_several_containers_has_them_in_its_order() -> None:
    log = SeenContainer("shop.web_log", "1", "running", "log:1", "2", part="log", role=Role.SIDECAR)
    web = SeenContainer("shop.web_web", "3", "created", "web:1", "4", part="web")

    assert replace(POD, members=(log, web)).containers == (log, web)
