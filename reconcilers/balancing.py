"""HAProxy's configuration for a Service: a front and a back for each of its ports."""

from collections.abc import Iterator, Mapping, Sequence

from reconcilers.endpoints import Endpoint
from runtime.probes import Http
from schemas.service import Service, ServicePort

TABLE = "type ip size 100k expire {seconds}s peers itself"
ITSELF = """\
peers itself
    bind 127.0.0.1:{port}
    server sloop
"""
ODD = frozenset(map(chr, [*range(32), 127]))


def balanced(service: Service, endpoints: Sequence[Endpoint], filtered: Mapping[str, int]) -> str:
    """Return how a Service's connections are led on.

    ``filtered`` gives, by the labels of ports, the one of the proxy's own on which only clients of the
    Service's source ranges are let in.  A port behind which nobody is isn't listened at, so that a client
    is refused at once.
    """
    ports = [port for port in service.spec.ports if any(port.label in one.ports for one in endpoints)]
    lines = [line for port in ports for line in _port(service, port, endpoints, filtered)]
    text = "".join(f"{line}\n" for line in lines)
    used = {*(port.port for port in ports), *filtered.values()}
    own = next(number for number in range(10001, 65535) if number not in used)
    return (ITSELF.format(port=own) if service.spec.affinity_seconds and ports else "") + text


def _port(
    service: Service, port: ServicePort, endpoints: Sequence[Endpoint], filtered: Mapping[str, int]
) -> Iterator[str]:
    back = f"port-{port.label}"
    yield from _front(f"in-{port.label}", port.port, back)
    if port.label in filtered:
        yield from _front(
            f"outside-{port.label}", filtered[port.label], back, service.spec.load_balancer_source_ranges
        )
    there = [one for one in endpoints if port.label in one.ports]
    yield from (f"backend {back}", "    mode tcp", "    balance roundrobin")
    if seconds := service.spec.affinity_seconds:
        yield from (f"    stick-table {TABLE.format(seconds=seconds)}", "    stick on src")
    shared = _shared(there)
    yield from _question(shared) if shared else ()
    yield from (_server(one, one.ports[port.label], shared) for one in there)


def _front(name: str, port: int, back: str, ranges: Sequence[str] = ()) -> Iterator[str]:
    """Yield what takes connections, from anywhere or from some ranges; those that nobody is there for end.

    Without ``no log`` HAProxy would put a line together for each of them, and then not write it.
    """
    yield from (f"frontend {name}", "    mode tcp", "    no log", f"    bind :{port}")
    if ranges:
        yield f"    tcp-request connection reject if !{{ src {' '.join(ranges)} }}"
    yield f"    tcp-request connection reject if {{ nbsrv({back}) eq 0 }}"
    yield f"    default_backend {back}"


def _shared(endpoints: Sequence[Endpoint]) -> Http | None:
    """Return the HTTP question that can be put to all of them: HAProxy has one for a whole backend."""
    questions = [one.question for one in endpoints]
    first = questions[0] if questions else None
    if not isinstance(first, Http) or not _can_be_written(first):
        return None
    same = (isinstance(one, Http) and _asked(one) == _asked(first) for one in questions)
    return first if all(same) else None


def _asked(question: Http) -> tuple[object, ...]:
    return question.path, question.secure, question.headers


def _can_be_written(question: Http) -> bool:
    texts = [question.path, *(text for pair in question.headers for text in pair)]
    return not any(ODD & set(text) for text in texts) and not set(question.path) & set(" \t")


def _question(question: Http) -> Iterator[str]:
    headers = dict([("Host", "localhost"), ("User-Agent", "sloop-proxy"), *question.headers])
    told = " ".join(f"hdr {_quoted(name)} {_quoted(text, format_=True)}" for name, text in headers.items())
    yield "    option httpchk"
    yield f"    http-check send meth GET uri {_quoted(question.path)} ver HTTP/1.1 {told}"
    yield "    http-check expect status 200-399"


def _server(one: Endpoint, port: int, shared: Http | None) -> str:
    question = one.question
    words = [f"    server {one.name} {one.address}:{port} check"]
    if question and (shared or not isinstance(question, Http)) and question.port != port:
        words.append(f"port {question.port}")
    if shared and shared.secure:
        words.append("check-ssl verify none")
    return " ".join(words)


def _quoted(text: str, *, format_: bool = False) -> str:
    """Return a text as one word of HAProxy's: in strong quotes, in which only a quote means something."""
    literal = text.replace("%", "%%") if format_ else text
    return "'" + literal.replace("'", "'\\''") + "'"
