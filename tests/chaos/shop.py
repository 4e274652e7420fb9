"""The application that chaos happens to: what git says of it, and what must run then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.proxies import BUILT
from tests.podman.manifests import (
    ONE,
    Object,
    claim,
    claimed,
    config_map,
    deployment,
    mounted,
    named,
    namespace,
    pod_spec,
    secret,
    service,
    stateful_set,
    variable,
    within,
)

NOWHERE = "localhost/sloop/busybox:none"  # an image that nobody has
VOLUMES = ("default.data", "default.data-db-0", "default.data-db-1", "default.tally")
SERVICE, INGRESS = "default.web__service", "sloop__ingress"  # proxies, and their volumes
NETWORKS = ("sloop-calm", "sloop-default", "sloop-ingress.sloop")
HOST, PAGE = "shop.example.com", "/shop/color"
ONCE, DYED, YEARLY = (
    "once",
    "dyed",
    "yearly",
)  # Jobs and a CronJob, and the files in which they tell of their runs
SERVED = {
    "command": ("httpd", "-f", "-h", "/etc", "-p", "8000"),
    "ports": [{"containerPort": 8000, "name": "http"}],
    "readinessProbe": {"httpGet": {"port": "http", "path": PAGE}, "periodSeconds": 1},
}


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
        annex = (namespace("annex"), within("annex", deployment("guest", self.image)))
        wrong: tuple[Object, ...] = ({**deployment("wrong"), "spek": {}},) if self.bad == "manifest" else ()
        return (
            namespace("calm"),
            within("calm", deployment("steady")),
            config_map(color=self.color),
            secret(password=f"hunter-{self.color}"),
            claim(),
            claim("tally", "ReadWriteMany"),
            self._web,
            service(target="http"),
            _ingress(),
            self._keeper,
            _suite(self.image),
            stateful_set("db", self.image),
            _job(ONCE, _noting(ONCE, "blue")),
            _job(DYED, _noting(DYED, self.color)),
            _yearly(),
            *(annex if self.annex else ()),
            *wrong,
        )

    @property
    def _web(self) -> Object:
        files = {"name": "files", "configMap": {"name": "settings"}}
        return deployment(
            "web",
            NOWHERE if self.bad == "image" else self.image,
            replicas=self.replicas,
            env=[variable("PASSWORD", "login", "password")],
            volumeMounts=[mounted("files", "/etc/shop")],
            pod={"volumes": [files]},
            **SERVED,
        )

    @property
    def _keeper(self) -> Object:
        mounts = [mounted("data", "/data")]
        return deployment("keeper", self.image, volumeMounts=mounts, pod={"volumes": [claimed()]})

    @property
    def running(self) -> Mapping[str, Sequence[str]]:
        """Return the images of the containers that must run, by their owner."""
        wanted = {
            "Deployment/calm/steady": [ONE],
            "Deployment/default/web": [self.image] * self.replicas,
            "Deployment/default/keeper": [self.image],
            "Deployment/default/suite": [self.image] * 2,
            "StatefulSet/default/db": [self.image] * 2,
            "Service/default/web": [BUILT],
            "IngressClass//sloop": [BUILT],
        }
        return wanted | ({"Deployment/annex/guest": [self.image]} if self.annex else {})

    @property
    def networks(self) -> Sequence[str]:
        """Return the networks that must be there."""
        return (*NETWORKS, "sloop-annex") if self.annex else NETWORKS


def _suite(image: str) -> Object:
    """Return pods of several containers: one that comes first, one beside, one that is meant."""
    first = {"name": "first", "image": image, "command": ["true"]}
    beside = {"name": "beside", "image": image, "command": ["sleep", "1000"], "restartPolicy": "Always"}
    return deployment("suite", image, pod={"initContainers": [first, beside]})


def _ingress() -> Object:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    head = named("Ingress", "shop", api="networking.k8s.io/v1")
    return {**head, "spec": {"rules": [{"host": HOST, "http": {"paths": paths}}]}}


def _job(name: str, spec: Object) -> Object:
    return {**named("Job", name, api="batch/v1"), "spec": spec}


def _yearly() -> Object:
    """Return a CronJob that is due when the clock goes far wrong, and else hardly ever."""
    spec = {"schedule": "0 0 1 1 *", "timeZone": "Etc/UTC", "jobTemplate": {"spec": _noting(YEARLY, "$RUN")}}
    return {**named("CronJob", YEARLY, api="batch/v1"), "spec": spec}


def _noting(name: str, what: str) -> Object:
    """Return what a Job is told: its pod writes down that it ran, and what."""
    label = {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"}}
    spec = pod_spec(
        ONE,
        command=("sh", "-c", f"echo {what} >>/tally/{name}"),
        env=[{"name": "RUN", "valueFrom": label}],
        volumeMounts=[mounted("tally", "/tally")],
        pod={"restartPolicy": "Never", "volumes": [claimed("tally")]},
    )
    return {"template": {"spec": spec}}
