"""Manifests of a small shop, for tests of whole passes."""

from textwrap import dedent

from tests.reconcilers.given import deployment

NAMESPACE = dedent("""
    apiVersion: v1
    kind: Namespace
    metadata: {name: shop}
""")
PASSWORD = dedent("""
    apiVersion: v1
    kind: Secret
    metadata: {name: login, namespace: shop}
    stringData: {PASSWORD: s3cr3t}
""")
READING = ", envFrom: [{secretRef: {name: login}}]"


def shop(image: str = "app:1", replicas: int = 2, **more: str) -> dict[str, str]:
    """Return the files of a shop with one Deployment; more ones by name and image."""
    others = {f"{name}.yaml": deployment(other, 1).replace("web", name) for name, other in more.items()}
    return {"shop.yaml": NAMESPACE, "web.yaml": deployment(image, replicas), **others}
