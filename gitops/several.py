"""Several sources in one answer: each is asked by itself, and one in trouble holds none of the others up."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from gitops import program
from gitops.service.strays import strays
from gitops.settings import Settings, each
from gitops.sources import engine_of, source_of
from gitops.telling.teller import Plain, Silent
from gitops.telling.which import Missing
from gitops.trouble import Exit, code_of
from runtime.dataclass import dataclass
from runtime.stop import Stopped

if TYPE_CHECKING:
    from gitops.loop import Teller
    from gitops.request import Request, Wish
    from runtime.resources import Owner

Document = Mapping[str, Any]
T = TypeVar("T")

HEED = 1.0  # seconds: a signal that comes while another thread starts a process doesn't end a wait
SYNC = ("Synced", "OutOfSync", "Unknown")  # from well to ill
HEALTH = ("Healthy", "Suspended", "Progressing", "Missing", "Degraded")
ENDS = ("Synced", "Suspended", "RolledBack", "Failed", "Refused", "Late", "Unreachable")
AN_ERROR = {Exit.FAILED: "Failed", Exit.MISUSED: "Refused", Exit.UNREACHABLE: "Unreachable"}


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What one source answers, or its trouble."""

    settings: Settings
    value: T | None = None
    trouble: Exception | None = None

    @property
    def name(self) -> str:
        """The source's name."""
        return self.settings.source or ""

    @property
    def code(self) -> Exit:
        """The exit code of its trouble."""
        return (code_of(self.trouble) or Exit.FAILED) if self.trouble else Exit.DONE


def ask(settings: Settings, question: Callable[[Settings], T]) -> list[Answer[T]]:
    """Ask all sources that are meant, at the same time; what nobody expected is raised."""
    sources = list(each(settings))
    with ThreadPoolExecutor(len(sources)) as pool:
        return list(pool.map(lambda one: _asked(one, question), sources))


def are_several(settings: Settings) -> bool:
    """Say whether more than one source is meant."""
    return len(list(each(settings))) > 1


def status(settings: Settings) -> tuple[Document, Exit]:
    """Return how everything fares, and the exit code of what couldn't be told."""
    document, code = _status(settings)
    return {**document, "strays": strays(settings, engine_of(settings))}, code


def _status(settings: Settings) -> tuple[Document, Exit]:
    if not are_several(settings):
        return program.status(settings), Exit.DONE
    answers = ask(settings, program.status)
    told = [one.value or _untold(one) for one in answers]
    named = list(zip(answers, told, strict=True))
    document = {
        "source": None,
        "revision": None,
        "sync": max((one["sync"] for one in told), key=SYNC.index),
        "health": max((one["health"] for one in told), key=HEALTH.index),
        "objects": [{**each_, "source": one.name} for one, doc in named for each_ in doc["objects"]],
        "notices": [f"{one.name}: {notice}" for one, doc in named for notice in doc["notices"]],
        "sources": [_source(one, doc) for one, doc in named],
    }
    return document, max(one.code for one in answers)


def diff(settings: Settings, *, to: str | None = None) -> tuple[Document, Exit]:
    """Return what would change, and the exit code of what couldn't be told."""
    if not are_several(settings):
        return program.diff(settings, to=to), Exit.DONE
    answers = ask(settings, lambda one: program.diff(one, to=to))
    return _merged(answers, [one.value for one in answers], {}), max(one.code for one in answers)


def apply(settings: Settings, request: "Request", wish: "Wish", teller: "Teller") -> tuple[Document, str]:
    """Converge once on all sources that are meant; return what was done, and how the worst one ended."""
    if not are_several(settings):
        return program.apply(settings, request, wish, teller)
    stopped: list[Stopped] = []
    kind = Plain if isinstance(teller, Plain) else Silent

    def converge(one: Settings) -> tuple[Document, str]:
        heeding = cast("Teller", _Heeding(kind(one.source or ""), stopped))
        return program.apply(one, request, wish, heeding)

    answers = _ask_until_stopped(settings, converge, stopped)
    ends = {one.name: one.value[1] if one.value else AN_ERROR[one.code] for one in answers}
    worst = max(ends.values(), key=ENDS.index)
    documents = [one.value[0] if one.value else None for one in answers]
    unwell = [f"{one.name}: {_message(one)}" for one in answers if _message(one)]
    return _merged(answers, documents, {"outcome": worst, "message": "; ".join(unwell)}, ends), worst


def history(settings: Settings, limit: int) -> Sequence[Document]:
    """Return the runs of all sources that are meant, newest first."""
    from gitops.telling.report import history_document

    if not are_several(settings):
        return history_document(program.history(settings, limit))
    rows = [
        {**row, "source": one.name}
        for one in ask(settings, lambda one: history_document(program.history(one, limit)))
        for row in _value(one)
    ]
    return sorted(rows, key=lambda row: str(row["started"]), reverse=True)[:limit]


def events(
    settings: Settings, whose: "Owner | None", namespace: str | None, limit: int
) -> Sequence[Document]:
    """Return the last events of all sources that are meant, the newest last."""
    from gitops.telling.past_events import events as happened

    if not are_several(settings):
        return happened(settings, whose, namespace, limit)
    answers = ask(settings, lambda one: happened(one, whose, namespace, limit))
    rows = [{**row, "source": one.name} for one in answers for row in _value(one)]
    return sorted(rows, key=lambda row: str(row["time"]))[-limit:]


