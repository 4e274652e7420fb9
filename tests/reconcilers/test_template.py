"""What identifies a pod: its digest, which no release may change, its names and its labels."""

import json

import pytest

from reconcilers.wanted import Wanted
from runtime.resources import Label, Network, Pod
from tests.reconcilers.given import SOURCE, deployment, pods_of, seen, wanted

CONFIG = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: conf, namespace: shop}
    data: {COLOUR: red}
"""
SECRET = """
    apiVersion: v1
    kind: Secret
    metadata: {name: login, namespace: shop}
    stringData: {PASSWORD: s3cr3t}
"""
HEADLESS = """
    apiVersion: v1
    kind: Service
    metadata: {name: web, namespace: shop}
    spec: {clusterIP: None, selector: {app: web}}
"""
READS = ", envFrom: [{configMapRef: {name: conf}}, {secretRef: {name: login}}]"
WEB = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: shop}
    spec:
      replicas: 2
      selector: {matchLabels: {app: web}}
      template:
        metadata: {labels: {app: web}}
        spec: {containers: [{name: main, image: "app:1"}]}
"""
READING = WEB.replace("}]}", f"{READS}}}]}}")
POD = """
    apiVersion: v1
    kind: Pod
    metadata: {name: job, namespace: shop, labels: {app: job}}
    spec: {containers: [{name: main, image: "app:1"}]}
"""
KEEP = "{sloop/roll-on-config-change: 'false'}"


def pod(*documents: str) -> Pod:
    return pods_of(wanted(*documents))[0]


def digest(*documents: str) -> str:
    return pod(*documents).digest


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        ((WEB,), "1:a270cf3c198de54219f62fc128956c3bb37d001ad35ea3bea38bb564c28e7c22"),
        ((CONFIG, SECRET, READING), "1:4bd59f1e1da412ade6a9866eb90caed3a28d400b63714198263f25af9404ac03"),
        ((HEADLESS, WEB), "1:bf9a957ea70f980f1a3dc4d562b1848b218b8705c8f094374ab26e2cadfb512a"),
        ((POD,), "1:6863bd10b67209d9bb4e076adc1a6087d868f42717d1a2949ce0342e2b8cbafa"),
    ],
    ids=["plain", "with configuration", "with a headless Service", "a bare pod"],
)
def test_a_new_release_restarts_nothing(documents: tuple[str, ...], expected: str) -> None:
    assert digest(*documents) == expected


@pytest.mark.parametrize(
    "other",
    [
        (deployment(replicas=5),),
        (deployment(annotations="{team: blue}"),),
        (deployment(strategy="{type: Recreate}"),),
        (deployment(min_ready=5),),
        (deployment(container=", args: null"),),
        (CONFIG, deployment()),
        (HEADLESS.replace("app: web", "app: api"), deployment()),
        (HEADLESS.replace("namespace: shop", "namespace: blog"), deployment()),
        (HEADLESS.replace("clusterIP: None,", "ports: [{port: 80}],"), deployment()),
    ],
)
def test_what_is_not_of_the_pods_changes_no_digest(other: tuple[str, ...]) -> None:
    assert digest(*other) == digest(deployment())


@pytest.mark.parametrize(
    "other",
    [
        (deployment("app:2"),),
        (deployment(container=", args: [serve]"),),
        (HEADLESS, deployment()),
    ],
)
def test_what_is_of_the_pods_changes_the_digest(other: tuple[str, ...]) -> None:
    assert digest(*other) != digest(deployment())


def test_the_content_that_a_pod_reads_is_in_its_digest() -> None:
    written = deployment(container=READS)
    digests = {
        digest(CONFIG, SECRET, written),
        digest(CONFIG.replace("red", "blue"), SECRET, written),
        digest(CONFIG, SECRET.replace("s3cr3t", "other"), written),
    }

    assert len(digests) == 3


def test_the_same_secret_under_another_key_is_another_digest() -> None:
    documents = (SECRET, deployment(container=", envFrom: [{secretRef: {name: login}}]"))
    plain = (CONFIG, deployment(container=", envFrom: [{configMapRef: {name: conf}}]"))

    assert digest(*documents) != pods_of(wanted(*documents, key=b"another"))[0].digest
    assert digest(*plain) == pods_of(wanted(*plain, key=b"another"))[0].digest


def test_a_workload_that_declines_does_not_follow_its_configuration() -> None:
    written = deployment(container=READS, annotations=KEEP)

    assert digest(CONFIG, SECRET, written) == digest(CONFIG.replace("red", "blue"), SECRET, written)


def test_spelling_a_secret_otherwise_changes_no_digest() -> None:
    encoded = SECRET.replace("stringData: {PASSWORD: s3cr3t}", "data: {PASSWORD: czNjcjN0}")
    written = deployment(container=READS)

    assert digest(CONFIG, encoded, written) == digest(CONFIG, SECRET, written)


