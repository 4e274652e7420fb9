"""The page that says what becomes of every field of every kind, made from the models."""

from collections.abc import Iterator

from schemas.kinds import KINDS
from schemas.model import Model, Noted
from schemas.shape import Field, shape
from schemas.verdicts import NAMED

_HEAD = """\
# What becomes of every kind and every field

Made from the models in `schemas/`, and held to them by a test.

- **honoured**: it means what it means in Kubernetes.
- **noted**: it has no meaning on one machine. It is left alone and told once; under `sloop validate --strict`
  it is an error.
- **refused**: to leave it alone would change what the manifest means, or how safe it is. It is an error, and
  nothing is deployed.

"In part" is for some values, which the remark tells. What is not listed is an error: a field is told with the
nearest name, a kind too. A `List`, and a file with several documents, are read as what is in them.
"""


def page() -> str:
    """Return the whole page, in Markdown."""
    return "\n".join([_HEAD, *_kinds(), *(line for model in _models() for line in _section(model))]) + "\n"


def _kinds() -> Iterator[str]:
    typed = {
        (version, kind): f"| [{kind}](#{kind.lower()}) | {version} | honoured | |" for version, kind in KINDS
    }
    named = {
        (version, kind): f"| {kind} | {version} | {_word(mark)} | {mark.reason} |"
        for (version, kind), mark in NAMED.items()
    }
    rows = typed | named
    yield from ("## Kinds", "", "| kind | apiVersion | | remark |", "| --- | --- | --- | --- |")
    yield from (rows[key] for key in sorted(rows, key=lambda key: (key not in typed, key[1], key[0])))
    yield ""


def _models() -> list[type[Model]]:
    """Return the kinds, then each model inside them once, in the order in which a reader meets them."""
    found = dict.fromkeys(KINDS.values())
    waiting = list(found)
    while waiting:
        inside = [each for field in shape(waiting.pop(0)).values() if (each := _inside(field))]
        new = dict.fromkeys(each for each in inside if each not in found)
        found |= new
        waiting = [*new, *waiting]
    return list(found)


def _inside(field: Field) -> type[Model] | None:
    """Return the model that a field's content is held to; None where it is not looked at."""
    return None if _whole(field) else field.inside


def _section(model: type[Model]) -> Iterator[str]:
    yield from (f"## {model.__name__}", "", _sentence(model), "")
    yield from ("| field | | remark |", "| --- | --- | --- |")
    yield from (_row(name, field) for name, field in shape(model).items())
    yield ""


def _sentence(model: type[Model]) -> str:
    return (model.__doc__ or "").partition("\n")[0].replace("``", "`")


def _row(name: str, field: Field) -> str:
    inside = _inside(field)
    link = f" [{inside.__name__}](#{inside.__name__.lower()})" if inside else ""
    reasons = "; ".join(dict.fromkeys(mark.reason for mark in field.marks))
    return f"| `{name}{'[]' if field.listed else ''}`{link} | {_class(field)} | {reasons} |"


def _class(field: Field) -> str:
    words = " and ".join(sorted({_word(mark) for mark in field.marks}))
    if not words:
        return "honoured"
    return words if _whole(field) else f"in part {words}"


def _whole(field: Field) -> bool:
    """Say whether a field's marks leave nothing of it; ``bool`` lets only the empty value pass."""
    return any(mark.key is None and (not mark.is_partial or mark.when is bool) for mark in field.marks)


def _word(mark: object) -> str:
    return "noted" if isinstance(mark, Noted) else "refused"
