"""What every engine promises: the one in memory that pure tests stand on, and Podman itself."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from runtime.engine import Engine, EngineError, Gone, ImageMissing, NameTaken
from runtime.podman import PodmanEngine
from runtime.proxies import members
from runtime.resources import File, Files, Guest, Hidden, Image, Label, Mount, Network, Owner, Secret, Volume
from runtime.seen import UNKNOWN, SeenPod
from runtime.takeovers import takeover
from tests.engine_in_memory import EngineInMemory
from tests.podman.hands import Hands
from tests.podman.making import CELLAR, IMAGE, TOWN, pod
from tests.podman.proxying import proxy

OWNER = Owner("PersistentVolumeClaim", "shop", "data")
RECIPE = Files("recipe", {Label.KIND: "files"}, (File("bread/rye", b"flour"), File("salt", b"", 0o600)))


@dataclass(frozen=True, slots=True)
class Subject:
    engine: PodmanEngine | EngineInMemory
    hands: Hands | EngineInMemory

    def pods(self) -> dict[str, SeenPod]:
        return {one.name: one for one in self.engine.look().pods}

    def volumes(self) -> set[str]:
        return {one.name for one in self.engine.look().volumes}


@pytest.fixture(params=["memory", "podman"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "memory":
        engine = EngineInMemory()
        yield Subject(engine, engine)
    else:
        podman = request.getfixturevalue("empty_podman")
        real = PodmanEngine(podman.url)
        yield Subject(real, Hands(podman))


@pytest.fixture
def town(subject: Subject) -> Subject:
    subject.engine.create_network(TOWN)
    return subject


def test_both_are_engines(subject: Subject) -> None:
    engine: Engine = subject.engine

    assert engine.look().pods == ()


def test_what_went_over_to_another_source_is_seen_as_that_ones(town: Subject) -> None:
    mine = replace(CELLAR, labels={Label.SOURCE: "first", Label.OWNER: str(OWNER), Label.KIND: "claim"})
    other = replace(
        mine, name="other", labels={**mine.labels, Label.OWNER: "PersistentVolumeClaim/shop/other"}
    )
    town.engine.create_volume(mine)
    town.engine.create_volume(other)

    for holder in ("second", "third"):
        told = takeover(OWNER, holder, town.engine.look().volumes)
        town.engine.create_volume(told)
        found = {one.name: one.labels[Label.SOURCE] for one in town.engine.look().volumes}
        assert found.items() >= {mine.name: holder, other.name: "first", told.name: holder}.items()


def test_what_was_made_is_seen(town: Subject) -> None:
    town.engine.create_volume(CELLAR)
    town.engine.create_secret(Secret("key", Hidden(b"under the mat")))
    town.engine.create_pod(pod())

    seen = town.engine.look()
    assert {one.name: (one.labels, one.subnets) for one in seen.networks}["town"] == (
        TOWN.labels,
        (TOWN.subnet,),
    )
    assert {one.name: one.labels for one in seen.volumes} == {"cellar": CELLAR.labels}
    assert seen.secrets == ("key",)
    (baker,) = seen.pods
    assert (baker.name, baker.state, baker.image, baker.networks) == (
        "town.baker",
        "running",
        IMAGE,
        ("town",),
    )
    assert baker.labels[Label.POD] == "town.baker"
    assert baker.pid > 0
    assert 0 < int(baker.created) <= baker.started
    assert baker.ended == 0


def test_a_name_is_given_once(town: Subject) -> None:
    secret = Secret("key", Hidden(b"under the mat"))
    town.engine.create_volume(CELLAR)
    town.engine.create_secret(secret)
    town.engine.create_pod(pod())
    town.engine.create_pod(pod("town.miller"))

    with pytest.raises(NameTaken, match="town"):
        town.engine.create_network(replace(TOWN, subnet="10.232.0.0/20"))
    with pytest.raises(NameTaken, match="cellar"):
        town.engine.create_volume(CELLAR)
    with pytest.raises(NameTaken, match="key"):
        town.engine.create_secret(secret)
    with pytest.raises(NameTaken, match=r"town\.baker"):
        town.engine.create_pod(pod())
    with pytest.raises(NameTaken, match=r"town\.baker"):
        town.engine.rename_pod("town.miller", "town.baker")


def test_removing_what_is_gone_is_no_error(subject: Subject) -> None:
    subject.engine.remove_pod("nobody", 0)
    subject.engine.remove_network("nowhere")
    subject.engine.remove_volume("nothing")
    subject.engine.remove_secret("unknown")

    assert subject.engine.look().pods == ()


def test_what_was_removed_is_gone(town: Subject) -> None:
    town.engine.create_volume(CELLAR)
    town.engine.create_secret(Secret("key", Hidden(b"under the mat")))
    town.engine.create_pod(pod("town.baker", Mount("/cellar", volume="cellar")))

    town.engine.remove_pod("town.baker", 0)
    town.engine.remove_volume("cellar")
    town.engine.remove_secret("key")
    town.engine.remove_network("town")

    seen = town.engine.look()
    assert (seen.pods, seen.volumes, seen.secrets) == ((), (), ())
    assert "town" not in {one.name for one in seen.networks}


@pytest.mark.parametrize("what", ["network", "volume"])
def test_what_is_in_use_is_not_removed(town: Subject, what: str) -> None:
    town.engine.create_volume(CELLAR)
    town.engine.create_pod(pod("town.baker", Mount("/cellar", volume="cellar")))
    remove = {"network": town.engine.remove_network, "volume": town.engine.remove_volume}[what]

    with pytest.raises(EngineError, match=f"cannot remove the {what}"):
        remove({"network": "town", "volume": "cellar"}[what])
    assert town.pods()["town.baker"].state == "running"


def test_a_subnet_is_given_once(town: Subject) -> None:
    with pytest.raises(EngineError, match="cannot create the network village"):
        town.engine.create_network(Network("village", {}, "10.231.0.0/24"))


def test_files_are_seen_by_their_digest(subject: Subject) -> None:
    subject.engine.write_files(RECIPE)
    first = subject.engine.look().volumes
    changed = replace(RECIPE, files=(File("bread/wheat", b"flour"),))
    subject.engine.write_files(changed)
    second = subject.engine.look().volumes

    assert [one.content for one in first] == [RECIPE.content]
    assert [one.content for one in second] == [changed.content]


def test_a_file_of_a_volume_is_written_beside_its_others(subject: Subject) -> None:
    engine = subject.engine
    engine.create_volume(Volume("chest", {Label.KIND: "certificates"}))

    for name, content in (("b", b"1"), ("a", b"2"), ("b", b"3")):
        engine.write_file("chest", File(name, content, 0o600))

    found = sorted(engine.files_of("chest"), key=lambda file: file.path)
    assert found == [File("a", b"2", 0o600), File("b", b"3", 0o600)]
    assert engine.files_of("nowhere") == ()
    with pytest.raises(EngineError, match="nowhere"):
        engine.write_file("nowhere", File("a", b""))


def test_volumes_are_weighed_by_what_is_in_them(subject: Subject) -> None:
    engine = subject.engine
    for name in ("chest", "other"):
        engine.create_volume(Volume(name, {Label.KIND: "scratch"}))
    before = engine.sizes(["chest", "other"])
    engine.write_file("chest", File("gold", bytes(300_000)))
    after = engine.sizes(["chest", "other", "nowhere"])

    assert after.keys() == before.keys() == {"chest", "other"}
    assert 300_000 <= after["chest"] - before["chest"] < 310_000
    assert after["other"] == before["other"]


def test_only_volumes_of_files_are_written_to(subject: Subject) -> None:
    subject.engine.create_volume(CELLAR)

    with pytest.raises(EngineError, match="cannot write the volume cellar"):
        subject.engine.write_files(replace(RECIPE, name="cellar"))
    assert [one.content for one in subject.engine.look().volumes] == [""]


def test_a_secret_is_not_empty(subject: Subject) -> None:
    with pytest.raises(EngineError, match="cannot create the secret key"):
        subject.engine.create_secret(Secret("key", Hidden(b"")))


def test_a_pod_that_was_stopped_starts_again_as_the_same(town: Subject) -> None:
    town.engine.create_pod(pod())
    before = town.pods()["town.baker"]
    town.hands.stop("town.baker")
    stopped = town.pods()["town.baker"]
    town.engine.start_pod("town.baker")
    town.engine.start_pod("town.baker")
    after = town.pods()["town.baker"]

    assert (stopped.state, stopped.pid) == ("exited", 0)
    assert stopped.ended >= stopped.started
    assert (after.state, after.id) == ("running", before.id)
    assert after.pid not in {0, before.pid}


@pytest.mark.parametrize("stopped", [True, False])
def test_a_pod_is_restarted_as_the_same_whether_it_runs_or_not(town: Subject, stopped: bool) -> None:
    town.engine.create_pod(pod())
    before = town.pods()["town.baker"]
    if stopped:
        town.hands.stop("town.baker")
    town.engine.restart_pod("town.baker", 0)

    after = town.pods()["town.baker"]
    assert (after.id, after.state) == (before.id, "running")
    assert after.pid not in {0, before.pid}
    assert after.started >= before.started


def test_a_command_runs_only_in_a_pod_that_runs(town: Subject) -> None:
    town.engine.create_pod(pod())
    exit_code = town.engine.run_in("town.baker", ["true"], 20)
    town.hands.stop("town.baker")

    assert exit_code == 0
    with pytest.raises(EngineError, match=r"town\.baker"):
        town.engine.run_in("town.baker", ["true"], 20)


def test_a_killed_pod_tells_how_it_ended(town: Subject) -> None:
    town.engine.create_pod(pod())
    town.hands.kill("town.baker")

    exit_of = town.engine.exit_of("town.baker")
    assert town.pods()["town.baker"].exit_code == 137
    assert (exit_of.restarts, exit_of.out_of_memory, exit_of.alone) == (0, False, False)


def test_a_pod_that_nobody_restarts_tells_so_when_it_is_killed(town: Subject) -> None:
    town.engine.create_pod(replace(pod(), restart="Never"))
    town.hands.kill("town.baker")

    assert town.engine.exit_of("town.baker").alone


def test_what_runs_is_measured_and_its_count_grows(town: Subject) -> None:
    town.engine.create_pod(pod())
    baker = town.pods()["town.baker"].id

    before, after = town.engine.usage()[baker], town.engine.usage()[baker]

    assert before.at < after.at
    assert 0 <= before.cpu <= after.cpu
    assert after.memory > 0


def test_a_paused_pod_goes_on(town: Subject) -> None:
    town.engine.create_pod(pod())
    town.hands.pause("town.baker")
    paused = town.pods()["town.baker"]
    town.engine.unpause_pod("town.baker")
    town.engine.unpause_pod("town.baker")

    assert paused.state == "paused"
    assert town.pods()["town.baker"].state == "running"


def test_a_paused_pod_is_not_started_but_removed(town: Subject) -> None:
    town.engine.create_pod(pod())
    town.hands.pause("town.baker")

    with pytest.raises(EngineError, match=r"cannot start the pod town\.baker"):
        town.engine.start_pod("town.baker")
    with pytest.raises(EngineError, match=r"cannot restart the pod town\.baker"):
        town.engine.restart_pod("town.baker", 0)
    town.engine.remove_pod("town.baker", 0)
    assert town.pods() == {}


def test_a_pod_gets_its_name_back(town: Subject) -> None:
    town.engine.create_pod(pod())
    before = town.pods()["town.baker"]
    town.hands.rename("town.baker", "butcher")
    renamed = town.pods()["butcher"]
    town.engine.rename_pod("butcher", "town.baker")

    assert renamed.labels[Label.POD] == "town.baker"
    assert town.pods()["town.baker"].id == before.id


def test_a_pod_returns_to_its_network(town: Subject) -> None:
    town.engine.create_pod(pod())
    town.hands.disconnect("town.baker", "town")
    away = town.pods()["town.baker"].networks
    town.engine.connect_pod("town.baker", "town", ("bread",))
    town.engine.connect_pod("town.baker", "town", ("bread",))

    assert away == ()
    assert town.pods()["town.baker"].networks == ("town",)


def test_a_pod_may_be_in_other_networks_and_leave_them(town: Subject) -> None:
    village = Network("village", {}, "10.232.0.0/20")
    town.engine.create_network(village)
    town.engine.create_pod(replace(pod(), guest=(Guest("village", ("bread",)),), address="10.231.8.1"))
    both = town.pods()["town.baker"].networks

    town.engine.disconnect_pod("town.baker", "village")
    town.engine.disconnect_pod("town.baker", "village")
    town.engine.disconnect_pod("nobody", "village")

    assert both == ("town", "village")
    assert town.pods()["town.baker"].networks == ("town",)


def test_a_proxy_is_configured_before_it_is_made_and_seen_with_its_note(subject: Subject) -> None:
    _, configuration, _ = proxy("town.baker")

    subject.engine.configure(configuration)

    (volume,) = subject.engine.look().volumes
    assert (volume.name, volume.content) == (configuration.name, configuration.content)
    assert members(volume.note) == ("town.baker",)
    assert volume.labels == configuration.labels


def test_only_volumes_of_proxies_are_configured(subject: Subject) -> None:
    _, configuration, _ = proxy()
    subject.engine.create_volume(Volume(configuration.name, {Label.KIND: "claim"}))

    with pytest.raises(EngineError, match="isn't a proxy's"):
        subject.engine.configure(configuration)


def test_a_proxy_that_does_not_run_knows_of_no_server(subject: Subject) -> None:
    _, configuration, _ = proxy("town.baker")
    subject.engine.configure(configuration)

    with pytest.raises(EngineError):
        subject.engine.servers(configuration.name)


def test_a_pod_that_was_removed_is_not_found(town: Subject) -> None:
    town.engine.create_pod(pod())
    town.hands.remove("town.baker")

    assert town.pods() == {}
    assert town.engine.exit_of("town.baker") == UNKNOWN
    for ask in (town.engine.start_pod, town.engine.unpause_pod):
        with pytest.raises(Gone, match=r"town\.baker"):
            ask("town.baker")
    with pytest.raises(Gone, match=r"town\.baker"):
        town.engine.restart_pod("town.baker", 0)
    with pytest.raises(Gone, match=r"town\.baker"):
        list(town.engine.logs("town.baker"))


def test_a_pod_without_its_image_is_not_made(town: Subject) -> None:
    with pytest.raises(ImageMissing, match="localhost/none:1"):
        town.engine.create_pod(pod(image="localhost/none:1"))
    assert town.pods() == {}


@pytest.mark.parametrize(
    ("missing", "lacking"),
    [
        ("village", replace(pod(), network="village")),
        ("cellar", pod("town.baker", Mount("/cellar", volume="cellar"))),
        ("key", pod(secret_env=(("KEY", "key"),))),
    ],
    ids=["network", "volume", "secret"],
)
def test_a_pod_without_what_it_needs_is_not_made(town: Subject, missing: str, lacking: object) -> None:
    with pytest.raises(EngineError, match=missing):
        town.engine.create_pod(lacking)  # type: ignore[arg-type]
    assert town.pods() == {}
    assert town.volumes() == set()


def test_a_taken_port_is_named_with_its_holder_and_nothing_stays_half_made(town: Subject) -> None:
    town.engine.create_pod(pod("town.baker", port=18080))

    with pytest.raises(EngineError, match=r"port 18080 is taken by the container town\.baker"):
        town.engine.create_pod(pod("town.miller", port=18080))
    assert town.pods().keys() == {"town.baker"}
    town.engine.remove_pod("town.baker", 0)
    town.engine.create_pod(pod("town.miller", port=18080))
    assert town.pods()["town.miller"].state == "running"


def test_anonymous_volumes_go_with_their_pod_and_others_stay(town: Subject) -> None:
    town.engine.create_volume(CELLAR)
    mounts = (Mount("/cellar", volume="cellar"), Mount("/bin2", volume=""))
    town.engine.create_pod(pod("town.baker", *mounts))
    with_pod = town.volumes()
    town.engine.remove_pod("town.baker", 0)

    assert len(with_pod) == 2
    assert town.volumes() == {"cellar"}


def test_an_image_is_called_with_and_without_its_registry(subject: Subject) -> None:
    images = subject.engine.images()

    assert {"localhost/sloop/busybox:1", "sloop/busybox:1", "localhost/sloop/busybox:2"} <= images
    assert "localhost/sloop/busybox" not in images


def test_an_image_that_is_here_needs_no_registry(subject: Subject) -> None:
    assert subject.engine.pull(Image(IMAGE, "IfNotPresent")) == ""
    assert subject.engine.pull(Image(IMAGE, "Never")) == ""


def test_the_local_image_serves_where_no_registry_answers(subject: Subject) -> None:
    notice = subject.engine.pull(Image(IMAGE, "Always"))

    assert IMAGE in notice
    assert "the one on this machine is used" in notice


@pytest.mark.parametrize("policy", ["Never", "IfNotPresent", "Always"])
def test_an_image_that_is_nowhere_is_missing(subject: Subject, policy: str) -> None:
    with pytest.raises(ImageMissing, match="localhost/none:1"):
        subject.engine.pull(Image("localhost/none:1", policy))


def test_the_key_stays_and_the_identity_does_not_tell_it(subject: Subject) -> None:
    key, again = subject.engine.key(), subject.engine.key()

    assert key == again
    assert len(key) == 16
    assert subject.engine.identity() == subject.engine.identity()
    assert subject.engine.identity() not in key.hex()


def test_looking_costs_the_same_however_much_is_there(town: Subject) -> None:
    def cost() -> int:
        before = town.engine.requests
        town.engine.look()
        return town.engine.requests - before

    town.engine.create_pod(pod("town.p0"))
    town.engine.write_files(RECIPE)
    at_one = cost()
    names = [f"town.p{number}" for number in range(1, 20)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: town.engine.create_pod(pod(name)), names))
    at_twenty = cost()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: town.engine.remove_pod(name, 0), names))

    assert (at_one, at_twenty) == (4, 4)


def test_one_of_two_who_make_the_same_at_once_is_told(town: Subject) -> None:
    def make(_: int) -> int:
        try:
            town.engine.create_pod(pod())
        except NameTaken:
            return 0
        return 1

    with ThreadPoolExecutor(8) as threads:
        made = sum(threads.map(make, range(8)))

    assert made == 1
    assert town.pods()["town.baker"].state == "running"


def test_what_happens_is_told_from_the_moment_of_listening(town: Subject) -> None:
    with town.engine.happenings() as told:
        town.engine.create_pod(pod())
        first = [next(told) for _ in range(2)]
        town.hands.kill("town.baker")
        death = next(told)

    assert [(one.action, one.name) for one in first] == [("create", "town.baker"), ("start", "town.baker")]
    assert (death.action, death.name) == ("died", "town.baker")
    assert death.labels[Label.POD] == "town.baker"


def test_listening_ends_from_another_thread(subject: Subject) -> None:
    listening = subject.engine.happenings()
    told = listening.__enter__()
    with ThreadPoolExecutor(1) as threads:
        heard = threads.submit(list, told)
        threading.Event().wait(0.05)
        listening.__exit__(None, None, None)

        assert heard.result(timeout=5) == []


def test_an_error_names_no_secret(town: Subject) -> None:
    town.engine.create_secret(Secret("key", Hidden(b"under the mat")))

    with pytest.raises(EngineError) as refusal:
        town.engine.create_secret(Secret("key", Hidden(b"under the mat")))
    assert "under the mat" not in f"{refusal.value!r} {refusal.value.__cause__!r}"


def test_a_volume_is_made_with_its_labels(subject: Subject) -> None:
    subject.engine.create_volume(Volume("scratch", {Label.KIND: "scratch"}))

    assert [one.labels for one in subject.engine.look().volumes] == [{Label.KIND: "scratch"}]


def test_a_pod_that_is_stopped_stays_so_and_has_no_process(town: Subject) -> None:
    town.engine.create_pod(pod())
    running = town.engine.process_of("town.baker")
    town.engine.stop_pod("town.baker", 0)
    town.engine.stop_pod("town.baker", 0)

    assert running > 0
    assert (town.pods()["town.baker"].state, town.engine.process_of("town.baker")) == ("exited", 0)


def test_the_process_of_a_pod_has_an_age_while_it_lives(town: Subject) -> None:
    town.engine.create_pod(pod())
    running = town.engine.process_of("town.baker")
    age = town.engine.lifetime(running)
    town.engine.stop_pod("town.baker", 0)

    assert 0 < age < 60
    assert (town.engine.lifetime(running), town.engine.lifetime(0)) == (0, 0)


def test_a_pod_may_be_in_the_network_of_the_machine(subject: Subject) -> None:
    subject.engine.create_pod(replace(pod(), network=""))

    assert subject.pods()["town.baker"].state == "running"
    assert "town" not in subject.pods()["town.baker"].networks


def test_names_that_nobody_answers_are_seen_and_answered_again_and_nobody_is_started(town: Subject) -> None:
    town.engine.create_pod(pod())
    baker = town.pods()["town.baker"]
    assert mute(town) == set()

    town.hands.hush()
    assert mute(town) == town.engine.mute() == {"town"}

    town.engine.revive_network("town")
    assert mute(town) == town.engine.mute() == set()
    assert town.pods() == {"town.baker": baker}

    town.engine.revive_network("town")
    assert town.pods() == {"town.baker": baker}


def mute(subject: Subject) -> set[str]:
    """Return the networks whose names nobody answers."""
    return {one.name for one in subject.engine.look().networks if one.mute}