def having(settings: Settings, whose: "Owner") -> Settings:
    """Return the settings of the source whose pods are meant; raises Missing where none has any."""
    if not are_several(settings):
        return settings
    from gitops.telling.meant import some_pods_of
    from runtime.observe import of_source

    seen = engine_of(settings).look()

    def has(one: Settings) -> Settings:
        some_pods_of(of_source(seen, source_of(one).id), whose)
        return one

    return first_that_has(settings, has)


def first_that_has(settings: Settings, question: Callable[[Settings], T]) -> T:
    """Return the answer of the first source that has what is asked for; raises what the first one raised."""
    troubles: list[Exception] = []
    for one in each(settings):
        try:
            return question(one)
        except Missing as missing:
            troubles.append(missing)
    raise troubles[0]


def listed(settings: Settings, question: Callable[[Settings], Document]) -> Document:
    """Return the items of all sources; a name that some of them don't have is no error."""
    if not are_several(settings):
        return question(settings)
    answers = ask(settings, question)
    there = [one for one in answers if one.trouble is None]
    troubles = [one.trouble for one in answers if one.trouble]
    if not there:
        raise troubles[0]
    untold = [f"{one.name}: {one.trouble}" for one in answers if one.trouble and one.code != Exit.FAILED]
    return {
        "items": [{**item, "source": one.name} for one in there for item in _value(one)["items"]],
        "notices": [*untold, *(f"{one.name}: {text}" for one in there for text in _value(one)["notices"])],
    }


class _Heeding:
    """A teller that ends who tells it anything once the process was told to stop."""

    def __init__(self, teller: Silent, stopped: Sequence[Stopped]) -> None:
        self._teller, self._stopped = teller, stopped

    def __getattr__(self, name: str) -> Any:
        if self._stopped:
            raise self._stopped[0]
        return getattr(self._teller, name)


def _ask_until_stopped(
    settings: Settings, question: Callable[[Settings], T], stopped: list[Stopped]
) -> list[Answer[T]]:
    with ThreadPoolExecutor(len(list(each(settings)))) as pool:
        going = [pool.submit(_asked, one, question) for one in each(settings)]
        try:
            while wait(going, HEED).not_done:
                pass
        except Stopped as told:
            stopped.append(told)
            raise
    return [one.result() for one in going]


def _asked(one: Settings, question: Callable[[Settings], T]) -> Answer[T]:
    try:
        return Answer(one, question(one))
    except Exception as error:
        if code_of(error) is None:
            raise
        return Answer(one, trouble=error)


def _value(one: Answer[T]) -> T:
    if one.trouble:
        raise one.trouble
    return cast(T, one.value)


def _untold(one: Answer[Any]) -> Document:
    """Return the status of a source in trouble, as far as what runs tells it."""
    from gitops.look import look
    from gitops.planning.fare import fares, overall
    from gitops.telling.report import status_document

    sync = "OutOfSync" if one.code is Exit.MISUSED else "Unknown"
    sight = look(one.settings, engine_of(one.settings))
    found = fares(sight.view) if sight.view else []
    revision = sight.view.commit.sha if sight.view else ""
    health = overall(found) if found or not sight.seen.pods else "Missing"
    told = status_document(sight.source.display, revision, found, sight.notices)
    return {**told, "sync": sync, "health": health, "behind": str(one.trouble)}


def _source(one: Answer[Any], document: Document) -> Document:
    kept = {key: document[key] for key in ("revision", "sync", "health")}
    said = {key: document.get(key, "") for key in ("suspended", "behind")}
    left = document.get("abandoned", [])
    return {"source": one.name, "url": document["source"], **kept, **said, "abandoned": left}


def _message(one: Answer[tuple[Document, str]]) -> str:
    return str(one.trouble) if one.trouble else str(_value(one)[0]["summary"].get("message") or "")


def _merged(
    answers: Sequence[Answer[Any]],
    documents: Sequence[Document | None],
    summary: Document,
    ends: Mapping[str, str] | None = None,
) -> Document:
    """Return one document of changes out of those of several sources."""
    named = [(one.name, doc) for one, doc in zip(answers, documents, strict=True) if doc is not None]
    counts = Counter[str]()
    for _, doc in named:
        counts.update({key: value for key, value in doc["summary"].items() if isinstance(value, int)})
    troubles = [f"{one.name}: {one.trouble}" for one in answers if one.trouble]
    return {
        "revision": None,
        "changes": [{**change, "source": name} for name, doc in named for change in doc["changes"]],
        "steps": [{**step, "source": name} for name, doc in named for step in doc["steps"]],
        "notices": [*troubles, *(f"{name}: {text}" for name, doc in named for text in doc["notices"])],
        "summary": {**counts, **summary},
        "output": [one for _, doc in named for one in doc.get("output", ())],
        "sources": [
            {
                "source": one.name,
                "revision": doc["revision"] if doc else None,
                "outcome": (ends or {}).get(one.name),
                "message": str(one.trouble or (doc or {}).get("summary", {}).get("message") or ""),
            }
            for one, doc in zip(answers, documents, strict=True)
        ],
    }
