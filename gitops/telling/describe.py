"""All that is known of one object: what git says, what runs, what happened, and how what failed ended."""

from collections.abc import Callable, Mapping
from typing import Any

from gitops.git.git_error import SourceError
from gitops.look import Sight, look
from gitops.planning.fare import fares
from gitops.planning.mask import masker
from gitops.settings import Settings
from gitops.sources import engine_of
from gitops.telling.details import details
from gitops.telling.jobs import runs_here
from gitops.telling.last_words import last_words
from gitops.telling.meant import absent, pods_of, some_pods_of
from gitops.telling.pods import ContainerHere, PodHere, pods_here
from gitops.telling.report import events_document, moment, owner_document
from gitops.telling.rows import row, wanted_pods
from runtime.observe import pod_name
from runtime.resources import Label, Mount, Owner, Pod, Port
from schemas.manifest import Manifest

Document = dict[str, Any]
LAST_EVENTS = 10


def describe(settings: Settings, whose: Owner) -> Document:
    """Return all about one object; raises Missing where it neither stands in git nor runs.

    Values of Secrets are in nothing of it, not in what a container has said either.
    """
    engine = engine_of(settings)
    return described(look(settings, engine), whose)


def described(sight: Sight, whose: Owner) -> Document:
    """Return all about one object of a moment."""
    pods = pods_here(sight, pods_of(sight.seen, whose))
    run = runs_here(sight).get(whose) if whose.kind == "Job" else None
    writer = pods[0].owner if pods else run.owner if run else whose
    manifest = sight.manifests.get(writer)
    if not pods and manifest is None:
        _refuse(sight, whose)
    mask = masker(sight.view.rendered.manifests) if sight.view else None
    document = {
        **owner_document(whose),
        "owner": None if writer == whose else str(writer),
        "source": sight.source.display,
        "git": _git(sight, manifest) if manifest else None,
        **_fare(sight, whose, writer),
        **(row(sight, whose) if whose == writer or run else {}),
        **(details(sight, manifest) if manifest else {}),
        "pods": [_pod(sight, pod) for pod in pods],
        "events": _events(sight, writer),
    }
    output, untold = last_words(sight, [pod for pod in pods if pod.failed])
    masked = {**_masked(document, mask), **owner_document(whose)}
    return {**masked, "output": output, "notices": [*sight.notices, *untold]}


def _refuse(sight: Sight, whose: Owner) -> None:
    if sight.view is None and sight.trouble:
        raise sight.trouble
    if whose.kind == "Pod":
        some_pods_of(sight.seen, whose)
    raise absent(whose, sight.manifests)


def _git(sight: Sight, manifest: Manifest) -> Document | None:
    """Return where an object is written, and the commit that last touched the file, if git tells it."""
    assert sight.view is not None
    try:
        commit = sight.source.last_touched(None, sight.view.commit.sha, {manifest.file}).get(manifest.file)
    except SourceError:
        commit = None
    return {
        "revision": sight.view.commit.sha,
        "file": "/".join(filter(None, [sight.source.path, manifest.file])),
        "line": manifest.line,
        "touched": commit
        and {
            "revision": commit.sha,
            "author": commit.author,
            "time": commit.date.isoformat(),
            "subject": commit.subject,
        },
    }


def _fare(sight: Sight, whose: Owner, writer: Owner) -> Document:
    fared = {one.owner: one for one in (fares(sight.view) if sight.view else ())}.get(writer)
    if fared is None:
        left = "it has left git, or is not applied any more" if sight.view else ""
        return {"sync": "OutOfSync" if sight.view else "Unknown", "health": None, "reason": left}
    reason = fared.reason if whose == writer or fared.health != "Healthy" else ""
    return {"sync": "Synced" if fared.synced else "OutOfSync", "health": fared.health, "reason": reason}


