"""What a pod of a Job tells of the attempt that it is: how far it is, and how it failed."""

from reconcilers.completion import Attempt, Phase
from reconcilers.failure_policy import Ended
from reconcilers.indexes import LABEL, number
from reconcilers.pods import GOING, NEVER
from reconcilers.wanted import Past
from runtime.grouping import ENDED
from runtime.observe import pod_name
from runtime.resources import Role
from runtime.seen import UNKNOWN, SeenContainer, SeenPod
from schemas.batch import JobSpec


def attempt(spec: JobSpec, namespace: str, past: Past, pod: SeenPod) -> Attempt:
    """Return what a pod of a Job in a namespace tells; ``past`` knows its exits and restarts."""
    exits = [past.exits.get(one.id, UNKNOWN) for one in pod.containers]
    name = f"{namespace}/{pod_name(pod).partition('.')[2]}"
    main = spec.template.spec.containers[0].name
    code = next((one.exit_code for one in _failed(pod)), pod.exit_code)
    return Attempt(
        name=pod_name(pod),
        phase=phase(pod),
        index=number(pod.labels.get(LABEL), spec.completions or 0),
        running=pod.state == "running",
        started=pod.started or pod.created,
        ended=pod.ended,
        restarts=sum(past.restarts.get(one.id, NEVER).count for one in pod.containers) + _down(spec, pod),
        how=Ended(name, {one.part or main: one.exit_code for one in _telling(pod)}, {}),
        said="OOMKilled" if any(one.out_of_memory for one in exits) else f"exit {code}",
    )


def _down(spec: JobSpec, pod: SeenPod) -> int:
    """Return how many containers have failed and start again in a pod that isn't counted itself for it."""
    if spec.template.spec.restart_policy != "OnFailure":
        return 0
    return max(len(_failed(pod)) - (phase(pod) is Phase.FAILED), 0)


def _failed(pod: SeenPod) -> list[SeenContainer]:
    return [one for one in _telling(pod) if one.state in ENDED and one.exit_code]


def _telling(pod: SeenPod) -> list[SeenContainer]:
    """Return the containers whose exit codes tell how a pod failed: not the sidecars, which are stopped."""
    return [one for one in pod.containers if one.role is not Role.SIDECAR]


def phase(pod: SeenPod) -> Phase:
    """Return how far a pod is: one that is on its way out, or runs, or how it ended."""
    if pod.state in GOING:
        return Phase.GOING
    if pod.state not in ENDED:
        return Phase.ACTIVE
    return Phase.FAILED if pod.exit_code else Phase.SUCCEEDED
