"""Pods as `podman kube play` is held to them by its own tests: kube_play.yaml, all in one commit.

Its ``pods`` are Pods of one container, called main, and of what ``pod`` adds to their spec: ``script`` is
what it runs, ``mounts`` where it sees which volume, ``container`` more of it, ``meta`` labels and
annotations.  ``says`` is all that main prints, ``inspect`` what Podman tells of it, ``reason`` what `status`
says of the pod.  ``refused`` are objects of which `validate` says so.  PLACE is a folder of the machine, with
a file, a link out of it, and a socket; MACHINE KIND is a namespace of the machine, or its name.
"""

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import reduce
from operator import getitem
from pathlib import Path
from socket import AF_UNIX, gethostname, socket
from typing import Any

import pytest
import yaml

from schemas.load import load
from tests.machine import images
from tests.podman.manifests import ONE, Object, named
from tests.podman.program import Program
from tests.podman.speaking import logged

FILE = Path(__file__).parent / "kube_play.yaml"
CASES = yaml.safe_load(FILE.read_text())
FITTED = Path(__file__).parent / "images/fitted"
FINDINGS = ("says", "inspect", "reason")
NAMESPACES = ("ipc", "net", "pid", "uts")
Case = Mapping[str, Any]


def test_pods_find_what_kube_play_promises_them(program: Program, tmp_path: Path) -> None:
    cases = _cases(tmp_path)
    images.build(program.podman.engine, FITTED, {"localhost/sloop/fitted:1": "1"})
    program.commit("Play", *CASES["objects"], *map(_pod, cases))
    with _furnished(tmp_path):
        program.run("apply", "--timeout", "50s")
    told = {one["name"]: one["reason"] for one in program.json("status")["objects"] if one["kind"] == "Pod"}

    assert {case["promise"]: _found(program, case, told) for case in cases} == {
        case["promise"]: {key: case[key] for key in FINDINGS if key in case} for case in cases
    }


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["promise"])
def test_what_kube_play_refuses_is_refused_at_the_door(case: Case) -> None:
    one = case.get("object") or {**named("Pod", "refused"), "spec": case["pod"]}
    texts = map(json.dumps, [*CASES["objects"], one])
    files = {f"{index}.yaml": text.encode() for index, text in enumerate(texts)}

    assert case["says"] in "\n".join(map(str, load(files).problems))


def _cases(place: Path) -> Sequence[Case]:
    """Return the cases of this machine."""
    spaces = {f"MACHINE {kind}": str(Path(f"/proc/self/ns/{kind}").readlink()) for kind in NAMESPACES}
    text = json.dumps(CASES["pods"])
    for word, meant in {"PLACE": str(place), "MACHINE name": gethostname(), **spaces}.items():
        text = text.replace(word, meant)
    found: list[Case] = json.loads(text)
    return found


def _furnished(place: Path) -> closing[socket]:
    """Put into a folder what the cases look for in it."""
    (place / "file").write_text("of the machine\n")
    (place / "out").symlink_to("/etc")
    listener = socket(AF_UNIX)
    listener.bind(str(place / "socket"))
    return closing(listener)


def _pod(case: Case) -> Object:
    mounts = [{"name": name, "mountPath": path} for name, path in case.get("mounts", {}).items()]
    script = {"command": ["sh", "-ec", case["script"]]} if "script" in case else {}
    main = {"name": "main", "image": ONE, **script, "volumeMounts": mounts, **case.get("container", {})}
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [main]}
    one = named("Pod", _name(case))
    return {
        **one,
        "metadata": {**one["metadata"], **case.get("meta", {})},
        "spec": {**spec, **case.get("pod", {})},
    }


def _name(case: Case) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", case["promise"].lower())
    return str(case.get("name") or words[:50].strip("-"))


def _found(program: Program, case: Case, told: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what there is of each finding that a case names."""
    pod = f"default.{_name(case)}"
    container = (
        f"{pod}_main" if {"initContainers", "shareProcessNamespace"} & set(case.get("pod", {})) else pod
    )
    return {
        key: _finding(program, container, case, told[_name(case)], key) for key in FINDINGS if key in case
    }


def _finding(program: Program, container: str, case: Case, reason: str, key: str) -> Any:
    match key:
        case "says":
            return logged(program, container)
        case "inspect":
            seen = program.inspect(container)
            return {path: reduce(getitem, path.split("."), seen) for path in case[key]}
    return case[key] if case[key] in reason else reason
