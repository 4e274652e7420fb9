"""What goes wrong with a git repository, told to a person with the way out."""

import re


class SourceError(Exception):
    """A source can't be read or written.

    The message is complete in one or two lines: what failed, on what, the way out.  It never has credentials.
    """


class GitFailed(Exception):
    """git ended with an error; its words are for :func:`explain`, not yet for people."""

    def __init__(self, command: str, words: str) -> None:
        self.command = command
        self.words = without_credentials(printable(words))
        super().__init__(f"git {command}: {self.words.strip()}")


_CAUSES = (  # (what git says, what that means, the way out); {where} is the repository, {host} its machine
    (
        r"dubious ownership",
        "it belongs to another user",
        "if you trust it: git config --global --add safe.directory {where}",
    ),
    (
        r"not our ref",
        "the commit is not there any more",
        "name a branch, a tag or a newer commit",
    ),
    (
        r"mismatched algorithms",
        "it names its objects by SHA-256, which is not supported",
        "use a repository made with: git init --object-format=sha1",
    ),
    (
        r"Host key verification failed",
        "the ssh key of {host} is not known here",
        "compare it, then: ssh-keyscan {host} >> ~/.ssh/known_hosts",
    ),
    (
        r"could not read (Username|Password)|Authentication failed|Permission denied \(|error: 40[13]\b",
        "the login was refused",
        "give the user that runs sloop a deploy key (ssh) or a git credential helper (https)",
    ),
    (
        r"[Cc]ould not resolve host|Name or service not known|Connection (refused|timed out|reset)"
        r"|Failed to connect|Couldn't connect|No route to host|Network is unreachable|Operation timed out"
        r"|early EOF|hung up unexpectedly|error: 50\d",
        "{host} can't be reached",
        "check the address and the network; what runs stays as it is",
    ),
    (
        r"No space left on device|Disk quota exceeded",
        "the disk is full",
        "make room under the state directory",
    ),
    (
        r"does not appear to be a git repository|[Nn]ot a git repository|[Rr]epository .*not found"
        r"|Could not read from remote repository",
        "there is no git repository, or none that may be read",
        "check the address given with --repo",
    ),
    (
        r"[Pp]ermission denied|insufficient permission|Read-only file system",
        "a file may not be read or written",
        "run sloop as the user who may",
    ),
    (
        r"certificate|SSL",
        "its certificate is not trusted",
        "install the authority's certificate, or name it with http.sslCAInfo",
    ),
)


def explain(doing: str, where: str, failure: GitFailed) -> SourceError:
    """Turn git's words into a message: what was being done, where, why it failed, the way out."""
    for said, cause, way_out in _CAUSES:
        if re.search(said, failure.words):
            names = {"where": where, "host": _host(where)}
            return SourceError(f"cannot {doing} {where}: {cause.format(**names)}\n{way_out.format(**names)}")
    return SourceError(f"cannot {doing} {where}: {_gist(failure)}")


def without_credentials(text: str) -> str:
    """Remove what stands before the @ of every address in a text."""
    return re.sub(r"(?<=://)[^/@\s']+@", "", text)


def printable(text: str) -> str:
    """Remove what would move a terminal's cursor or colour it: a remote's words are not ours."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else " " for sign in text)


def _gist(failure: GitFailed) -> str:
    lines = [line.strip() for line in failure.words.splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"(fatal|error): |! \[", line)]
    return next(iter(telling or lines), f"git {failure.command} failed without a word")


def _host(where: str) -> str:
    match = re.match(r"\w+://(?:[^/@]*@)?(\[[^\]]+\]|[^/:]+)", where)
    return match[1] if match else where
