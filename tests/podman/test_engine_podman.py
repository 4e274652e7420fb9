"""What only a real Podman can show: what a container finds inside, and what survives."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from runtime.engine import EngineError
from runtime.podman import PodmanEngine
from runtime.resources import (
    File,
    Files,
    Hidden,
    Label,
    Limits,
    Mount,
    Names,
    Pod,
    Port,
    Secret,
    SecretFile,
    Security,
)
from tests.machine import api
from tests.podman.conftest import Podman
from tests.podman.hands import Hands
from tests.podman.making import CELLAR, TOWN, pod

RECIPE = Files(
    "recipe", {Label.KIND: "files"}, (File("bread/rye", b"flour\n"), File("salt", b"a pinch\n", 0o640))
)


@pytest.fixture
def engine(empty_podman: Podman) -> Iterator[PodmanEngine]:
    engine = PodmanEngine(empty_podman.url)
    engine.create_network(TOWN)
    engine.create_volume(CELLAR)
    engine.write_files(RECIPE)
    yield engine


@pytest.fixture
def hands(empty_podman: Podman) -> Hands:
    return Hands(empty_podman)


def saying(script: str, *mounts: Mount, **container: Any) -> Pod:
    """Return a pod that runs a script once."""
    return replace(pod("town.baker", *mounts, command=("sh", "-ec", script), **container), restart="Never")


def said(engine: PodmanEngine, pod: Pod) -> list[str]:
    """Run a pod to its end and return its lines."""
    engine.create_pod(pod)
    lines = b"".join(engine.logs(pod.name, follow=True)).decode().splitlines()
    engine.remove_pod(pod.name, 0)
    return lines


def inspected(podman: Podman, name: str = "town.baker") -> Any:
    return api.ask(podman.socket, "GET", f"/containers/{name}/json")


def test_a_container_reads_its_files_and_cannot_write_them(engine: PodmanEngine) -> None:
    script = "cat /recipe/bread/rye; stat -c %a /recipe/salt; touch /recipe/new 2>&1 || echo refused"

    lines = said(engine, saying(script, Mount("/recipe", volume="recipe")))

    assert lines == ["flour", "640", "touch: /recipe/new: Read-only file system", "refused"]


def test_one_file_of_a_volume_is_mounted_alone(engine: PodmanEngine) -> None:
    mount = Mount("/etc/rye", volume="recipe", sub_path="bread/rye")

    lines = said(engine, saying("cat /etc/rye; ls /etc/salt 2>/dev/null || echo alone", mount))

    assert (lines[0], lines[-1]) == ("flour", "alone")


def test_a_directory_inside_a_claim_is_made_for_any_user_and_stays(engine: PodmanEngine) -> None:
    mount = Mount("/wine", volume="cellar", sub_path="wine/red")
    said(engine, saying("echo 1999 >/wine/year", mount, security=Security(user="1000")))

    assert said(engine, saying("cat /cellar/wine/red/year", Mount("/cellar", volume="cellar"))) == ["1999"]


@pytest.mark.parametrize("sub_path", ["../../..", "exit/etc", "wine/../.."])
def test_no_path_leads_out_of_a_volume(engine: PodmanEngine, sub_path: str) -> None:
    said(engine, saying("ln -s / /cellar/exit; mkdir /cellar/wine", Mount("/cellar", volume="cellar")))

    with pytest.raises(EngineError, match="leads out of the volume"):
        engine.create_pod(pod("town.baker", Mount("/x", volume="cellar", sub_path=sub_path)))
    assert engine.look().pods == ()


def test_a_claim_keeps_what_was_written_when_its_pod_is_replaced(engine: PodmanEngine) -> None:
    mount = Mount("/cellar", volume="cellar")
    said(engine, saying("echo full >/cellar/barrel", mount))

    assert said(engine, saying("cat /cellar/barrel", mount)) == ["full"]


def test_memory_and_host_paths_are_mounted(engine: PodmanEngine, tmp_path: Path) -> None:
    (tmp_path / "map").write_text("north\n")
    mounts = (
        Mount("/memory", tmpfs=1 << 20),
        Mount("/host", host=str(tmp_path), read_only=True),
        Mount("/made", host=str(tmp_path / "new" / "made"), host_type="DirectoryOrCreate"),
        Mount("/empty", volume=""),
    )
    script = (
        "cat /host/map; touch /host/x 2>&1 || echo refused; df -k /memory; touch /memory/a /made/b /empty/c"
    )

    lines = said(engine, saying(script, *mounts))

    assert lines[0] == "north"
    assert "refused" in lines
    assert re.match(r"tmpfs\s+1024 ", lines[-1])
    assert (tmp_path / "new/made/b").exists()


def test_a_host_path_that_is_something_else_is_refused(engine: PodmanEngine, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="it is no socket"):
        engine.create_pod(pod("town.baker", Mount("/x", host=str(tmp_path), host_type="Socket")))


def test_secrets_come_as_variables_and_as_files(engine: PodmanEngine) -> None:
    engine.create_secret(Secret("key", Hidden(b"under the mat")))
    files = (SecretFile("key", "/etc/key", 0o400),)

    lines = said(
        engine,
        saying(
            "echo $KEY; cat /etc/key; echo; stat -c %a /etc/key",
            secret_env=(("KEY", "key"),),
            secret_files=files,
        ),
    )

    assert lines == ["under the mat", "under the mat", "400"]


def test_a_pod_knows_its_own_name_and_others_know_it_by_alias(engine: PodmanEngine) -> None:
    names = Names(
        "baker", ("bread", "bread.town.svc"), (("mill", "10.9.8.7"),), (), ("town.svc",), ("ndots:2",)
    )
    engine.create_pod(replace(pod("town.shop"), names=names))
    script = (
        "hostname; grep mill /etc/hosts; grep -E 'search|options' /etc/resolv.conf; nslookup bread.town.svc"
    )

    lines = said(engine, replace(saying(script), names=names))

    assert lines[0] == "baker"
    assert lines[1].split() == ["10.9.8.7", "mill"]
    assert any(re.fullmatch(r"search (.* )?town\.svc( .*)?", line) for line in lines)
    assert any("ndots:2" in line for line in lines)
    assert any(line.startswith("Address") and "10.231." in line for line in lines[4:])


def test_command_arguments_and_place_are_as_asked(engine: PodmanEngine) -> None:
    asked = pod(
        entrypoint=("/bin/sh", "-c"),
        command=("pwd; echo $COLOUR",),
        env=(("COLOUR", "a blue = one"),),
        working_dir="/made/here",
    )

    assert said(engine, replace(asked, restart="Never")) == ["/made/here", "a blue = one"]


def test_rights_and_limits_are_as_asked(engine: PodmanEngine, empty_podman: Podman) -> None:
    security = Security(
        user="1000:2000",
        groups=("3000",),
        read_only_root=True,
        no_new_privileges=True,
        drop_capabilities=("ALL",),
        add_capabilities=("NET_BIND_SERVICE",),
        sysctls=(("net.ipv4.ip_unprivileged_port_start", "80"),),
    )
    limits = Limits(cpu_limit=0.5, cpu_request=0.25, memory_limit=64 << 20, memory_request=32 << 20)

    engine.create_pod(replace(pod(security=security, limits=limits), grace=7, ports=(Port(80, 18080),)))

    host, config = inspected(empty_podman)["HostConfig"], inspected(empty_podman)["Config"]
    assert (host["CpuQuota"], host["CpuPeriod"], host["CpuShares"]) == (50_000, 100_000, 256)
    assert (host["Memory"], host["MemoryReservation"]) == (64 << 20, 32 << 20)
    assert (host["ReadonlyRootfs"], host["GroupAdd"], config["User"]) == (True, ["3000"], "1000:2000")
    assert inspected(empty_podman)["EffectiveCaps"] == ["CAP_NET_BIND_SERVICE"]
    assert config["StopTimeout"] == 7


def test_a_group_alone_leaves_the_image_its_user(engine: PodmanEngine) -> None:
    assert said(engine, saying("id -u; id -g", security=Security(user=":2000"))) == ["0", "2000"]


def test_podman_restarts_a_crash_three_times(engine: PodmanEngine) -> None:
    with engine.happenings() as told:
        engine.create_pod(pod(command=("sh", "-c", "exit 3")))
        deaths = list(islice((one for one in told if one.action == "died"), 4))

    assert {one.name for one in deaths} == {"town.baker"}
    assert engine.exit_of("town.baker").restarts == 3
    engine.remove_pod("town.baker", 0)


def test_a_pod_that_crashes_meanwhile_is_removed(engine: PodmanEngine) -> None:
    for number in range(5):
        engine.create_pod(pod(f"town.p{number}", command=("sh", "-c", "exit 3")))
        engine.remove_pod(f"town.p{number}", 0)

    assert engine.look().pods == ()


def test_a_pod_is_asked_to_stop_before_it_is_killed(engine: PodmanEngine, tmp_path: Path) -> None:
    script = "trap 'echo thanks >/host/said; exit 0' TERM; echo up; while :; do sleep 0.05; done"
    engine.create_pod(saying(script, Mount("/host", host=str(tmp_path))))
    with closing(engine.logs("town.baker", follow=True)) as lines:
        next(lines)

    engine.remove_pod("town.baker", 20)

    assert (tmp_path / "said").read_text() == "thanks\n"
    assert engine.look().pods == ()


def test_eight_who_remove_the_same_pod_all_succeed(engine: PodmanEngine) -> None:
    engine.create_pod(pod())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: engine.remove_pod("town.baker", 0), range(8)))

    assert engine.look().pods == ()


def test_a_program_that_is_not_there_is_named_and_nothing_stays(engine: PodmanEngine) -> None:
    with pytest.raises(EngineError, match=r"cannot start the pod town\.baker: .*/bin/oven.* no such file"):
        engine.create_pod(pod(entrypoint=("/bin/oven",)))
    assert engine.look().pods == ()


def test_files_that_were_meddled_with_are_seen_and_mended(engine: PodmanEngine, hands: Hands) -> None:
    place = Path(hands.do("volume", "inspect", "--format={{.Mountpoint}}", "recipe").strip())
    (place / "salt").write_bytes(b"sugar")
    (place / "new").mkdir()
    (place / "new" / "link").symlink_to("/etc/passwd")
    meddled = {one.name: one.content for one in engine.look().volumes}["recipe"]
    engine.write_files(RECIPE)
    mended = {one.name: one.content for one in engine.look().volumes}["recipe"]

    assert meddled != RECIPE.content
    assert mended == RECIPE.content
    assert sorted(path.name for path in place.iterdir()) == ["bread", "salt"]


def test_the_key_survives_every_prune(engine: PodmanEngine, empty_podman: Podman, hands: Hands) -> None:
    key = engine.key()
    hands.do("system", "prune", "--force", "--volumes")

    later = PodmanEngine(empty_podman.url)
    assert later.key() == key


def test_the_oldest_of_several_keys_counts(engine: PodmanEngine) -> None:
    first = Secret(f"sloop-key-{'f' * 32}", Hidden(b"-"))
    second = Secret(f"sloop-key-{'0' * 32}", Hidden(b"-"))
    engine.create_secret(first)
    engine.create_secret(second)

    assert engine.key() == b"\xff" * 16


def test_a_foreign_pod_with_all_its_containers_is_seen(engine: PodmanEngine, hands: Hands) -> None:
    hands.do("pod", "create", "--name=house", "--network=town")
    hands.do("create", "--pod=house", "--name=guest", "localhost/sloop/busybox:1", "sleep", "1000")

    names = {one.name for one in engine.look().pods}
    hands.do("pod", "rm", "--force", "house")
    assert "guest" in names
    assert "house" in names
    assert len(names) == 3  # and the infra container, that Podman names


def test_output_of_a_terminal_and_the_last_lines_are_read(engine: PodmanEngine) -> None:
    engine.create_pod(saying("echo one; echo two; echo three", tty=True))
    whole = b"".join(engine.logs("town.baker", follow=True))

    assert whole == b"one\r\ntwo\r\nthree\r\n"
    assert b"".join(engine.logs("town.baker", tail=1)) == b"three\r\n"


def test_a_strangers_own_volumes_outlive_its_removal(engine: PodmanEngine) -> None:
    made = pod()
    (main,) = made.containers
    there = len(engine.look().volumes)
    engine.create_pod(replace(made, containers=(replace(main, mounts=(Mount("/data", volume=""),)),)))

    engine.remove_pod(made.name, 0, volumes=False)

    assert engine.look().pods == ()
    assert len(engine.look().volumes) == there + 1
