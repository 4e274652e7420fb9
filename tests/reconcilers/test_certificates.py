"""Certificates are obtained when they are due, and an Ingress is told how that goes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from reconcilers.certificates import due_at
from reconcilers.ingress import CLASS, NAME
from reconcilers.kinds import catalog, reconcile
from reconcilers.wanted import Health, Wanted
from reconcilers.world import Entrance, World
from runtime.certificates import VOLUME, Account, Hosts, Issued, Kept
from runtime.resources import Configuration, Hidden, Label, Owner
from runtime.seen import Seen, SeenPod, SeenVolume
from schemas.load import load
from schemas.manifest import Manifest

NOW, DAY = 1_700_000_000.0, 86400.0
SERVER = "https://acme.example.org/dir"
HOSTS = ("a.org", "b.org")
SITE = Owner("Ingress", "default", "site")
ACCOUNT = Account(SERVER, "thumb")
FILES = {
    "a.yaml": b"""
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: sloop}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: site, annotations: {sloop/acme: "true"}}
spec:
  tls: [{hosts: [a.org, b.org]}]
  defaultBackend: {service: {name: web, port: {number: 80}}}
"""
}


def world(kept: Kept | None = None, *, directory: str = SERVER, seen: Seen | None = None) -> World:
    """Return a world in which an Ingress asks for a certificate; of the proxy nothing is seen yet."""
    made = World(
        "0123456789ab", "c0ffee", NOW, b"", seen or Seen(), catalog(manifests()), kept=kept or Kept()
    )
    return replace(made, entrance=Entrance(directory=directory), volumes=frozenset({VOLUME}))


def wanted(of: World) -> Mapping[Owner, Wanted]:
    """Return what the class and the Ingress want."""
    return {answer.owner: answer for answer in reconcile(manifests(), of)}


def manifests() -> list[Manifest]:
    """Return the objects."""
    loaded = load(FILES)
    assert not loaded.problems
    return list(loaded.manifests)


def configured(of: World) -> World:
    """Return the world once the proxy runs, and has been told."""
    (content,) = [one.content for one in wanted(of)[CLASS].resources if isinstance(one, Configuration)]
    labels = {Label.SOURCE: of.source, Label.OWNER: str(CLASS), Label.POD: NAME}
    proxy = SeenPod("1", NAME, labels, "running", "haproxy", "1", ())
    return replace(of, seen=Seen((proxy,), volumes=(SeenVolume(NAME, {}, content),)))


def issued(hosts: Hosts = HOSTS, **more: Any) -> Kept:
    """Return what is kept of a certificate for 90 days, obtained 10 days ago."""
    one = Issued(hosts, SERVER, Hidden(b"PEM"), NOW - 10 * DAY, NOW + 80 * DAY, tried=NOW - 10 * DAY)
    return Kept(ACCOUNT, {hosts: replace(one, **more)})


def test_a_certificate_is_obtained_once_the_server_would_be_answered() -> None:
    before = wanted(world(Kept(ACCOUNT)))
    after = wanted(configured(world(Kept(ACCOUNT))))

    assert before[CLASS].orders == ()
    assert after[CLASS].orders == (HOSTS,)
    assert after[CLASS].status.health is Health.PROGRESSING
    assert after[SITE].status.reason == "obtaining a certificate for a.org, b.org"


def test_an_ingress_is_healthy_when_its_proxy_leads_not_as_soon_as_it_runs() -> None:
    told = configured(world(issued()))

    for answers, health in ((False, Health.PROGRESSING), (True, Health.HEALTHY)):
        found = wanted(replace(told, past=replace(told.past, serving={NAME: answers})))
        assert {found[CLASS].status.health, found[SITE].status.health} == {health}


def test_nothing_is_asked_of_a_server_whose_terms_nobody_agreed_to() -> None:
    after = wanted(configured(world(directory="")))

    assert after[CLASS].orders == ()
    assert VOLUME not in {getattr(one, "name", "") for one in after[CLASS].resources}
    assert after[SITE].status.health is Health.DEGRADED
    assert "agree to the terms" in after[SITE].status.reason


@pytest.mark.parametrize(
    ("kept", "days"),
    [
        (issued(), 50.0),
        (issued(begins=NOW - 60 * DAY, ends=NOW + 30 * DAY), 0.0),
        (issued(failures=1, tried=NOW), 600 / DAY),
        (issued(failures=3, tried=NOW), 2400 / DAY),
        (issued(failures=99, tried=NOW), 1.0),
        (issued(directory="https://elsewhere.example.org"), -NOW / DAY),
        (issued(("a.org",)), -NOW / DAY),
    ],
    ids=["young", "two thirds", "failed", "failed again", "failed for days", "another server", "other hosts"],
)
def test_a_certificate_is_due_after_two_thirds_of_its_life_or_a_back_off(kept: Kept, days: float) -> None:
    assert due_at(world(kept), HOSTS) == pytest.approx(NOW + days * DAY)


def test_somebody_looks_again_when_the_next_one_is_due() -> None:
    answer = wanted(configured(world(issued())))[CLASS]

    assert (answer.status.health, answer.look_again) == (Health.HEALTHY, NOW + 50 * DAY)


@pytest.mark.parametrize(
    ("kept", "health", "words"),
    [
        (issued(), Health.HEALTHY, ""),
        (issued(failures=1, why="busy"), Health.HEALTHY, "not renewed yet: busy"),
        (
            issued(failures=1, why="busy", ends=NOW - 1),
            Health.DEGRADED,
            "ended at 2023-11-14 22:13 UTC",
        ),
        (
            issued(failures=1, why="no such host", pem=Hidden(b"")),
            Health.DEGRADED,
            "no such host; next",
        ),
    ],
    ids=["fine", "renewal fails", "ended", "none yet"],
)
def test_an_ingress_is_told_how_it_goes(kept: Kept, health: Health, words: str) -> None:
    status = wanted(configured(world(kept)))[SITE].status

    assert status.health is health
    assert words in status.reason
