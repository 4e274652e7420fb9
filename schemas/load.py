"""Manifests from files: typed objects, and everything that is wrong with them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError

from schemas.conflicts import conflicts
from schemas.core import Namespace
from schemas.counting import overdrawn
from schemas.documents import Document, documents
from schemas.hooks import NEEDS_NO_HOOK, idle, left_out
from schemas.kinds import KINDS, Object
from schemas.limiting import defaulted, exceeded, limits_of
from schemas.manifest import Manifest
from schemas.model import Model, Noted, Path
from schemas.networking import IngressClass
from schemas.notices import Remark, notices
from schemas.positions import Origin
from schemas.problems import Problem
from schemas.references import Identity, dangling
from schemas.scaling import remarks as replicas_remarks
from schemas.shape import marked
from schemas.storage import PersistentVolume
from schemas.verdicts import Verdict, verdict
from schemas.words import problems_of

_NAME: Path = ("metadata", "name")
NOWHERE = (IngressClass, Namespace, PersistentVolume)  # kinds that are in no namespace


@dataclass(frozen=True, slots=True)
class Unread:
    """A document, or only an object of known name, that couldn't be made sense of."""

    identity: Identity | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What holds for all objects: the namespace of those that name none, the kinds that may be left out."""

    namespace: str
    ignored: tuple[str, ...]


Finding = Manifest | Problem | Remark | Unread


@dataclass(frozen=True, slots=True)
class Loaded:
    """All manifests of some files, with the problems that forbid using them, and what is worth a notice."""

    manifests: tuple[Manifest, ...]
    problems: tuple[Problem, ...]
    notices: tuple[Problem, ...]


def load(
    files: Mapping[str, bytes],
    *,
    strict: bool = False,
    default_namespace: str = "default",
    ignored: Collection[str] = (),
) -> Loaded:
    """Read every document of every file, and never raise for what is in them.

    With ``strict``, what would be a notice is a problem.  An object of an ``ignored`` kind that would be
    refused is left out with a notice.
    """
    how = Reading(default_namespace, tuple(ignored))
    found = [each for name in sorted(files) for each in _file(name, files[name], how)]
    written = tuple(each for each in found if isinstance(each, Manifest))
    limits = limits_of(written)
    manifests = defaulted(written, limits)
    remarks = [*(each for each in found if isinstance(each, Remark)), *replicas_remarks(manifests)]
    problems = {each for each in found if isinstance(each, Problem)}
    unread = {each.identity for each in found if isinstance(each, Unread)}
    problems.update(_duplicates(manifests), _between(manifests, unread))
    problems.update(exceeded(manifests, limits), overdrawn(manifests))
    if strict:
        problems.update(remark.problem() for remark in remarks)
    return Loaded(manifests, tuple(sorted(problems)), () if strict else notices(remarks))


def _between(manifests: tuple[Manifest, ...], unread: set[Identity | None]) -> Iterable[Problem]:
    """What an unreadable document would have held is unknown, so nothing is missing for certain."""
    if None in unread:
        return conflicts(manifests)
    return dangling(manifests, (identity for identity in unread if identity))


def _file(name: str, content: bytes, how: Reading) -> Iterator[Finding]:
    for document in documents(name, content):
        if isinstance(document, Problem):
            yield from (document, Unread())
        elif document.data is not None:
            yield from _document(document, how)


def _document(document: Document, how: Reading) -> Iterator[Finding]:
    origin, data = document.origin, document.data
    if not isinstance(data, dict):
        yield origin.problem((), "a manifest is a mapping with apiVersion and kind")
    elif data.get("apiVersion") is None and data.get("kind") is None:
        yield Remark(origin, origin.file, (), "skipped, as it has neither apiVersion nor kind")
    elif _is_list(data):
        for index, item in enumerate(data.get("items") or ()):
            inside = Origin(origin.file, origin.first_line, origin.text, (*origin.prefix, "items", index))
            yield from _document(Document(inside, item), how)
    elif data.get("kind") in how.ignored:
        yield from _unless_refused(origin, data, how)
    else:
        yield from _object(origin, data, how)


def _unless_refused(origin: Origin, data: dict[str, Any], how: Reading) -> Iterator[Finding]:
    """Yield what is found of an object that is left out, and told so, where it would be refused."""
    found = list(_object(origin, data, how))
    refused = next((each for each in found if isinstance(each, Problem)), None)
    if refused is None:
        yield from found
    else:
        kind, why = data["kind"], refused.message
        yield Remark(
            origin, kind, (), f"{kind} is left out, as `policy.ignore` says, and not enforced: {why}"
        )


def _is_list(data: Mapping[str, Any]) -> bool:
    kind, items = data.get("kind"), data.get("items")
    return isinstance(kind, str) and kind.endswith("List") and (isinstance(items, list) or not items)


def _object(origin: Origin, data: dict[str, Any], how: Reading) -> Iterator[Finding]:
    unsaid = [name for name in ("apiVersion", "kind") if not isinstance(data.get(name), str)]
    if unsaid:
        for name in unsaid:
            yield origin.problem((name,), "is required, as a string")
        return
    model = KINDS.get((data["apiVersion"], data["kind"]))
    if model is None:
        yield _said_of_kind(verdict(data["apiVersion"], data["kind"]), origin, data["kind"])
        return
    yield from _marks(model, origin, data)
    yield from _typed(model, origin, _with_namespace(model, data, how.namespace), data)


def _said_of_kind(said: Verdict, origin: Origin, kind: str) -> Finding:
    reason = said.mark.reason
    if isinstance(said.mark, Noted):
        return Remark(origin, kind, (), f"{kind} is left out: {reason}")
    return origin.problem((said.field,), reason if kind in reason else f"{kind}: {reason}")


def _marks(model: type[Model], origin: Origin, data: dict[str, Any]) -> Iterator[Finding]:
    for path, mark in marked(model, data):
        if isinstance(mark, Noted):
            yield Remark(origin, data["kind"], path, f"has no effect: {mark.reason}")
        else:
            yield origin.problem(path, mark.reason)


def _typed(
    model: type[Model], origin: Origin, data: dict[str, Any], document: dict[str, Any]
) -> Iterator[Finding]:
    try:
        value = cast(Object, model.model_validate(data))
    except ValidationError as error:
        yield from problems_of(error, origin, model)
        yield Unread(_identity(data))
    else:
        yield from _kept(Manifest(value, origin.file, _line(origin), document, origin))


def _kept(manifest: Manifest) -> Iterator[Finding]:
    """Yield a manifest unless it is no part of a deployment, and what is to be said of a hook."""
    one = manifest.object
    if why := left_out(one.metadata.annotations):
        yield Remark(manifest.origin, one.kind, (), f"{one.kind} {one.metadata.name} is left out: {why}")
        return
    yield manifest
    if at := idle(one):
        yield Remark(manifest.origin, one.kind, at, NEEDS_NO_HOOK)


def _line(origin: Origin) -> int:
    return origin.locate(())[0] if origin.prefix else origin.first_line + 1


def _identity(data: dict[str, Any]) -> Identity:
    metadata = data.get("metadata")
    names = metadata if isinstance(metadata, dict) else {}
    return data["kind"], str(names.get("namespace")), str(names.get("name"))


def _with_namespace(model: type[Model], data: dict[str, Any], default: str) -> dict[str, Any]:
    metadata = data.get("metadata")
    if model in NOWHERE or not isinstance(metadata, dict) or metadata.get("namespace"):
        return data
    return {**data, "metadata": {**metadata, "namespace": default}}


def _duplicates(manifests: Iterable[Manifest]) -> Iterator[Problem]:
    first: dict[tuple[str, str, str], Manifest] = {}
    for manifest in manifests:
        metadata = manifest.object.metadata
        before = first.setdefault((manifest.object.kind, metadata.namespace, metadata.name), manifest)
        if before is not manifest:
            yield manifest.origin.problem(_NAME, f"the same object is in {before.file}:{before.line}")
