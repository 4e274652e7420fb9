"""Pods of several containers: their order, what they share, how they end, and what hands do to them."""

from dataclasses import replace
from itertools import count, takewhile
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.podman import doomed
from tests.podman.hands import Hands
from tests.podman.manifests import ONE, SLEEP, TWO, Object, config_map, mounted, named, pod
from tests.podman.program import Program, until

SHARED = {"volumes": [{"name": "shared", "emptyDir": {}}]}


def part(name: str, *command: str, **more: Any) -> Object:
    return {"name": name, "image": ONE, "command": list(command or SLEEP), **more}


def script(name: str, words: str, **more: Any) -> Object:
    return part(name, "sh", "-c", words, **more)


def several(name: str, *containers: Object, init: tuple[Object, ...] = (), **spec: Any) -> Object:
    first = {"initContainers": list(init)} if init else {}
    body = {"terminationGracePeriodSeconds": 0, **first, "containers": list(containers), **spec}
    return {**named("Pod", name), "spec": body}


def told(program: Program, name: str = "web") -> dict[str, str]:
    """Return the columns of a pod."""
    (one,) = program.json("get", "pod", name)["items"]
    return {key: str(one[key]) for key in ("ready", "status", "restarts")}


def test_the_containers_of_a_pod_start_in_order_and_share_network_files_and_processes(
    program: Program,
) -> None:
    seen = [mounted("shared", "/shared")]
    spec = {**SHARED, "shareProcessNamespace": True}
    serve = part("serve", "httpd", "-f", "-h", "/shared", "-p", "127.0.0.1:8000", restartPolicy="Always")
    wait = {"startupProbe": {"tcpSocket": {"port": 8000}, "periodSeconds": 1}}
    init = (
        script("first", "echo $WORD >/shared/said", volumeMounts=seen, env=[from_settings("WORD")]),
        {**serve, **wait, "volumeMounts": seen},
        script("ask", "wget -qO- http://127.0.0.1:8000/said >/shared/heard", volumeMounts=seen),
    )
    web = part(
        "web", volumeMounts=seen, readinessProbe={"exec": {"command": ["test", "-s", "/shared/heard"]}}
    )

    program.deploy(
        config_map(word="hello"), several("web", web, part("side"), init=init, **spec), pod("other")
    )

    assert told(program) == {"ready": "3/3", "status": "Running", "restarts": "0"}
    assert program.do("default.web_side", "hostname") == "web\n"
    assert "httpd" in program.do("default.web_side", "ps")
    assert program.do("default.web_web", "cat", "/shared/said", "/shared/heard").split() == ["hello", "hello"]
    assert program.address("default.web_") in program.do("default.other", "nslookup", "default.web")
    assert not program.inspect("default.web_first")["State"]["Running"]


def from_settings(name: str) -> Object:
    reference = {"name": "settings", "key": name.lower()}
    return {"name": name, "valueFrom": {"configMapKeyRef": reference}}


def test_sidecars_stop_last_the_last_one_first_and_hooks_run_in_each_container(
    program: Program, tmp_path: Path
) -> None:
    def talks(name: str, **more: Any) -> Object:
        words = f"trap 'echo {name} >>/host/said; exit 0' TERM; while :; do sleep 0.1; done"
        stopping = {"exec": {"command": ["sh", "-c", f"echo stop {name} >>/host/said"]}}
        mounts = [mounted("host", "/host")]
        return script(name, words, volumeMounts=mounts, lifecycle={"preStop": stopping}, **more)

    init = (talks("one", restartPolicy="Always"), talks("two", restartPolicy="Always"))
    volumes = [{"name": "host", "hostPath": {"path": str(tmp_path)}}]
    program.deploy(several("web", talks("web"), init=init, volumes=volumes, terminationGracePeriodSeconds=20))
    program.commit("Close")
    closed = program.run("apply", "--allow-empty")

    assert closed.code == 0, closed
    assert (tmp_path / "said").read_text().split("\n") == [
        *("stop web", "web", "stop two", "two", "stop one", "one"),
        "",
    ]
    assert program.things() == {}


def test_containers_share_memory_even_when_none_of_them_runs_and_see_the_files_of_images(
    program: Program,
) -> None:
    memory = {"name": "memory", "emptyDir": {"medium": "Memory", "sizeLimit": "64Ki"}}
    image = {"name": "image", "image": {"reference": TWO}}
    seen = [mounted("memory", "/memory")]
    first = script("first", "echo kept >/memory/said", volumeMounts=seen)
    web = part("web", volumeMounts=[*seen, mounted("image", "/image")])

    program.deploy(
        several("web", web, part("side", volumeMounts=seen), init=(first,), volumes=[memory, image])
    )

    assert program.do("default.web_web", "cat", "/memory/said") == "kept\n"
    assert program.do("default.web_side", "df", "/memory").split()[7:9] == ["tmpfs", "64"]
    assert program.do("default.web_web", "/image/bin/busybox", "echo", "there") == "there\n"
    assert program.do("default.web_web", "touch", "/image/it") == ""
    program.commit("Nothing")
    assert program.run("apply", "--allow-empty").code == 0
    assert program.things() == {}


