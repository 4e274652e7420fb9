"""A look at everything: what git wants, what is there, and the steps between. Changes nothing."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import partial
from types import MappingProxyType

from gitops.git.source import Commit, SourceError
from gitops.planning.claims import Claims, claims, heired
from gitops.planning.house import YOUNG, House, Moment
from gitops.planning.neighbours import heirs
from gitops.planning.plan import Plan, plan
from gitops.planning.released import released
from gitops.planning.render import Rendered, object_digest
from gitops.planning.scene import Given
from gitops.planning.subnets import subnets
from reconcilers.hooks import is_beginning
from reconcilers.job_pods import job_name
from reconcilers.kinds import catalog, reconcile
from reconcilers.marks import Mark, read
from reconcilers.moments import corrected
from reconcilers.order import is_done
from reconcilers.places import Ground
from reconcilers.wanted import Past, Wanted
from reconcilers.words import suspended
from reconcilers.world import Catalog, Earlier, World
from runtime.certificates import VOLUME, Kept, kept
from runtime.dataclass import dataclass
from runtime.engine import Engine
from runtime.grouping import ENDED
from runtime.observe import labels, of_source
from runtime.proxies import read_note
from runtime.records import Settled
from runtime.resources import Label, Owner
from runtime.seen import Seen, SeenPod
from runtime.takeovers import KIND
from schemas.policy import breaches
from schemas.problems import ManifestError


@dataclass(frozen=True, slots=True)
class View:
    """One moment: the wanted beside the seen, and the steps that lead from one to the other.

    ``abandoned`` are objects that left git, and stay with their pods where nothing is pruned; ``left`` those
    that another source has now, with its name; ``claims`` tells what is taken over from another one, or kept.
    """

    commit: Commit
    rendered: Rendered
    seen: Seen
    wanted: Sequence[Wanted]
    plan: Plan
    moment: Moment
    key: bytes = field(repr=False)
    ground: Ground = field(default_factory=Ground)
    prune: bool = True
    abandoned: tuple[Owner, ...] = ()
    left: Mapping[Owner, str] = field(default_factory=lambda: MappingProxyType({}))
    claims: Claims = field(default_factory=Claims)


def view(house: House, sha: str, seen: Seen, moment: Moment) -> View:
    """Compute what a commit wants of a machine on which this was seen."""
    rendered = house.rendered(sha)
    if problems := breaches(rendered.manifests, house.options.forbidden):
        raise ManifestError(problems)
    seen, world, wanted, found = _claiming(house, rendered, seen, moment)
    left = _left(house, rendered, wanted, seen, moment)
    given = Given(
        source=house.source.id,
        images=world.images,
        waiting=moment.waiting,
        adopting=moment.adopting,
        pool=house.options.pool,
        released={}
        if is_beginning(rendered.manifests, wanted)
        else _released(house, rendered, moment.memory.settled, seen, left),
        suspended=suspended(moment.memory.notes),
        claims=found,
        left=left,
        prune=house.options.prune,
    )
    planned = plan(wanted, seen, given)
    commit = house.commit(sha)
    stay = () if given.prune else _abandoned(of_source(seen, house.source.id), wanted, left)
    return View(
        commit,
        rendered,
        seen,
        wanted,
        planned,
        moment,
        house.key,
        world.ground,
        given.prune,
        stay,
        left,
        found,
    )


def _claiming(
    house: House, rendered: Rendered, seen: Seen, moment: Moment
) -> tuple[Seen, World, Sequence[Wanted], Claims]:
    """Return what was seen, as it is once all has gone over that others let go, and what is wanted of it."""
    world = world_of(house, rendered, seen, moment)
    wanted = reconcile(rendered.manifests, world)
    found = claims(
        wanted,
        seen,
        house.source.id,
        settled=moment.memory.settled.keys(),
        others=moment.memory.others,
        neighbours=house.neighbours,
    )
    if not found.takeovers:
        return seen, world, wanted, found
    then = heired(seen, found)
    world = world_of(house, rendered, then, moment)
    return then, world, reconcile(rendered.manifests, world), found


def _left(
    house: House, rendered: Rendered, wanted: Sequence[Wanted], seen: Seen, moment: Moment
) -> Mapping[Owner, str]:
    """Return the objects that left git for that of a neighbour, with its name."""
    mine = of_source(seen, house.source.id)
    lasting = [one for one in labels(mine) if one.get(Label.KIND) not in {"claim", KIND}]
    there = {Owner.parse(one[Label.OWNER]) for one in lasting if Label.OWNER in one}
    known = {*rendered.by_owner, *(answer.owner for answer in wanted)}
    return heirs(sorted({*there, *moment.memory.settled} - known), house.neighbours)


def _released(
    house: House, rendered: Rendered, settled: Mapping[Owner, Settled], seen: Seen, left: Collection[Owner]
) -> Mapping[str, Owner]:
    mine = {owner: one for owner, one in settled.items() if owner not in left}
    return released(house.source, house.rendered, rendered, mine, seen) if house.options.prune else {}


def _abandoned(mine: Seen, wanted: Iterable[Wanted], left: Iterable[Owner]) -> tuple[Owner, ...]:
    """Return the objects that have pods, and that nobody wants."""
    owners = {Owner.parse(pod.labels[Label.OWNER]) for pod in mine.pods}
    return tuple(sorted(owners - {answer.owner for answer in wanted} - {*left}))


def world_of(house: House, rendered: Rendered, seen: Seen, moment: Moment) -> World:
    """Return what reconcilers may look at."""
    mine = of_source(seen, house.source.id)
    known = catalog(rendered.manifests)
    return World(
        source=house.source.id,
        commit=rendered.sha,
        now=moment.now,
        key=house.key,
        seen=mine,
        catalog=known,
        past=_past(house, mine, moment),
        networks=frozenset(network.name for network in seen.networks),
        volumes=frozenset(volume.name for volume in seen.volumes),
        node=house.options.node,
        machine=house.options.machine,
        node_labels=house.options.labels,
        images=house.engine.images(),
        proxy_image=house.options.proxy_image,
        ground=_ground(house, known, seen),
        usage=moment.measured.usage,
        unmeasured=moment.measured.trouble,
        free=moment.measured.free,
        weighed=moment.weighed,
        asked=moment.running,
        entrance=house.options.entrance,
        kept=_kept(house, mine),
        sync=rendered.sync(house.key),
        changed=changed(rendered, moment.memory.settled, house.key),
        leaps=moment.leaps,
        earlier=partial(_earlier, house),
    )


def _past(house: House, mine: Seen, moment: Moment) -> Past:
    """Return what is known of a source's pods beside what they are now."""
    memory, probed = moment.memory, moment.probed
    over = {(mark.name, mark.digest) for mark in _marks(mine) if mark.over}
    there = [one for pod in mine.pods if _is_open(pod, over) for one in pod.containers]
    ended = [one for one in there if one.id and one.state in ENDED and not is_done(one)]
    return Past(
        readiness={**memory.readiness, **probed.readiness},
        restarts=memory.restarts,
        exits=house.exits(ended, moment.now),
        failures=memory.failures,
        unwell=probed.unwell,
        unready=probed.unready,
        notes=memory.notes,
        serving=moment.serving,
        started=probed.started,
        lives=_lives(house.engine, mine, moment),
    )