def _pod(sight: Sight, pod: PodHere) -> Document:
    wanted = next((one for one in wanted_pods(sight, pod.owner) if one.name == pod_name(pod.seen)), None)
    same = wanted if wanted and wanted.digest == pod.seen.labels.get(Label.DIGEST) else None
    alone = None if pod.seen.members else pod.containers[0]
    return {
        "name": pod.shown.name,
        "container" if alone else "pod": pod.seen.name,
        "id": pod.seen.id[:12],
        **(_image(alone) if alone else {}),
        "status": pod.status,
        "ready": pod.ready,
        "unready": pod.unready,
        "state": pod.seen.state,
        **(_end(sight, alone) if alone else {}),
        "restarts": pod.restarts,
        "created": moment(pod.seen.created),
        **(_times(alone) if alone else {}),
        "commit": pod.seen.labels.get(Label.COMMIT, "")[:7],
        "networks": list(pod.seen.networks),
        "ports": _ports(same) if same else _words(pod, Label.PORTS),
        **({"mounts": _mounts(same, "")} if alone else {}),
        "uses": _words(pod, Label.USES),
        **({} if alone else {"containers": [_container(sight, one, same) for one in pod.containers]}),
    }


def _container(sight: Sight, one: ContainerHere, wanted: Pod | None) -> Document:
    return {
        "name": one.seen.part,
        "role": str(one.seen.role),
        "id": one.seen.id[:12],
        **_image(one),
        "status": one.status,
        "ready": one.ready,
        "state": one.seen.state,
        **_end(sight, one),
        "restarts": one.restarts,
        **_times(one),
        "mounts": _mounts(wanted, one.seen.part),
    }


def _image(one: ContainerHere) -> Document:
    return {"image": one.seen.image, "imageId": one.seen.image_id.removeprefix("sha256:")[:12]}


def _end(sight: Sight, one: ContainerHere) -> Document:
    return {
        "exitCode": one.seen.exit_code if one.seen.ended and one.seen.state != "running" else None,
        "outOfMemory": one.exit.out_of_memory,
        "error": one.exit.error if sight.view else "",  # it may quote a Secret that only git knows
    }


def _times(one: ContainerHere) -> Document:
    over = one.seen.ended and one.seen.state != "running"
    return {"started": moment(one.seen.started or None), "ended": moment(one.seen.ended) if over else None}


def _ports(pod: Pod) -> list[str]:
    return [_port(one) for one in pod.ports]


def _port(port: Port) -> str:
    address = f"{port.address}:" if port.address else ""
    return f"{address}{port.host}->{port.container}/{port.protocol}"


def _mounts(pod: Pod | None, part: str) -> list[str]:
    own = [one for one in (pod.containers if pod else ()) if part in ("", one.name)]
    mounts = [_mount(mount) for one in own for mount in one.mounts]
    return mounts + [f"{file.target} from a secret (ro)" for one in own for file in one.secret_files]


def _mount(mount: Mount) -> str:
    match mount:
        case Mount(host=str(path)):
            origin = f"the machine's {path}"
        case Mount(volume=str(name)) if name:
            origin = f"volume {name}" + (f", path {mount.sub_path}" if mount.sub_path else "")
        case Mount(image=str(reference)):
            origin = f"the image {reference}"
        case Mount(volume=""):
            origin = "a volume of its own"
        case _:
            origin = "memory"
    return f"{mount.target} from {origin} ({'ro' if mount.read_only else 'rw'})"


def _words(pod: PodHere, label: str) -> list[str]:
    return list(filter(None, pod.seen.labels.get(label, "").split(",")))


def _events(sight: Sight, whose: Owner) -> list[Document]:
    """Return the last events, newest last."""
    found = [event for event in sight.remembered.events if event.owner == whose][:LAST_EVENTS]
    return events_document(reversed(found))


def _masked(value: Any, mask: Callable[[str], str] | None) -> Any:
    """Return plain data without the values of Secrets, wherever somebody may have copied one to."""
    match value:
        case str() if mask:
            return mask(value)
        case Mapping():
            return {key: _masked(one, mask) for key, one in value.items()}
        case list():
            return [_masked(one, mask) for one in value]
        case _:
            return value
