"""Services on a real Podman: an address that stays, names, and no failed request as pods come and go."""

import re
import signal
from collections.abc import Mapping
from typing import Any

from runtime.proxies import BUILT
from tests.podman.graceful import graceful
from tests.podman.hands import Hands
from tests.podman.keeping import keeping
from tests.podman.load import CLIENTS, loading
from tests.podman.manifests import ONE, SERVE, TWO, Object, config_map, deployment, namespace, service, within
from tests.podman.program import Program, until
from tests.podman.reaching import address, led, reached
from tests.podman.watching import fetched

PROBE: Mapping[str, Any] = {
    "readinessProbe": {"httpGet": {"port": 8000, "path": "/passwd"}, "periodSeconds": 1},
    "ports": [{"containerPort": 8000, "name": "http"}],
}

FAR = ("web.default", "web.default.svc", "web.default.svc.cluster.local")
NEAR = ("web", "alias", *FAR)


def web(image: str = ONE, *, replicas: int = 2, **more: Any) -> Object:
    """Return a Deployment whose pods answer HTTP."""
    spec = {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
    return deployment(image=image, replicas=replicas, command=SERVE, spec=spec, **{**PROBE, **more})


def url(program: Program) -> str:
    """Return where the Service answers."""
    return f"http://{reached(program)}/passwd"


def page(program: Program, pod: str, name: str) -> str:
    """Return the page that a pod gets from a name, or why it gets none."""
    return program.do(pod, "sh", "-c", f"wget -q -O - http://{name}/passwd 2>&1; true")


def versions(program: Program) -> list[str]:
    """Return the versions of the graceful pods that run."""
    names = [name for name in program.running() if name.startswith("default.web-")]
    return sorted(program.inspect(name)["Config"]["Hostname"] for name in names)


def health(program: Program, which: str) -> tuple[str, str, str]:
    """Return how an object fares, why, and how many of its pods do."""
    (one,) = program.json("status", which)["objects"]
    return one["health"], one["reason"], one["ready"]


def test_no_request_fails_while_pods_come_and_go(program: Program) -> None:
    program.commit("One", led(), web())
    assert program.run("apply").code == 0
    place = address(program)

    with loading(url(program)) as load:
        for subject, wanted in (
            ("Another image", web(TWO)),
            ("More", web(TWO, replicas=4)),
            ("Fewer", web(TWO, replicas=1)),
        ):
            program.commit(subject, led(), wanted)
            said = program.run("apply")
            assert said.code == 0, said
        assert program.run("rollback", "--steps", "3").code == 0
        answered = load.answered
        until(lambda: load.answered > answered + 100)

    assert load.failed == []
    assert [one for one in program.images() if one != BUILT] == [ONE] * 2
    assert address(program) == place
    assert program.run("diff").code == 0
    assert health(program, "service/web") == ("Healthy", "", "2/2")


def test_a_service_has_its_names_everywhere_and_its_ports_on_the_machine(program: Program) -> None:
    program.deploy(
        namespace("other"),
        within("other", deployment("client")),
        web(),
        service(target="http"),
        service("outside", port=18088, target="http", type="LoadBalancer"),
        service(
            "node",
            target="http",
            type="NodePort",
            ports=[{"port": 80, "targetPort": 8000, "nodePort": 30088}],
        ),
        service(
            "alias", type="ExternalName", externalName="web.default.svc.cluster.local", selector={}, target=80
        ),
        service("nobody", "nobody"),
    )
    (client,) = program.of("client")
    pod = program.of("web")[0]

    said = {("near", name): page(program, pod, name) for name in NEAR}
    said |= {("far", name): page(program, client, name) for name in FAR}

    assert {where: text for where, text in said.items() if not text.startswith("root:")} == {}
    assert not program.do(client, "nslookup", pod)
    assert fetched("http://127.0.0.1:18088/passwd").startswith(b"root:")
    assert fetched("http://127.0.0.1:30088/passwd").startswith(b"root:")
    assert f"WEB_SERVICE_HOST={address(program)}" in program.do(pod, "env")
    nobody = f"nc -w 5 {address(program, 'nobody')} 80 < /dev/null; test $? = 1 && echo closed"
    assert program.do(pod, "sh", "-c", nobody) == "closed\n"
    assert health(program, "service/nobody") == ("Healthy", "it selects no pod", "0/0")


def test_a_service_that_left_git_takes_all_that_it_had_along(program: Program) -> None:
    program.deploy(namespace("other"), within("other", deployment("client")), web(), led())

    program.deploy(web())

    assert program.things()["networks"] == ["sloop-default"]
    assert "volumes" not in program.things()
    assert program.of("client") == []
    assert [name for name in program.running() if "__" in name] == []


def test_a_new_process_takes_nobody_out_whose_probe_has_not_failed_often_enough(program: Program) -> None:
    marked = ("sh", "-c", "touch /tmp/ready; exec httpd -f -h /etc -p 8000")
    probe = {"exec": {"command": ["cat", "/tmp/ready"]}, "periodSeconds": 1, "failureThreshold": 1000}
    wanted = deployment(replicas=2, command=marked, readinessProbe=probe)
    program.deploy(service(), wanted)
    for name in program.of("web"):
        program.do(name, "rm", "/tmp/ready")

    program.commit("Something else", service(), wanted, config_map())
    applied = program.json("apply", "--timeout", "5s")  # which waits for what the probes decide

    assert applied["steps"] == []
    assert health(program, "service/web") == ("Healthy", "", "2/2")


def test_traffic_follows_a_pod_that_is_restarted_while_nobody_looks(program: Program) -> None:
    program.deploy(web(replicas=1), led())
    (pod,) = [name for name in program.of("web") if "__" not in name]

    with loading(url(program)) as load:
        until(lambda: load.answered > 20)
        hand = Hands(program.podman)
        hand.do("restart", "--time=0", pod)
        answered = load.answered
        until(lambda: load.answered > answered + 50)

    assert program.run("apply").code == 0


def test_a_killed_pod_loses_only_what_it_was_answering(program: Program) -> None:
    program.deploy(web(replicas=2), led())
    pod, _ = sorted(name for name in program.of("web") if "__" not in name)

    with keeping(program), loading(url(program)) as load:
        until(lambda: load.answered > 50)
        Hands(program.podman).remove(pod)
        answered = load.answered
        until(lambda: pod in program.running())
        until(lambda: load.answered > answered + 200)

    assert len(load.failed) <= CLIENTS, load.failed


def test_a_lost_ledger_and_a_removed_proxy_change_no_address(program: Program) -> None:
    program.deploy(web(), led())
    place, ids = address(program), program.ids()
    for file in program.state.glob("ledger.sqlite3*"):
        file.unlink()

    assert program.run("apply").code == 0
    assert program.ids() == ids
    Hands(program.podman).remove("default.web__service")
    assert program.run("apply").code == 0
    assert address(program) == place
    assert fetched(url(program)).startswith(b"root:")


def test_a_port_of_this_machine_leads_to_a_service_and_into_a_pod(program: Program) -> None:
    program.deploy(web(), led())
    (pod, *_) = [name.removeprefix("default.") for name in program.of("web") if "__" not in name]

    for which, port in (("service/web", "80"), (f"pod/{pod}", "http"), ("deployment/web", "8000")):
        with program.started("port-forward", which, f":{port}") as forwarding:
            assert forwarding.stdout
            where = re.search(r"127\.0\.0\.1:\d+", forwarding.stdout.readline())
            assert where
            assert fetched(f"http://{where[0]}/passwd").startswith(b"root:")
            forwarding.send_signal(signal.SIGINT)
            assert forwarding.wait(10) == 130
    assert program.run("port-forward", "service/web", ":nothing").code == 2


def test_the_state_of_each_server_is_described(program: Program) -> None:
    program.deploy(web(), led())

    def told() -> dict[str, Any]:
        return dict(program.json("describe", "service/web"))

    until(lambda: [text[:9] for text in told()["endpoints"].values()] == ["UP at 10."] * 2)
    (listed,) = program.json("get", "endpoints")["items"]
    assert told()["clusterIP"] == address(program)
    assert len(listed["endpoints"]) == 2
    assert all(one.endswith(":8000") for one in listed["endpoints"])


def test_no_kept_connection_and_no_new_one_fails_whoever_sees_to_the_update(program: Program) -> None:
    program.deploy(*graceful("one"), led())
    place = f"http://{reached(program)}/"

    with loading(place, keep_alive=True) as kept, loading(place) as fresh:
        until(lambda: kept.answered > 50 and fresh.answered > 50)
        with keeping(program, "--interval", "1s"):
            program.commit("Two", *graceful("two", replicas=3), led())
            until(lambda: versions(program) == ["two"] * 3)
        program.commit("Three", *graceful("three"), led(), service("beside", target="http"))
        assert program.run("apply").code == 0
        answered = (kept.answered, fresh.answered)
        until(lambda: kept.answered > answered[0] + 50 and fresh.answered > answered[1] + 50)

    assert (kept.failed, fresh.failed) == ([], [])
    assert versions(program) == ["three"] * 2
