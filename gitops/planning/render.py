"""From the files of a commit to its objects."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property

from reconcilers.contents import written
from runtime.dataclass import dataclass
from runtime.resources import Owner, digest
from schemas.hooks import hook_of
from schemas.load import load
from schemas.manifest import Manifest
from schemas.networking import CONTROLLER, OURS, Ingress, IngressClass
from schemas.problems import ManifestError, Problem

FIRST = ("Namespace", "PersistentVolume", "PersistentVolumeClaim", "ConfigMap", "Secret", "Service")
NOWHERE = frozenset({"IngressClass", "Namespace", "PersistentVolume"})  # kinds that are in no namespace


@dataclass(frozen=True)
class Rendered:
    """The objects of one commit, in the order in which they are looked at, and what is worth a notice."""

    sha: str
    manifests: Sequence[Manifest] = field(repr=False)
    notices: Sequence[Problem] = ()

    @cached_property
    def by_owner(self) -> Mapping[Owner, Manifest]:
        """The objects by what tells them apart."""
        return {owner_of(one): one for one in self.manifests}

    @cached_property
    def has_hooks(self) -> bool:
        """Say whether something runs once for each commit that changes anything."""
        return any(hook_of(one.object) for one in self.manifests)

    def sync(self, key: bytes) -> str:
        """Return what tells a commit from one with other objects, where there are hooks that run for it."""
        if not self.has_hooks:
            return ""
        return digest([[str(owner), object_digest(one, key)] for owner, one in sorted(self.by_owner.items())])


def render(sha: str, files: Mapping[str, bytes], ignored: Collection[str] = ()) -> Rendered:
    """Read a commit's manifests; raises ManifestError with every problem there is.

    What would be refused of the ``ignored`` kinds is left out.
    """
    loaded = load(files, ignored=ignored)
    if loaded.problems:
        raise ManifestError(loaded.problems)
    return Rendered(sha, sorted([*loaded.manifests, *_implied(loaded.manifests)], key=_rank), loaded.notices)


def _implied(manifests: Sequence[Manifest]) -> Iterator[Manifest]:
    """Yield the class that has the proxy of all Ingresses, where there are some and nobody wrote it."""
    first = next((one for one in manifests if isinstance(one.object, Ingress)), None)
    written = {one.object.metadata.name for one in manifests if isinstance(one.object, IngressClass)}
    if first and OURS not in written:
        document = {
            "apiVersion": first.object.api_version,
            "kind": "IngressClass",
            "metadata": {"name": OURS},
            "spec": {"controller": CONTROLLER},
        }
        yield replace(first, object=IngressClass.model_validate(document), document=document)


def owner_of(manifest: Manifest) -> Owner:
    """Return what tells an object from all others."""
    kind, meta = manifest.object.kind, manifest.object.metadata
    return Owner(kind, "" if kind in NOWHERE else meta.namespace, meta.name)


def object_digest(manifest: Manifest, key: bytes) -> str:
    """Return the digest of an object as it is written; a Secret's under the engine's key."""
    return digest(written(manifest.document), key if manifest.object.kind == "Secret" else b"")


def _rank(manifest: Manifest) -> tuple[int, Owner]:
    kind = manifest.object.kind
    return FIRST.index(kind) if kind in FIRST else len(FIRST), owner_of(manifest)
