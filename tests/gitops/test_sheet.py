"""A document becomes lines: aligned, nothing empty, the user's own keys as they are written."""

from gitops.telling.sheet import sheet

DOCUMENT = {
    "kind": "Deployment",
    "namespace": "shop",
    "name": "web",
    "owner": None,
    "git": {"revision": "1" * 40, "file": "web.yaml", "line": 3, "touched": None},
    "ready": "0/2",
    "available": 0,
    "labels": {"app.io/someName": "web"},
    "annotations": {},
    "data": {"motd": "hello\n\x1b[31mworld"},
    "pods": [{"name": "web-0", "ready": False, "exitCode": 0, "outOfMemory": False, "mounts": ["/a", "/b"]}],
    "events": [
        {"time": "2026-01-02T03:04:05.678+00:00", "type": "Normal", "reason": "Create", "message": "1a2b3c4"}
    ],
    "output": [{"pod": "web-0", "lines": ["oh"]}, {"pod": "web-1", "lines": []}],
}

LINES = """\
Kind:       Deployment
Namespace:  shop
Name:       web
Git:
  File:      web.yaml:3
  Revision:  1111111
Ready:      0/2
Available:  0
Labels:
  app.io/someName:  web
Data:
  motd:
    hello
     [31mworld
Pods:
  web-0:
    Ready:      no
    Exit code:  0
    Mounts:     /a
                /b
Events:
  TIME (UTC)            TYPE     REASON   MESSAGE
  2026-01-02 03:04:05   Normal   Create   1a2b3c4
Last output of web-0:
  oh
Last output of web-1:
  (none)
"""


def test_a_document_becomes_lines_for_people() -> None:
    assert "".join(f"{line}\n" for line in sheet(DOCUMENT)) == LINES
