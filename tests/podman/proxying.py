"""A proxy in the town, and what it is told."""

from collections.abc import Sequence

from reconcilers.proxy import Proxy, proxy_resources
from reconcilers.world import World
from runtime.proxies import BUILT
from runtime.resources import Configuration, File, Image, Label, Network, Owner, Pod, Port
from runtime.seen import Seen

OWNER = Owner("Service", "town", "bread")
NAME = "town.bread__service"
PLACE = Network("sloop-town", {Label.SOURCE: "baker"}, "10.231.0.0/20")
ADDRESS = "10.231.8.80"
LISTEN = """\
frontend in
    mode tcp
    bind :80
    default_backend port
backend port
    mode tcp
"""


def proxy(
    *members: str, text: str = "", files: Sequence[File] = (), ports: Sequence[Port] = ()
) -> tuple[Image, Configuration, Pod]:
    """Return a proxy that leads to the port 8000 of these pods; ``text`` is more of its configuration."""
    servers = "".join(f"    server {name} {name}:8000 check\n" for name in members)
    world = World("baker", "c0ffee", 0, b"", Seen(), proxy_image=BUILT)
    wanted = Proxy(
        OWNER,
        NAME,
        LISTEN + servers + text,
        tuple(files),
        members,
        ports=tuple(ports),
        names=("bread",),
        address=ADDRESS,
    )
    _, image, configuration, pod = proxy_resources(world, wanted)
    assert isinstance(image, Image)
    assert isinstance(configuration, Configuration)
    assert isinstance(pod, Pod)
    return image, configuration, pod
