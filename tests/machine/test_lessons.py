"""The demo's history is made from the sample as it is."""

import subprocess
from pathlib import Path

from tests.machine import lessons


def said(repository: Path, *arguments: str) -> list[str]:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_the_history_has_a_beginning_a_good_change_and_a_bad_one(tmp_path: Path) -> None:
    repository = tmp_path / "repo"

    lessons.begin(repository)
    lessons.teach(repository, lessons.GOOD)
    lessons.teach(repository, lessons.BAD)

    assert said(repository, "log", "--reverse", "--format=%s") == [
        "Open the shop",
        lessons.GOOD.subject,
        lessons.BAD.subject,
    ]
    assert said(repository, "status", "--porcelain") == []
    assert (
        said(repository, "diff", "--stat", "HEAD~2", "--", "deploy")[0]
        .strip()
        .startswith("deploy/shop/web.yaml")
    )
