"""What a person means by a kind's name and by KIND/NAME, and the pods behind it."""

from collections.abc import Iterable, Sequence

from gitops.settings import SettingsError
from gitops.telling.which import Missing, kind_of
from runtime.observe import of_owner, pod_name
from runtime.resources import Label, Owner
from runtime.seen import Seen, SeenPod

KINDS = {  # and whether they are in a namespace; the table of reconcilers takes 0.3 s to import
    "ConfigMap": True,
    "CronJob": True,
    "DaemonSet": True,
    "Deployment": True,
    "Endpoints": True,
    "EndpointSlice": True,
    "HorizontalPodAutoscaler": True,
    "Job": True,
    "Ingress": True,
    "IngressClass": False,
    "LimitRange": True,
    "Namespace": False,
    "NetworkPolicy": True,
    "PersistentVolume": False,
    "PersistentVolumeClaim": True,
    "Pod": True,
    "PodDisruptionBudget": True,
    "ReplicaSet": True,
    "ReplicationController": True,
    "ResourceQuota": True,
    "Secret": True,
    "Service": True,
    "StatefulSet": True,
}
DEFAULT = "default"
JOB_NAME = "batch.kubernetes.io/job-name"  # the label of a Job's pods
ALL = (  # kubectl's "all"
    *("Pod", "ReplicationController", "Service", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
    *("HorizontalPodAutoscaler", "Job", "CronJob"),
)


def kind_meant(word: str) -> str:
    """Return a kind as Kubernetes spells it; raises SettingsError for one that isn't known here."""
    spelt = {kind_of(kind): kind for kind in KINDS}
    short = kind_of(word.partition(".")[0])
    if short not in spelt:
        from schemas.nearest import did_you_mean

        raise SettingsError(f"there is no kind {word!r}{did_you_mean(short, spelt)}: known are {_known()}")
    return spelt[short]


def kinds_meant(words: str) -> Sequence[str]:
    """Return the kinds of a list such as ``pods,svc``; ``all`` is what kubectl takes for all."""
    named = [ALL if word == "all" else (kind_meant(word),) for word in words.split(",")]
    return tuple(dict.fromkeys(kind for kinds in named for kind in kinds))


def meant(which: str, namespace: str | None) -> Owner:
    """Return the object that KIND/NAME means; raises SettingsError where that is no such thing."""
    kind, slash, name = which.partition("/")
    if not (slash and name):
        raise SettingsError(f"{which!r} is no KIND/NAME: write deployment/web, or pod/web-1a2b3c4d5e-0")
    return owner(kind_meant(kind), namespace, name)


def pods_meant(which: str, namespace: str | None) -> Owner:
    """Return the object whose pods are meant; a bare name is a pod's, as kubectl has it."""
    return meant(which, namespace) if "/" in which else owner("Pod", namespace, which)


def owner(kind: str, namespace: str | None, name: str) -> Owner:
    """Return what tells an object from others; a pod is called as Kubernetes shows it."""
    return Owner(kind, (namespace or DEFAULT) if KINDS[kind] else "", name)


def shown(pod: SeenPod) -> Owner:
    """Return a pod as Kubernetes shows it: its namespace, and its name without that."""
    namespace = Owner.parse(pod.labels[Label.OWNER]).namespace
    return Owner("Pod", namespace, pod_name(pod).removeprefix(f"{namespace}."))


def pods_of(seen: Seen, whose: Owner) -> list[SeenPod]:
    """Return the pods that are meant: the one of that name, or all that an object made."""
    if whose.kind == "Pod":
        return [pod for pod in seen.pods if shown(pod) == whose]
    if whose.kind == "Job":
        return sorted((pod for pod in seen.pods if job_of(pod) == whose), key=lambda pod: pod.created)
    return sorted(of_owner(seen.pods, whose), key=pod_name)


def job_of(pod: SeenPod) -> Owner | None:
    """Return the Job that a pod belongs to, be it one that a CronJob started; None for no Job's pod."""
    maker, name = Owner.parse(pod.labels[Label.OWNER]), pod.labels.get(JOB_NAME, "")
    return Owner("Job", maker.namespace, name) if maker.kind in {"Job", "CronJob"} and name else None


def newest_job(pods: Iterable[SeenPod]) -> list[SeenPod]:
    """Return the pods of the Job that a CronJob started last."""
    last = max(pods, key=lambda pod: pod.created, default=None)
    return [pod for pod in pods if last and job_of(pod) == job_of(last)]


def some_pods_of(seen: Seen, whose: Owner) -> list[SeenPod]:
    """Return at least one pod; raises Missing where there is none."""
    if found := pods_of(seen, whose):
        return found
    what = "no pod" if whose.kind == "Pod" else f"no pod of the {whose.kind.lower()}"
    owners = {Owner.parse(pod.labels[Label.OWNER]) for pod in seen.pods}
    told = _elsewhere(whose, owners | set(map(shown, seen.pods)))
    makers = (
        one.kind.lower() for one in owners if (one.namespace, one.name) == (whose.namespace, whose.name)
    )
    hint = next((f": write {kind}/{whose.name} for its pods" for kind in sorted(makers)), "")
    raise Missing(f"there is {what} {told}{hint if whose.kind == 'Pod' else ''}")


def absent(whose: Owner, others: Iterable[Owner]) -> Missing:
    """Return the error that says that an object isn't there."""
    return Missing(f"there is no {whose.kind.lower()} {_elsewhere(whose, others)}")


def _elsewhere(whose: Owner, others: Iterable[Owner]) -> str:
    place = f"{whose.name} in the namespace {whose.namespace}" if whose.namespace else whose.name
    twins = sorted(one.namespace for one in others if (one.kind, one.name) == (whose.kind, whose.name))
    return f"{place}; there is one in {', '.join(twins)}: add -n {twins[0]}" if twins else place


def _known() -> str:
    return ", ".join(sorted(KINDS))
