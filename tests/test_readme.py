"""The words are true: commands, kinds, exit codes and links of the README are those that there are."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from typer.main import get_command

from gitops.cli import app
from gitops.trouble import Exit
from schemas.kinds import KINDS
from tests.readme import README, ROOT, examples

PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/operating.md",
    "docs/support.md",
    "sample-repo/README.md",
)
LINKS = [
    (page, link)
    for page in PAGES
    for link in re.findall(r"\]\(([^)\s]+)\)", (ROOT / page).read_text())
    if not link.startswith("http")
]


def test_the_readme_lists_the_commands_that_there_are_and_no_others() -> None:
    listed = re.findall(r"^\| `sloop ([\w-]+)", README, re.MULTILINE)

    assert sorted(listed) == sorted(get_command(app).commands)


def test_the_readme_tells_every_exit_code() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d) \|", README, re.MULTILINE)] == list(Exit)


@pytest.mark.parametrize("kind", sorted(kind for _, kind in KINDS))
def test_every_kind_that_is_honoured_stands_in_the_table(kind: str) -> None:
    assert re.search(rf"^\| {kind} \|", README, re.MULTILINE)


def test_the_first_screen_names_the_two_commands_which_the_makefile_has() -> None:
    first_screen = "\n".join(README.splitlines()[:25])
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert (
        {"demo", "test"}
        <= set(re.findall(r"(?:^|`)make ([a-z-]+)", first_screen, re.MULTILINE))
        <= set(targets)
    )


def test_every_command_of_the_examples_is_one_that_there_is() -> None:
    typed = {word for one in examples() for word in re.findall(r"^sloop (\w+)", one.script, re.MULTILINE)}

    assert {"apply", "diff", "rollback", "status"} <= typed <= set(get_command(app).commands)


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_every_link_leads_somewhere(page: str, link: str) -> None:
    file, _, head = link.partition("#")
    target = (ROOT / page).parent / unquote(file) if file else ROOT / page

    assert target.exists()
    assert not head or head in anchors(target)


def anchors(page: Path) -> set[str]:
    """Return the names under which a page's headings are linked to, as GitHub spells them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
