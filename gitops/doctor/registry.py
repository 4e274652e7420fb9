"""What `sloop doctor` says of logins to registries: whether they are taken, and suit the images."""

import base64
import http.client
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import SplitResult, urlencode, urlsplit

from gitops.doctor.findings import Finding, ok, warning
from gitops.planning.render import owner_of
from reconcilers.kinds import catalog
from reconcilers.pulling import of_commit
from runtime.podman_pull import full_reference, login_for, registry
from runtime.resources import Image
from schemas.manifest import Manifest
from schemas.pods import pod_of

HASTE = 3.0  # seconds that a registry may be silent
HUB = "registry-1.docker.io"  # who answers for docker.io
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class Unknown(Exception):
    """A registry can't be reached, or says nothing that is understood."""


def tried(logins: Mapping[str, object]) -> Iterator[Finding]:
    """Yield whether the registries of an auth file take their logins; one out of reach is no trouble."""
    for name, entry in sorted(logins.items()):
        where, login = registry(name), _login(entry)
        check = f"registry {where}"
        if not login:
            yield ok(check, "logged in by a credential helper, which isn't asked")
            continue
        try:
            taken = accepts(where, login)
        except Unknown as unknown:
            yield ok(check, f"logged in; it can't be asked whether that is taken: {unknown}")
            continue
        remedy = f"`podman login {where}`"
        yield ok(check, "takes the login") if taken else warning(check, "refuses the login", remedy)


def pull_secrets(manifests: Sequence[Manifest]) -> Iterator[Finding]:
    """Yield the images whose objects name imagePullSecrets, none of which is for them, or can be read."""
    known = catalog(manifests)
    for manifest in manifests:
        pod = pod_of(manifest.object)
        if pod is not None and pod.spec.image_pull_secrets:
            images = of_commit(known, pod.spec, manifest.object.metadata.namespace)
            lacking = sorted({one.reference for one in images if not _suits(one)})
            yield from (_lacking(str(owner_of(manifest)), image) for image in lacking)


def _suits(image: Image) -> bool:
    reference = full_reference(image.reference)
    return reference.startswith("localhost/") or login_for(reference, image.logins) is not None


def _lacking(owner: str, image: str) -> Finding:
    message = f"{owner} has imagePullSecrets, and none of them is for {image}"
    return warning("pull secrets", message, "if its registry wants a login, add it to one of them")


def accepts(where: str, login: str) -> bool:
    """Say whether a registry takes a login (Docker's registry API, version 2); raises Unknown."""
    host = HUB if where == "docker.io" else where.partition("/")[0]
    status, challenge = _ask(urlsplit(f"https://{host}/v2/"), login)
    if status == 401 and challenge.lower().startswith("bearer "):
        words = dict(_CHALLENGE.findall(challenge))
        realm = urlsplit(words.get("realm", ""))
        if realm.scheme != "https" or not realm.hostname:
            raise Unknown("it names no place to log in at")
        status, _ = _ask(realm._replace(query=urlencode({"service": words.get("service", "")})), login)
    if status in {200, 401, 403}:
        return status == 200
    raise Unknown(f"it answers {status}")


def _ask(url: SplitResult, login: str) -> tuple[int, str]:
    """Return the status of a page, and how it wants to be logged in to; certificates are checked."""
    line = http.client.HTTPSConnection(url.hostname or "", url.port, timeout=HASTE)
    page = f"{url.path or '/'}?{url.query}"
    try:
        line.request("GET", page, headers={"Authorization": f"Basic {login}"})
        answer = line.getresponse()
        return answer.status, answer.getheader("WWW-Authenticate") or ""
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unknown(getattr(error, "strerror", None) or error.__class__.__name__) from error
    finally:
        line.close()


def _login(entry: object) -> str:
    """Return user and password as HTTP has them, "" where the file doesn't hold them."""
    match entry:
        case {"auth": str(text)} if text:
            return text
        case {"username": str(user), "password": str(password)}:
            return base64.b64encode(f"{user}:{password}".encode()).decode()
    return ""