def test_what_a_pod_says_holds_for_each_of_its_containers(program: Program) -> None:
    spec = {
        **SHARED,
        "hostname": "box",
        "hostAliases": [{"ip": "10.1.2.3", "hostnames": ["elsewhere"]}],
        "dnsConfig": {"searches": ["example.org"]},
        "securityContext": {
            "fsGroup": 1234,
            "runAsUser": 1000,
            "sysctls": [{"name": "net.core.somaxconn", "value": "77"}],
        },
    }
    seen = [mounted("shared", "/shared")]
    touch = script("touch", "touch /shared/it", volumeMounts=seen)
    ports = [{"containerPort": 8000, "hostPort": 18093}]
    web = part("web", "httpd", "-f", "-h", "/etc", "-p", "8000", ports=ports, volumeMounts=seen)
    confined = {"runAsUser": 0, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    side = part("side", securityContext=confined)

    program.deploy(several("web", web, side, init=(touch,), **spec))

    for name in ("default.web_web", "default.web_side"):
        assert program.do(name, "hostname") == "box\n"
        assert "10.1.2.3\telsewhere" in program.do(name, "cat", "/etc/hosts")
        assert "search example.org" in program.do(name, "cat", "/etc/resolv.conf")
        assert program.do(name, "cat", "/proc/sys/net/core/somaxconn") == "77\n"
    assert program.do("default.web_web", "stat", "-c", "%u %g", "/shared/it") == "1000 1234\n"
    assert program.inspect("default.web_side")["HostConfig"]["ReadonlyRootfs"]
    with urlopen("http://127.0.0.1:18093/passwd", timeout=20) as answer:
        assert b"root" in answer.read()


def test_a_limit_is_that_of_its_container_alone(program: Program) -> None:
    program.deploy(several("web", part("web", resources={"limits": {"memory": "64Mi"}}), part("side")))

    limits = [
        program.inspect(name)["HostConfig"]["Memory"] for name in ("default.web_web", "default.web_side")
    ]
    assert limits == [64 * 2**20, 0]


def test_a_pod_of_several_in_the_machines_own_namespaces_has_its_name(program: Program) -> None:
    host = {"hostNetwork": True, "hostPID": True, "hostIPC": True}
    program.deploy(several("web", part("web"), part("side"), **host))

    inside = {
        kind: program.do("default.web_side", "readlink", f"/proc/self/ns/{kind}") for kind in ("uts", "ipc")
    }
    assert inside == {kind: f"{Path(f'/proc/self/ns/{kind}').readlink()}\n" for kind in inside}


def test_a_pod_is_told_its_address_and_keeps_it(program: Program) -> None:
    told = {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    one = pod("one", command=("sh", "-c", "echo $IP; sleep 1000"), env=[told])
    program.deploy(one, several("two", script("web", "echo $IP; sleep 1000", env=[told]), part("side")))
    hands = Hands(program.podman)

    def addresses() -> dict[str, str]:
        found = {
            "default.one": program.address("default.one"),
            "default.two_web": program.address("default.two_"),
        }
        spoken = {name: hands.do("logs", "--tail=1", name).strip() for name in found}
        assert spoken == found
        return found

    first = addresses()
    hands.stop("default.one")
    hands.stop_group("default.two")
    assert program.run("apply").code == 0
    assert addresses() == first
    hands.disconnect("default.one", "sloop-default")
    hands.disconnect("default.two_", "sloop-default")
    assert program.run("apply").code == 0
    assert addresses() == first
    program.commit("Again", {**one, "spec": {**one["spec"], "hostname": "other"}})
    assert program.run("apply").code == 0
    assert program.address("default.one") == hands.do("logs", "default.one").strip()


def test_a_failing_init_container_is_told_and_backs_off(program: Program) -> None:
    program.commit("Bad", several("web", part("web"), init=(part("fine", "true"), part("bad", "false"))))
    failed = program.run("apply", "--timeout", "4s")

    assert failed.code == 3
    until(lambda: told(program)["status"] == "Init:CrashLoopBackOff")  # Podman may just be trying once more
    assert "Init:bad: CrashLoopBackOff (exit 1, " in failed.out + failed.err
    assert int(told(program)["restarts"]) >= 4


def test_a_pod_that_never_restarts_ends_with_its_containers_and_stops_its_sidecars(program: Program) -> None:
    log = part("log", restartPolicy="Always")
    done = (script("web", "echo done"), script("side", "sleep 0.2; echo as well"))
    program.deploy(several("web", *done, init=(log,), restartPolicy="Never"))

    assert program.running() == []
    assert told(program) == {"ready": "0/3", "status": "Completed", "restarts": "0"}
    spoken = [program.run("logs", "pod/web", *which) for which in ((), ("-c", "side"), ("--all-containers",))]
    assert [one.out for one in spoken] == ["done\n", "as well\n", "web web | done\nweb side | as well\n"]
    assert spoken[0].err == 'Defaulted container "web" out of: web, side, log (init)\n'


def test_what_hands_do_to_one_container_is_mended_and_the_others_run_on(program: Program) -> None:
    hands = Hands(program.podman)
    web = several("web", part("web"), part("side"), init=(part("fine", "true"),))
    program.deploy(web)
    before = program.inspect("default.web_web")["State"]["Pid"]
    meddle = {
        "stop": lambda: hands.stop("default.web_side"),
        "remove": lambda: hands.remove("default.web_side"),
        "rename": lambda: hands.rename("default.web_side", "elsewhere"),
        "prune": hands.prune,
        "rename infra": lambda: (hands.rename("default.web_", "elsewhere"), hands.remove("default.web_side")),
    }
    for what, act in meddle.items():
        act()
        said = program.run("apply")
        assert said.code == 0, (what, said)
        assert program.running() == ["default.web_", "default.web_side", "default.web_web"], what
    assert program.inspect("default.web_web")["State"]["Pid"] == before


def test_a_container_that_a_hand_paused_goes_on_and_the_others_ran_on(program: Program) -> None:
    program.deploy(several("web", part("web"), part("side")))
    before = {name: program.inspect(name)["State"]["Pid"] for name in ("default.web_web", "default.web_side")}
    Hands(program.podman).pause("default.web_side")
    assert program.running() == ["default.web_", "default.web_web"]

    assert program.run("apply").code == 0
    assert {name: program.inspect(name)["State"]["Pid"] for name in before} == before
    assert program.running() == ["default.web_", "default.web_side", "default.web_web"]


@pytest.mark.parametrize("blow", ["stop", "kill", "remove"])
def test_a_pod_that_lost_its_network_or_all_of_itself_is_healed_whole(program: Program, blow: str) -> None:
    hands = Hands(program.podman)
    web = part("web", "httpd", "-f", "-h", "/etc", "-p", "8000")
    program.deploy(several("web", web, part("side")), pod("other"))
    match blow:
        case "stop":
            hands.stop_group("default.web")
        case "kill":
            hands.kill("default.web_")
        case _:
            hands.do("pod", "rm", "--force", "--time=0", "default.web")

    said = program.run("apply")

    assert said.code == 0, said
    assert program.run("diff").code == 0
    assert "root" in program.do("default.other", "wget", "-qO-", "http://default.web:8000/passwd")


def test_a_pod_of_several_whose_time_is_over_stops_with_its_sidecars(program: Program) -> None:
    log = part("log", restartPolicy="Always")
    program.commit("Limited", several("web", part("web"), init=(log,), activeDeadlineSeconds=2))
    ended = program.run("apply", "--timeout", "20s")
    until(lambda: program.run("apply", "--timeout", "20s").code == 1)

    assert ended.code == 0, ended
    assert "DeadlineExceeded (after 2s)" in program.run("status").out
    assert program.running() == []


def test_somebodys_pod_of_the_same_name_is_left_alone_until_it_is_adopted(program: Program) -> None:
    hands = Hands(program.podman)
    hands.do("pod", "create", "--name", "default.web")
    hands.do("create", "--pod", "default.web", "--name", "theirs", ONE, "sleep", "1000")
    program.commit("Mine", several("web", part("web"), part("side")))

    refused = program.run("apply")
    left = program.things()["containers"]
    adopted = program.run("adopt", "pod/default.web")

    assert refused.code == 1
    assert "`podman pod rm -f default.web`" in refused.out + refused.err
    assert "theirs" in left
    assert adopted.code == 0, adopted
    assert program.running() == ["default.web_", "default.web_side", "default.web_web"]


def test_replacing_a_pod_of_several_may_be_interrupted_at_any_change(program: Program) -> None:
    def version(number: int) -> Object:
        web = script("web", f": {number}; sleep 1000")
        return several("web", web, part("side"), init=(part("fine", "true"),))

    def dies(moment: int) -> bool:
        program.commit(f"Version {moment}", version(moment))
        fated = replace(program, command=(*doomed.MODULE, str(moment), doomed.BEFORE))
        died = fated.run("apply").code < 0
        assert program.run("apply").code == 0
        assert program.running() == ["default.web_", "default.web_side", "default.web_web"]
        assert f": {moment};" in str(program.inspect("default.web_web")["Args"])
        return died

    program.deploy(version(0))

    assert len(list(takewhile(dies, count(1)))) >= 8
    assert program.run("diff").code == 0
