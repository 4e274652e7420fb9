"""The answer of last time: a pass is a function of the commit, the machine and the time.

Where none of them has changed, the recorded answer holds, and neither manifests nor models are loaded.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gitops import VERSION
from gitops.settings import rules
from runtime.dataclass import dataclass
from runtime.ledger import Answer, recall
from runtime.observe import fingerprint, of_source
from runtime.records import Readiness
from runtime.resources import Label, digest

if TYPE_CHECKING:
    from gitops.aim import Aim
    from gitops.git.source import Source
    from gitops.settings import Settings
    from runtime.engine import Engine
    from runtime.seen import Seen
    from runtime.writes import Ledger


@dataclass(frozen=True, slots=True)
class Idle:
    """The recorded status where it still holds, else None; it is of the commit that is aimed at.

    ``suspicious`` says that nothing else has happened than that a probe fails, ``limited`` that there is
    scratch space which who mends has to weigh first.
    """

    document: Mapping[str, Any] | None = None
    suspicious: bool = False
    limited: bool = False


def idle(
    source: "Source",
    engine: "Callable[[], Engine]",
    settings: "Settings",
    now: float,
    aim: "Callable[[], Aim]",
) -> Idle:
    """Return the recorded status if nothing has happened since.  Changes nothing.

    ``aim`` says which commit it is about; ``engine`` is called if it comes to what is there.
    """
    answer = None if rules(settings).suspended else recall(settings.state, source.id)
    if answer is None or (answer.look_again is not None and answer.look_again <= now):
        return Idle()
    aimed = aim()
    if answer.revision != aimed.sha or bool(answer.document.get("behind")) != bool(aimed.why):
        return Idle()
    seen = engine().look()
    if answer.fingerprint != _fingerprint(source, seen, settings):
        return Idle()
    if not _still_ready(source, engine(), seen, now):
        return Idle(suspicious=True)
    volumes = of_source(seen, source.id).volumes
    return Idle(answer.document, limited=any(Label.LIMIT in one.labels for one in volumes))


def record(
    ledger: "Ledger",
    source: "Source",
    seen: "Seen",
    settings: "Settings",
    revision: str,
    document: Mapping[str, Any],
    *,
    look_again: float | None,
) -> None:
    """Record the status of a pass that found nothing to do and everything well, and until when it holds."""
    answer = Answer(_fingerprint(source, seen, settings), revision, look_again, document)
    ledger.answer(source.id, answer)


def _still_ready(source: "Source", engine: "Engine", seen: "Seen", now: float) -> bool:
    """Say whether every probe, asked once, finds its pod well."""
    pods = [pod for pod in of_source(seen, source.id).pods if Label.PROBES in pod.labels]
    if not pods:
        return True
    from gitops.probing import ask_once

    probed = ask_once(
        engine,
        pods,
        {one.id: Readiness(True, max(one.started, pod.created)) for pod in pods for one in pod.containers},
        now,
    )
    return not probed.unwell and not any(one.failures for one in probed.readiness.values())


def _fingerprint(source: "Source", seen: "Seen", settings: "Settings") -> str:
    signers = source.signers.mark if source.signers else ""
    said = [settings.pool, settings.node, dict(settings.node_labels), settings.proxy_image, signers]
    entered = [
        settings.proxy_node_ports,
        settings.ingress_http,
        settings.ingress_https,
        settings.ingress_address,
        *settings.ingress_classes,
        settings.acme_agree,
        settings.acme_directory,
        list(settings.policy_forbid),
        list(settings.policy_ignore),
        rules(settings).prune,
        rules(settings).render,
    ]
    return digest([VERSION, *said, *entered, fingerprint(seen, source.id)])
