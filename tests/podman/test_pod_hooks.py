"""What a pod does after its start and before its stop, and the machine's own namespaces."""

from pathlib import Path

from tests.podman.manifests import Object, deployment, headless, pod
from tests.podman.program import Program, until
from tests.podman.speaking import speaker, spoken

SERVED = "trap 'echo term >>/host/said; exit 0' TERM; httpd -p 8000 -h /host; while :; do sleep 0.1; done"


def hooked(directory: Path, *, grace: int = 20, script: str = SERVED, **lifecycle: object) -> Object:
    """Return a Pod that sees a directory of the machine."""
    return pod(
        "web",
        command=("sh", "-c", script),
        lifecycle=lifecycle,
        volumeMounts=[{"name": "host", "mountPath": "/host"}],
        pod={
            "terminationGracePeriodSeconds": grace,
            "volumes": [{"name": "host", "hostPath": {"path": str(directory)}}],
        },
    )


def says(words: str) -> dict[str, object]:
    return {"exec": {"command": ["sh", "-c", f"echo {words} >>/host/said"]}}


def namespace(kind: str) -> str:
    """Return a namespace of this process, which is in the engine's own network."""
    return str(Path(f"/proc/thread-self/ns/{kind}").readlink())


def test_hooks_run_after_the_start_and_before_the_signal(program: Program, tmp_path: Path) -> None:
    program.commit("Open", hooked(tmp_path, postStart=says("started"), preStop=says("stopping")))
    opened = program.run("apply")
    program.commit("Close")
    closed = program.run("apply", "--allow-empty")

    assert (opened.code, closed.code) == (0, 0)
    assert (tmp_path / "said").read_text() == "started\nstopping\nterm\n"


def test_a_request_and_a_pause_are_hooks_too(program: Program, tmp_path: Path) -> None:
    request = {"httpGet": {"port": "http", "path": "/gone"}}
    one = hooked(tmp_path, postStart={"sleep": {"seconds": 1}}, preStop=request)
    one["spec"]["containers"][0]["ports"] = [{"name": "http", "containerPort": 8000}]
    program.commit("Open", one)
    opened = program.run("apply")
    program.commit("Close")
    closed = program.run("apply", "--allow-empty")

    assert (opened.code, closed.code) == (0, 0)
    assert "hook" not in closed.out + closed.err


def test_a_hook_that_takes_too_long_ends_with_the_grace_period(program: Program, tmp_path: Path) -> None:
    endless = {"exec": {"command": ["sleep", "600"]}}
    program.commit("Open", hooked(tmp_path, grace=2, preStop=endless))
    program.run("apply")
    program.commit("Close")
    closed = program.run("apply", "--allow-empty")

    assert closed.code == 0
    assert 'the preStop hook of the pod default.web failed: command "sleep" timed out' in closed.out
    assert program.containers() == []


def test_a_pod_whose_first_hook_fails_is_stopped_and_told(program: Program, tmp_path: Path) -> None:
    program.commit("Open", hooked(tmp_path, postStart={"exec": {"command": ["false"]}}))
    opened = program.run("apply")

    assert opened.code == 1
    assert 'the postStart hook of the pod default.web failed: command "false" exited with 1' in opened.out
    assert program.running() == []


def test_a_pod_is_asked_to_stop_by_its_own_signal(program: Program, tmp_path: Path) -> None:
    script = SERVED.replace("TERM", "USR1").replace("term", "usr1")
    program.commit("Open", hooked(tmp_path, script=script, stopSignal="SIGUSR1"))
    program.run("apply")
    program.commit("Close")
    program.run("apply", "--allow-empty")

    assert (tmp_path / "said").read_text() == "usr1\n"


def test_a_pod_in_the_namespaces_of_the_machine(program: Program) -> None:
    own = {"hostNetwork": True, "hostPID": True, "hostIPC": True}
    look = "for one in net pid ipc; do readlink /proc/self/ns/$one; done"
    lines = spoken(program, speaker(look, pod=own))
    seen = program.inspect("default.speaker")
    again = program.run("apply")

    assert lines[0] == namespace("net")
    assert lines[1:] == [namespace(one) for one in ("pid", "ipc")]
    assert seen["HostConfig"]["NetworkMode"] == "host"
    assert again.code == 0
    assert "networks" not in program.things()


def test_a_port_in_the_network_of_the_machine_is_probed_and_passed_on(program: Program) -> None:
    serve = ("httpd", "-f", "-h", "/etc", "-p", "18123")
    probe = {"tcpSocket": {"port": 18123}, "periodSeconds": 1}
    more = {"ports": [{"containerPort": 18123}], "readinessProbe": probe, "pod": {"hostNetwork": True}}
    program.commit("Open", deployment(command=serve, **more))
    first = program.run("apply")
    program.commit("Again", deployment(command=(*serve, "-v"), **more))
    second = program.run("apply")

    assert (first.code, second.code) == (0, 0), second.out + second.err
    assert len(program.running()) == 1


def test_a_pod_is_known_by_its_own_name_inside_a_headless_service(program: Program) -> None:
    named = {"hostname": "first", "subdomain": "web", "setHostnameAsFQDN": True}
    program.commit("Open", headless("web", "web"), deployment(pod=named))
    program.run("apply")
    (name,) = program.running()

    assert program.do(name, "hostname").strip() == "first.web.default.svc.cluster.local"
    until(
        lambda: program.address(name) in program.do(name, "nslookup", "first.web.default.svc.cluster.local")
    )


def test_a_pod_has_so_much_time_and_is_not_started_again(program: Program) -> None:
    program.commit("Open", pod("job", pod={"activeDeadlineSeconds": 2, "terminationGracePeriodSeconds": 0}))
    program.run("apply")
    until(lambda: program.running() == [])
    program.run("apply")

    assert program.running() == []
    assert "DeadlineExceeded (after 2s)" in program.run("status").out