def test_labels_say_whose_a_pod_is() -> None:
    labels = pod(deployment(container=", ports: [{containerPort: 80, hostPort: 8080}]", replicas=1)).labels

    assert labels[Label.SOURCE] == SOURCE
    assert labels[Label.OWNER] == "Deployment/shop/web"
    assert labels[Label.POD] == f"shop.web-{labels[Label.REVISION]}-0"
    assert labels[Label.COMMIT] == "c0ffee"
    assert labels[Label.PORTS] == "8080/tcp"
    assert labels[Label.GRACE] == "30"
    assert labels["app"] == "web"
    assert Label.PROBES not in labels


def test_probes_travel_with_the_pod_with_ports_as_numbers() -> None:
    ports = ", ports: [{containerPort: 8080, name: http}]"
    probe = ", readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 5}"
    found = json.loads(pod(deployment(container=ports + probe)).labels[Label.PROBES])

    assert list(found) == ["main"]
    assert found["main"]["readiness"]["httpGet"]["port"] == 8080
    assert found["main"]["readiness"]["periodSeconds"] == 5


def test_a_headless_service_gives_its_pods_every_spelling_of_its_name() -> None:
    aliases = pod(HEADLESS, deployment()).names.aliases

    assert aliases == ("web", "web.shop", "web.shop.svc", "web.shop.svc.cluster.local")


@pytest.mark.parametrize(
    ("container", "annotations", "mode", "expected"),
    [
        ("", "{}", "ReadWriteOnce", True),
        ("", "{sloop/allow-overlap: 'true'}", "ReadWriteOnce", False),
        ("", "{}", "ReadWriteMany", False),
        (", readOnly: true", "{}", "ReadWriteOnce", False),
    ],
)
def test_two_writers_do_not_overlap_unless_they_may(
    container: str, annotations: str, mode: str, expected: bool
) -> None:
    claim = f"""
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {{name: data, namespace: shop}}
        spec: {{accessModes: [{mode}]}}
    """
    old, new = (
        deployment(
            image,
            replicas=1,
            container=f", volumeMounts: [{{name: data, mountPath: /data{container}}}]",
            volumes="[{name: data, persistentVolumeClaim: {claimName: data}}]",
            annotations=annotations,
        )
        for image in ("app:1", "app:2")
    )

    assert stops_first(claim, old, new) == expected


def test_a_host_port_can_be_had_once_whatever_an_annotation_says() -> None:
    old, new = (
        deployment(
            image,
            replicas=1,
            container=", ports: [{containerPort: 80, hostPort: 8080}]",
            annotations="{sloop/allow-overlap: 'true'}",
        )
        for image in ("app:1", "app:2")
    )

    assert stops_first("", old, new)


def stops_first(claim: str, old: str, new: str) -> bool:
    """Say whether the new pod waits until the old one is gone."""
    given = [claim] if claim else []
    before = pods_of(wanted(*given, old))
    answer: Wanted = wanted(*given, new, pods=[seen(one) for one in before])
    return [one.after for one in pods_of(answer)] == [tuple(one.name for one in before)]


def test_hooks_travel_with_the_pod_with_ports_as_numbers() -> None:
    ports = ", ports: [{containerPort: 8080, name: http}]"
    hooks = ", lifecycle: {preStop: {httpGet: {port: http, path: /bye}}, stopSignal: SIGQUIT}"
    made = pod(deployment(container=ports + hooks))
    found = json.loads(made.labels[Label.HOOKS])

    assert found["main"]["preStop"]["httpGet"]["port"] == 8080
    assert list(found["main"]) == ["preStop"]
    assert made.containers[0].stop_signal == "SIGQUIT"
    assert Label.HOOKS not in pod(deployment()).labels


def test_a_pod_in_the_network_of_the_machine_takes_its_ports_and_has_no_network_of_ours() -> None:
    written = WEB.replace("replicas: 2", "replicas: 1").replace(
        "{containers:", "{hostNetwork: true, containers:"
    )
    written = written.replace('image: "app:1"', 'image: "app:1", ports: [{containerPort: 80}]')
    answer = wanted(HEADLESS, written)
    (made,) = pods_of(answer)

    assert (made.network, made.names.hostname, made.names.aliases) == ("", "", ())
    assert made.labels[Label.PORTS] == "80/tcp"
    assert not any(isinstance(one, Network) for one in answer.resources)


@pytest.mark.parametrize(
    ("named", "hostname", "alias"),
    [
        ("hostname: one, subdomain: web", "one", True),
        ("hostname: one, subdomain: other", "one", False),
        ("subdomain: web", "job", False),
        (
            "hostname: one, subdomain: web, setHostnameAsFQDN: true",
            "one.web.shop.svc.cluster.local",
            True,
        ),
        ("hostname: one, setHostnameAsFQDN: true", "one", False),
    ],
)
def test_a_pod_has_a_name_inside_the_headless_service_of_its_subdomain(
    named: str, hostname: str, alias: bool
) -> None:
    written = POD.replace("{containers:", f"{{{named}, containers:").replace("app: job", "app: web")
    names = pod(HEADLESS, written).names

    assert names.hostname == hostname
    assert ("one.web.shop.svc.cluster.local" in names.aliases) == alias