def changed(rendered: Rendered, settled: Mapping[Owner, Settled], key: bytes) -> frozenset[Owner]:
    """Return the objects that weren't carried out yet as they are now, where there are hooks that ask so.

    What leads Ingresses changes with them.
    """
    if not rendered.has_hooks:
        return frozenset()
    digests = {owner: one.digest for owner, one in settled.items()}
    found = {o for o, one in rendered.by_owner.items() if digests.get(o) != object_digest(one, key)}
    led = any(owner.kind == "Ingress" for owner in found)
    return frozenset(found | {owner for owner in rendered.by_owner if led and owner.kind == "IngressClass"})


def _ground(house: House, known: Catalog, seen: Seen) -> Ground:
    """Return where the Services of a commit may be; the notes of other sources tell what is taken."""
    others = [one for one in seen.volumes if one.note and one.labels.get(Label.SOURCE) != house.source.id]
    notes = (str(read_note(one.note).get("address", "")) for one in others)
    pods = (one.labels.get(Label.ADDRESS, "") for one in seen.pods)
    addresses = filter(None, [*notes, *pods])
    namespaces = {namespace for namespace, _ in known.addressed} | known.addressing
    ports = house.options.node_ports
    return Ground(subnets(namespaces, seen, house.options.pool), frozenset(addresses), ports)


def _marks(mine: Seen) -> Iterator[Mark]:
    return (read(one) for one in mine.volumes if Label.MARK in one.labels)


def _is_open(pod: SeenPod, over: Collection[tuple[str, str]]) -> bool:
    """Say whether it matters how a pod ended: not that of a Job which is over, or one that succeeded."""
    name = job_name(pod)
    ended_well = pod.state in ENDED and pod.exit_code == 0
    return not name or not (ended_well or (name, pod.labels.get(Label.DIGEST)) in over)


def _lives(engine: Engine, mine: Seen, moment: Moment) -> Mapping[str, float]:
    """Return since when the processes of young containers live: Podman lists whole seconds.

    One that crashes as soon as it starts would seem to have run for a second, and old pods would stop for it.
    """
    running = [(pod, one) for pod in mine.pods for one in pod.containers if one.state == "running"]
    began = {one.id: corrected(max(pod.created, one.started), moment.leaps) for pod, one in running}
    young = [one for _, one in running if moment.now - began[one.id] < YOUNG]
    return {one.id: moment.now - engine.lifetime(one.pid) for one in young}


def _kept(house: House, mine: Seen) -> Kept:
    """Return the certificates that were obtained; nobody is asked where there is no volume of them."""
    if any(volume.name == VOLUME for volume in mine.volumes):
        return kept(house.engine.files_of(VOLUME))
    return Kept()


def _earlier(house: House, sha: str, owner: Owner) -> Earlier | None:
    """Return an object as another commit had it; None where neither git nor this version can tell."""
    try:
        then = house.rendered(sha)
    except (SourceError, ManifestError):
        return None
    found = then.by_owner.get(owner)
    return Earlier(found, catalog(then.manifests)) if found else None
