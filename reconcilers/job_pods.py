"""What the pods of a Job's run are made of, and which are made next."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconcilers.contents import template_digest
from reconcilers.indexes import LABEL, beginning
from reconcilers.job_run import Run
from reconcilers.marks import Mark, mark_volume
from reconcilers.template import Template, network, resources, template
from reconcilers.world import World
from runtime.observe import pod_name
from runtime.resources import Owner, Pod, Resource, Volume, digest
from runtime.seen import SeenPod
from schemas.batch import JobSpec
from schemas.env import EnvVar

JOB_NAMES = ("batch.kubernetes.io/job-name", "job-name")
INDEX_VARIABLE = "JOB_COMPLETION_INDEX"


def job_template(
    world: World, owner: Owner, name: str, spec: JobSpec, document: Mapping[str, Any], **more: str
) -> Template:
    """Return what a Job's pods are made of.

    Another digest is another run; so it has in it what runs and how often it has to succeed, and neither
    configuration nor names, which may change without anybody wanting it to run again.  ``more`` is
    in it, too.
    """
    kept = {key: document.get(key) for key in ("template", "completions", "completionMode")}
    told = {"kind": "Job", **more, **kept}
    labels = {**spec.template.metadata.labels, **dict.fromkeys(JOB_NAMES, name)}
    pod, annotations = spec.template.spec, spec.template.metadata.annotations
    made = template(world, owner, pod, told, labels=labels, annotations=annotations, follow=False)
    bare = template_digest(world, told, pod, owner.namespace, names=(), follow=False)
    return replace(made, digest=bare)


def job_name(pod: SeenPod) -> str:
    """Return the name of the Job that a pod belongs to, "" for none."""
    return pod.labels.get(JOB_NAMES[0], "")


def wanted_resources(run: Run) -> Iterator[Resource]:
    """Yield what a run wants to be there beside the pods that are: its network, its mark, new pods."""
    if run.made.network:
        yield network(run.world, run.owner.namespace)
    mark = kept_mark(run.world, run.owner, run.holds)
    yield mark
    for name, index in new_pods(run).items():
        for one in resources(run.world, _indexed(run, index), name, after=run.after):
            yield _marked(one, mark) if isinstance(one, Pod) else one


def _marked(pod: Pod, mark: Volume) -> Pod:
    """Return a pod that waits for its Job's mark; Podman restarts nothing of it, as all restarts count."""
    return replace(pod, restart="Never", uses=(*pod.uses, mark.key))


def kept_mark(world: World, owner: Owner, mark: Mark) -> Volume:
    """Return a mark's volume: the one that it was read from, or a new one."""
    return Volume(mark.volume, {}) if mark.volume else mark_volume(world, owner, mark)


def new_pods(run: Run) -> Mapping[str, int | None]:
    """Return the names of the pods that are made now, each with its index.

    A pod's name follows from how many there were before it, so that a pass that is done again makes the same.
    """
    taken = {pod_name(pod).partition(".")[2] for pod in run.pods}
    found: dict[str, int | None] = {}
    for index in run.outlook.start:
        names = (_pod_name(run, index, count) for count in range(len(taken), 10**9))
        name = next(one for one in names if one not in taken)
        taken.add(name)
        found[name] = index
    return found


def _pod_name(run: Run, index: int | None, count: int) -> str:
    return beginning(run.name, index) + digest([run.made.digest, index, count]).partition(":")[2][:5]


def _indexed(run: Run, index: int | None) -> Template:
    """Return what the pod of an index is made of: it knows its number, and has a name after it."""
    if index is None:
        return run.made
    own = {LABEL: str(index)}
    spec = run.made.spec.model_copy(
        update={
            "hostname": f"{run.name}-{index}",
            "containers": tuple(_numbered(one, index) for one in run.made.spec.containers),
            "init_containers": tuple(_numbered(one, index) for one in run.made.spec.init_containers),
        }
    )
    labels, annotations = {**run.made.labels, **own}, {**run.made.annotations, **own}
    return replace(run.made, spec=spec, labels=labels, annotations=annotations)


def _numbered(container: Any, index: int) -> Any:
    if any(one.name == INDEX_VARIABLE for one in container.env):
        return container
    variable = EnvVar(name=INDEX_VARIABLE, value=str(index))
    return container.model_copy(update={"env": (*container.env, variable)})
