"""Namespaces are apart: only Services are known and reached elsewhere, and a policy closes these, too."""

from tests.podman.manifests import SERVE, Object, deployment, named, namespace, pod, service, within
from tests.podman.program import Program, until
from tests.podman.reaching import HTTP, address
from tests.podman.test_ingress import PROBE, ingress, rule, to
from tests.podman.watching import fetched

SHOP, OTHER = "shop", "other"


def policy(*peers: Object) -> Object:
    """Return a policy for all pods of the shop that lets these in, everybody where none is named."""
    spec = {"podSelector": {}, "ingress": [{"from": list(peers)} if peers else {}]}
    return within(SHOP, {**named("NetworkPolicy", "doors", api="networking.k8s.io/v1"), "spec": spec})


def shop() -> list[Object]:
    """Return a Service in one namespace, and who would like to use it in another and in its own."""
    web = within(SHOP, deployment(replicas=1, command=SERVE, **PROBE))
    path = {"path": "/", "pathType": "Prefix", "backend": to()}
    site = within(SHOP, ingress("site", rule("localhost", path)))
    homes = [namespace(SHOP), namespace(OTHER)]
    guests = [within(SHOP, pod("guest")), within(OTHER, pod("visitor"))]
    return [*homes, web, within(SHOP, service()), site, *guests]


def knows(program: Program, who: str, name: str) -> bool:
    """Say whether a name resolves for a pod."""
    return "Name:" in program.do(who, "nslookup", name)


def reaches(program: Program, who: str, host: str, port: int) -> bool:
    """Say whether a pod is answered at an address."""
    asked = f"printf 'GET /passwd HTTP/1.0\\r\\n\\r\\n' | nc -w 2 {host} {port}"
    return "root" in program.do(who, "sh", "-c", asked)


def test_pods_are_reached_from_elsewhere_by_services_only_and_not_even_so_where_a_policy_closes(
    program: Program,
) -> None:
    program.deploy(*shop(), policy())
    (web,) = [name for name in program.of("web") if name.startswith("shop.web-")]
    pod_address, service_address = program.address(web), address(program, place=SHOP)
    until(lambda: knows(program, "other.visitor", "web.shop"))
    until(lambda: reaches(program, "shop.guest", service_address, 80))
    assert knows(program, "shop.guest", web)
    assert reaches(program, "shop.guest", pod_address, 8000)
    assert not knows(program, "other.visitor", web)
    assert not reaches(program, "other.visitor", pod_address, 8000)
    assert fetched(f"http://localhost:{HTTP}/passwd")

    program.commit("Close", *shop(), policy({"podSelector": {}}))
    said = program.run("apply")

    assert said.code == 1, said
    assert "Service web is closed by NetworkPolicy doors" in said.out + said.err
    assert reaches(program, "shop.guest", service_address, 80)
    assert not knows(program, "other.visitor", "web.shop")
    assert not reaches(program, "other.visitor", service_address, 80)
    assert fetched(f"http://localhost:{HTTP}/passwd") == b""
    assert web in program.running()
