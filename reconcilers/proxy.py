"""Proxies: what any HAProxy of ours is made of, whichever object wants one, and whatever it is told."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from reconcilers.contents import volume_labels
from reconcilers.template import network, network_name
from reconcilers.world import World
from runtime.dataclass import dataclass
from runtime.proxies import (
    BUILT,
    ENTRYPOINT,
    HOME,
    MAIN,
    OFFICIAL,
    RUN,
    STATE,
    STATS,
    TARGET,
    USER,
    with_note,
)
from runtime.resources import (
    Configuration,
    Container,
    File,
    Guest,
    Image,
    Label,
    Mount,
    Names,
    Owner,
    Pod,
    Port,
    Resource,
    Security,
    digest,
)

VERSION = 1  # of what is around HAProxy; another one replaces every proxy
GRACE = 2  # seconds to end what is being answered, when a proxy is stopped
MODE = 0o640  # its group may read what it is told, certificates too; nobody else
SYSCTLS = (
    ("net.ipv4.ip_unprivileged_port_start", "0"),  # so that no capability is needed for port 80
    ("net.ipv4.tcp_tw_reuse", "1"),  # or thousands of new connections a second run out of ports
)
SECURITY = Security(
    user=USER, read_only_root=True, no_new_privileges=True, drop_capabilities=("ALL",), sysctls=SYSCTLS
)

# Old workers end with their last connection, however long that lasts; at most so many are kept for it.
# Without fd-hard-limit HAProxy takes memory for all the files that it may open: Podman allows a million.
# No init-addr libc: it asks the first resolver only, which may be of another network and not know a pod's
# name, and waits for it; 10 s for each name while the resolver behind that is silent.
# A resolver that doesn't answer says nothing against a pod, which the checks would do: HAProxy's own 30 s
# would take every pod out half a minute after the network's resolver died.
PREAMBLE = f"""\
global
    log stdout format raw daemon notice
    nbthread 1
    default-path config
    fd-hard-limit 16000
    mworker-max-reloads 60
    localpeer sloop
    stats socket {TARGET}/{HOME}/{RUN}/{STATS} mode 660 level admin expose-fd listeners
    server-state-file {TARGET}/{HOME}/{RUN}/{STATE}
defaults
    log global
    load-server-state-from-file global
    timeout connect 1s
    timeout check 2s
    timeout queue 5s
    timeout client 5d
    timeout server 5d
    retries 5
    option redispatch 1
    default-server init-addr last,none resolvers pods resolve-prefer ipv4 inter 2s fastinter 500ms \
downinter 500ms rise 1 fall 3
resolvers pods
    parse-resolv-conf
    resolve_retries 2
    timeout resolve 1s
    timeout retry 500ms
    hold valid 1s
    hold nx 1s
    hold obsolete 2s
    hold timeout 1d
    hold refused 1d
    hold other 1d
frontend nobody
    mode tcp
    bind unix@{TARGET}/{HOME}/{RUN}/nobody mode 600
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """What an object wants of its proxy.

    ``text`` is HAProxy's configuration after ``PREAMBLE`` (which has global, defaults and the resolvers);
    relative paths in it are of ``files``, such as maps and certificates.  A server that is a pod is called
    by the pod's Podman name (``shop.web-1a2b-0``), which is also its address, and stands in ``members``.
    ``note`` is what the object has to remember; ``World.note`` gives it back by ``name``, with the key
    ``members`` added.  Another text, file, member or note is pushed into the running proxy; other ``ports``,
    another ``address`` or image replace it.  ``names`` are those in its own namespace's network, which is
    that of ``home``, or of its owner where that is "".
    """

    owner: Owner
    name: str
    text: str
    files: tuple[File, ...] = ()
    members: tuple[str, ...] = ()
    note: Mapping[str, Any] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    names: tuple[str, ...] = ()
    guest: tuple[Guest, ...] = ()
    address: str = ""
    home: str = ""

    @property
    def namespace(self) -> str:
        """Return the namespace in whose network it is."""
        return self.home or self.owner.namespace


def proxy_name(owner: Owner) -> str:
    """Return Podman's name of an object's proxy: with two underscores, as no pod's and no container's."""
    return f"{owner.namespace}.{owner.name}__{owner.kind.lower()}"


def proxy_resources(world: World, wanted: Proxy) -> tuple[Resource, ...]:
    """Return all that a proxy is made of: its network, its image, its configuration, its pod."""
    image = proxy_image(world)
    configuration = _configuration(world, wanted)
    pod = _pod(world, wanted, image.reference, configuration.key)
    return (network(world, wanted.namespace), image, configuration, pod)


def proxy_image(world: World) -> Image:
    """Return the image of proxies: the one that is set, else the official one.

    Where that can't be pulled, one is made of this machine's HAProxy; what proxies then run stays, or the
    day on which a registry is reached would replace all of them.
    """
    if world.proxy_image:
        told = "SLOOP_PROXY_IMAGE says so: of this machine's own HAProxy"
        return Image(world.proxy_image, "IfNotPresent", built=told if world.proxy_image == BUILT else "")
    failed = world.past.failures.get(Image(OFFICIAL, "").key)
    used = {pod.image for pod in world.seen.pods}
    if BUILT in used or (OFFICIAL not in world.images and (failed or BUILT in world.images)):
        return Image(
            BUILT, "IfNotPresent", built="of this machine's own HAProxy, as the official one can't be had"
        )
    return Image(OFFICIAL, "IfNotPresent")


def guests(world: World, own: str, names: tuple[str, ...]) -> tuple[Guest, ...]:
    """Return every other namespace's network as one where a proxy goes by these names."""
    return tuple(Guest(name, names) for name in sorted(world.around.networks) if name != network_name(own))


def _configuration(world: World, wanted: Proxy) -> Configuration:
    note = {**wanted.note, "members": sorted(wanted.members)}
    main = File(MAIN, with_note(note, PREAMBLE + wanted.text).encode(), MODE)
    return Configuration(
        wanted.name,
        volume_labels(world, "proxy", str(wanted.owner)),
        (main, *wanted.files),
        tuple(sorted(wanted.members)),
    )


def _pod(world: World, wanted: Proxy, image: str, uses: str) -> Pod:
    published = [[one.container, one.host, one.protocol, one.address] for one in wanted.ports]
    made = digest([VERSION, ENTRYPOINT, image, published, wanted.address])
    labels = {
        Label.SOURCE: world.source,
        Label.OWNER: str(wanted.owner),
        Label.POD: wanted.name,
        Label.DIGEST: made,
        Label.COMMIT: world.commit,
        Label.USES: uses,
        Label.PORTS: ",".join(f"{port.host}/{port.protocol}" for port in wanted.ports),
        Label.GRACE: str(GRACE),
    }
    container = Container(
        name="proxy",
        image=image,
        entrypoint=ENTRYPOINT,
        mounts=(Mount(TARGET, volume=wanted.name),),
        security=SECURITY,
        stop_signal="SIGUSR1",  # on which HAProxy ends what it is at, and takes nothing new
    )
    return Pod(
        name=wanted.name,
        owner=wanted.owner,
        labels={label: text for label, text in labels.items() if text},
        digest=made,
        network=network_name(wanted.namespace),
        containers=(container,),
        names=Names(hostname=wanted.owner.name[:63], aliases=wanted.names),
        ports=wanted.ports,
        restart="Podman",
        grace=GRACE,
        uses=(uses,),
        address=wanted.address,
        guest=wanted.guest,
    )
