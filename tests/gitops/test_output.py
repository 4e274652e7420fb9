"""Output passes through unharmed; of several pods each line says whose it is."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gitops.inside import chosen, defaulted, every
from gitops.telling.output import output
from gitops.telling.which import Missing
from runtime.engine import EngineUnreachable
from runtime.resources import Label, Role
from runtime.seen import SeenContainer, SeenPod
from tests.engine_in_memory import EngineInMemory


class Spoken(EngineInMemory):
    """An engine whose pods have something to say: pieces of bytes, then an error if there is one."""

    def __init__(self, **said: list[bytes | Exception]) -> None:
        super().__init__()
        self.pieces = said

    def logs(self, name: str, *, follow: bool = False, tail: int | None = None) -> Iterator[bytes]:
        del follow, tail
        for piece in self.pieces[name]:
            if isinstance(piece, Exception):
                raise piece
            yield piece


class Talking(Spoken):
    """Two pods of which each waits for the other's word before it goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = {"a": threading.Semaphore(1), "b": threading.Semaphore(0)}

    def logs(self, name: str, *, follow: bool = False, tail: int | None = None) -> Iterator[bytes]:
        del follow, tail
        other = self.turns["b" if name == "a" else "a"]
        for word in (b"one\n", b"two\n"):
            self.turns[name].acquire()
            yield word
            other.release()


def pod(name: str) -> SeenPod:
    return SeenPod(name, name, {Label.OWNER: f"Pod/shop/{name}"}, "running", "", "", ())


def said(engine: EngineInMemory, *names: str, follow: bool = False) -> list[bytes]:
    return list(output(engine, every([pod(name) for name in names]), follow=follow, tail=None))


def test_the_bytes_of_one_pod_pass_as_they_are() -> None:
    assert said(Spoken(a=[b"\x00\xff\r\n", b"half", b"", b"\x1b[0m"]), "a") == [
        b"\x00\xff\r\n",
        b"half",
        b"",
        b"\x1b[0m",
    ]


def test_each_line_of_several_pods_has_its_pods_name_in_front() -> None:
    engine = Spoken(a=[b"one\ntwo ", b"halves\n", b"\xff\r\n"], b=[b"\n", b"no end"])

    assert said(engine, "a", "b") == [
        b"a | one\n",
        b"a | two halves\n",
        b"a | \xff\r\n",
        b"b | \n",
        b"b | no end\n",
    ]


def test_pods_are_followed_all_at_once_until_the_last_has_ended() -> None:
    assert said(Talking(), "a", "b", follow=True) == [b"a | one\n", b"b | one\n", b"a | two\n", b"b | two\n"]


def test_a_stream_that_breaks_is_told_when_the_others_have_ended() -> None:
    engine = Spoken(a=[EngineUnreachable("Podman is gone")], b=[b"two\n", b"three\n"])
    heard: list[bytes] = []

    with pytest.raises(EngineUnreachable, match="Podman is gone"):
        heard.extend(output(engine, every([pod("a"), pod("b")]), follow=True, tail=None))
    assert heard == [b"b | two\n", b"b | three\n"]


def test_of_several_containers_each_line_says_whose_it_is() -> None:
    web = SeenContainer("shop.inn_web", "1", "running", "", "", part="web")
    log = SeenContainer("shop.inn_log", "2", "running", "", "", part="log", role=Role.SIDECAR)
    inn = replace(pod("inn"), members=(log, web))
    engine = Spoken(**{"shop.inn_log": [b"one\n"], "shop.inn_web": [b"two\n"]})

    said = list(output(engine, every([inn]), follow=False, tail=None))
    chosen_one = list(output(engine, chosen([inn], None), follow=False, tail=None))

    assert said == [b"inn log | one\n", b"inn web | two\n"]
    assert chosen_one == [b"two\n"]
    assert defaulted([inn]) == 'Defaulted container "web" out of: web, log (init)'
    with pytest.raises(Missing, match=r"no container nobody: it has web, log \(init\)"):
        chosen([inn], "nobody")
