"""The application that chaos happens to: what git says of it, and what must run then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.podman.manifests import (
    ONE,
    Object,
    claim,
    claimed,
    config_map,
    deployment,
    mounted,
    namespace,
    secret,
    stateful_set,
    variable,
    within,
)

NOWHERE = "localhost/sloop/busybox:none"  # an image that nobody has
VOLUMES = ("default.data", "default.data-db-0", "default.data-db-1")


@dataclass(frozen=True, slots=True)
class Shop:
    """One state of the repository.  ``annex`` is a second namespace; ``bad`` says what is wrong."""

    image: str = ONE
    replicas: int = 2
    color: str = "blue"
    annex: bool = False
    bad: str = ""

    @property
    def objects(self) -> Sequence[Object]:
        """Return the manifests."""
        image = NOWHERE if self.bad == "image" else self.image
        files = {"name": "files", "configMap": {"name": "settings"}}
        web = deployment(
            "web",
            image,
            replicas=self.replicas,
            env=[variable("PASSWORD", "login", "password")],
            volumeMounts=[mounted("files", "/etc/shop")],
            pod={"volumes": [files]},
        )
        keeper = deployment(
            "keeper", self.image, volumeMounts=[mounted("data", "/data")], pod={"volumes": [claimed()]}
        )
        common = (
            namespace("calm"),
            within("calm", deployment("steady")),
            config_map(color=self.color),
            secret(password=f"hunter-{self.color}"),
            claim(),
            web,
            keeper,
            stateful_set("db", self.image),
        )
        annex = (namespace("annex"), within("annex", deployment("guest", self.image)))
        wrong: tuple[Object, ...] = ({**deployment("wrong"), "spek": {}},) if self.bad == "manifest" else ()
        return (*common, *(annex if self.annex else ()), *wrong)

    @property
    def running(self) -> Mapping[str, Sequence[str]]:
        """Return the images of the pods that must run, by their owner."""
        wanted = {
            "Deployment/calm/steady": [ONE],
            "Deployment/default/web": [self.image] * self.replicas,
            "Deployment/default/keeper": [self.image],
            "StatefulSet/default/db": [self.image] * 2,
        }
        return wanted | ({"Deployment/annex/guest": [self.image]} if self.annex else {})

    @property
    def networks(self) -> Sequence[str]:
        """Return the networks that must be there."""
        return (
            ["sloop-annex", "sloop-calm", "sloop-default"] if self.annex else ["sloop-calm", "sloop-default"]
        )
