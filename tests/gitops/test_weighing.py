"""Scratch space is weighed every so often, where it has a limit, and nobody waits for long for it."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace

from gitops.request import Request
from gitops.weighing import AT_ONCE, EVERY, SOON, Scales
from runtime.engine import EngineError
from runtime.resources import Label
from runtime.seen import Seen, SeenVolume
from tests.engine_in_memory import EngineInMemory
from tests.gitops.material import NAMESPACE
from tests.host import Host
from tests.reconcilers.given import deployment

LIMITED = Seen(volumes=(SeenVolume("shop.web-0.tmp", {Label.LIMIT: "1Mi"}), SeenVolume("shop.data", {})))
NOW = 1_700_000_000.0
WEB = deployment(
    replicas=2,
    container=", volumeMounts: [{name: tmp, mountPath: /tmp}]",
    volumes="[{name: tmp, emptyDir: {sizeLimit: 64Mi}}]",
)


class Weighing(EngineInMemory):
    """Counts what it is asked, and answers once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may = threading.Event()
        self.asked: list[list[str]] = []
        self.trouble = ""

    def sizes(self, volumes: Collection[str]) -> Mapping[str, int]:
        self.asked.append([*volumes])
        self.may.wait()
        if self.trouble:
            raise EngineError(self.trouble)
        return dict.fromkeys(volumes, 7)


def test_only_what_has_a_limit_is_weighed_and_once_in_a_while() -> None:
    engine, scales = Weighing(), Scales()
    engine.may.set()

    told = [scales.weigh(engine, LIMITED, NOW + after, AT_ONCE) for after in (0, EVERY - 1, EVERY)]

    assert engine.asked == [["shop.web-0.tmp"]] * 2
    assert [one.sizes for one in told] == [{"shop.web-0.tmp": 7}] * 3
    assert [one.at for one in told] == [NOW, NOW, NOW + EVERY]
    assert [one.again for one in told] == [NOW + EVERY, NOW + EVERY, NOW + 2 * EVERY]


def test_where_nothing_has_a_limit_nobody_is_asked_and_nothing_is_looked_at_again() -> None:
    engine = Weighing()

    told = Scales().weigh(engine, Seen(volumes=(SeenVolume("shop.data", {}),)), NOW, AT_ONCE)

    assert (engine.asked, told.again) == ([], None)


def test_a_clock_that_was_put_back_is_no_reason_to_wait() -> None:
    engine, scales = Weighing(), Scales()
    engine.may.set()
    scales.weigh(engine, LIMITED, NOW, AT_ONCE)

    assert scales.weigh(engine, LIMITED, NOW - 86400, AT_ONCE).at == NOW - 86400


def test_what_takes_long_is_not_waited_for_and_not_begun_twice() -> None:
    engine, scales = Weighing(), Scales()

    early = [scales.weigh(engine, LIMITED, NOW + after, 0.01) for after in (0, EVERY)]
    asked = len(engine.asked)
    engine.may.set()
    late = scales.weigh(engine, LIMITED, NOW + EVERY + 1, AT_ONCE)

    assert ([one.sizes for one in early], asked) == ([{}, {}], 1)
    assert early[0].again == NOW + SOON
    assert late.sizes == {"shop.web-0.tmp": 7}


def test_a_trouble_is_told_once_until_it_is_over() -> None:
    engine, scales = Weighing(), Scales()
    engine.may.set()

    def told(trouble: str, after: float) -> str:
        engine.trouble = trouble
        scales.weigh(engine, LIMITED, NOW + after, AT_ONCE)
        return scales.untold()

    assert [told(one, n * EVERY) for n, one in enumerate(["no", "no", "", "no"])] == ["no", "", "", "no"]


def test_the_loop_without_end_evicts_once_tells_of_it_and_is_well_again(host: Host) -> None:
    host.commit("Open", {"shop.yaml": NAMESPACE, "web.yaml": WEB})
    host.apply()
    first, second = host.pods()
    before = {pod.name: pod.id for pod in host.engine.look().pods}
    loop = host.loop(Request("run", patient=True))
    loop.sync_once()
    host.engine.weights[f"{first}.tmp"] = 65 * 2**20

    for _ in range(12):
        host.clock.now += 5
        passed = loop.sync_once()

    after = {pod.name: pod.id for pod in host.engine.look().pods}
    (event,) = [one for one in host.ledger.past.events(host.source.id) if one.reason == "Evicted"]
    assert event.message.startswith(f'{first}: Usage of EmptyDir volume "tmp" exceeds the limit "64Mi"')
    assert passed.done
    assert before[first] != after[first]
    assert before[second] == after[second]
    assert host.engine.graces[first] == 1


def test_where_volumes_cannot_be_weighed_that_is_told_once_and_all_else_goes_on(host: Host) -> None:
    host.commit("Open", {"shop.yaml": NAMESPACE, "web.yaml": WEB})
    host.apply()
    engine = Weighing()
    engine.may.set()
    engine.trouble = "cannot measure volumes that have a limit (sizeLimit): no such user"
    loop = host.loop(Request("run", patient=True))
    loop.house = replace(loop.house, engine=Blunt(host.engine, engine))

    for _ in range(3):
        host.clock.now += EVERY
        assert loop.sync_once().done

    assert host.told.notices == [f"{engine.trouble}; no pod is evicted"]


class Blunt:
    """An engine of which another one's scales are used."""

    def __init__(self, engine: EngineInMemory, other: EngineInMemory) -> None:
        self.engine, self.other = engine, other

    def __getattr__(self, name: str) -> object:
        return getattr(self.other if name == "sizes" else self.engine, name)
