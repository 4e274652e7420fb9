"""Settings: which place wins, which source is meant, and that an unchanged file is parsed once."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gitops.configuration import kept_at
from gitops.merged import settings, usual_file
from gitops.settings import Settings, SettingsError, beside, each, only, rules
from schemas.configuration import Configuration, Source, read
from schemas.shape import shape

EXAMPLE = Path(__file__).parents[2] / "docs/sloop.yaml"
TWO = """\
sources:
  - {name: shop, url: /srv/shop.git, ref: main, path: deploy, timeout: 10m}
  - {name: blog, url: /srv/blog.git}
"""


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sloop.yaml"


def given(file: Path, text: str, environment: dict[str, str] | None = None, **options: str) -> Settings:
    """Return the settings that a file, the environment and options give together."""
    file.write_text(text)
    return settings(file, options, environment or {})


def test_an_option_wins_over_the_environment_and_that_over_the_file(file: Path) -> None:
    found = given(
        file,
        "podman: unix:///file\npool: 10.1.0.0/16\nnode: file\n",
        {"SLOOP_POOL": "10.2.0.0/16"},
        node="said",
    )

    assert (found.podman, found.pool, found.node) == ("unix:///file", "10.2.0.0/16", "said")


def test_ingresses_are_at_one_address_of_the_machine_where_that_is_set(file: Path) -> None:
    found = given(file, "ingress: {address: 192.0.2.1}\n")
    anew = given(file, "ingress: {address: 192.0.2.1}\n", {"SLOOP_INGRESS_ADDRESS": "::1"})

    assert (found.ingress_address, anew.ingress_address) == ("192.0.2.1", "::1")
    with pytest.raises(SettingsError, match="SLOOP_INGRESS_ADDRESS: must be an IP address of this machine"):
        given(file, "", {"SLOOP_INGRESS_ADDRESS": "here"})


def test_the_keys_of_the_first_release_still_name_one_source(file: Path) -> None:
    (one,) = each(given(file, "repo: /srv/shop.git\nref: v1\npath: deploy\nstate: /srv/state\n"))

    assert (one.repo, one.ref, one.path, one.state) == ("/srv/shop.git", "v1", "deploy", Path("/srv/state"))


def test_each_source_is_as_if_it_were_the_only_one(file: Path) -> None:
    shop, blog = each(given(file, TWO))

    assert (shop.source, shop.repo, shop.ref, shop.path) == ("shop", "/srv/shop.git", "main", "deploy")
    assert (blog.source, blog.repo, blog.ref, blog.path) == ("blog", "/srv/blog.git", None, "")
    assert (rules(shop).timeout, rules(blog).timeout) == (600, 300)


def test_a_source_is_chosen_by_its_name_and_what_is_said_of_it_wins(file: Path) -> None:
    one = only(given(file, TWO, source="shop", ref="v2"))

    assert (one.source, one.ref, one.path) == ("shop", "v2", "deploy")


def test_the_sources_of_a_configuration_that_are_not_meant_are_neighbours(file: Path) -> None:
    shop, _ = each(given(file, TWO))
    (blog,) = beside(only(given(file, TWO, repo="/srv/shop.git", ref="v2", path="deploy")))

    assert [one.source for one in beside(shop)] == ["blog"]
    assert (blog.source, blog.repo, blog.ref, blog.path) == ("blog", "/srv/blog.git", None, "")
    assert [one.name for one in given(file, TWO, repo="/elsewhere").neighbours] == ["shop", "blog"]
    assert list(beside(settings(None, {"repo": "/elsewhere"}, {"XDG_CONFIG_HOME": "/nonexistent"}))) == []


def test_a_repository_that_is_said_stands_for_all_sources(file: Path) -> None:
    assert only(given(file, TWO, repo="/elsewhere")).repo == "/elsewhere"


def test_what_is_set_of_a_repository_holds_when_it_is_said(file: Path) -> None:
    assert rules(given(file, TWO, repo="/srv/shop.git/")).timeout == 600
    assert rules(given(file, TWO, {"SLOOP_REPO": "/srv/shop.git"}, path="elsewhere")).timeout == 300


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "several sources: name one with --source: shop, blog"),
        ({"source": "shp"}, "no source shp: known are shop, blog"),
        ({"ref": "v1"}, "of which source"),
        ({"source": "shop", "repo": "/elsewhere"}, "no source shop"),
    ],
)
def test_a_choice_that_is_none_names_the_sources(file: Path, options: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)):
        only(given(file, TWO, None, **options))


def test_two_sources_that_are_the_same_to_the_machine_are_refused(file: Path) -> None:
    moved = "{name: a, url: /srv/new, path: x, formerly: {url: /srv/old}}"
    text = f"sources: [{moved}, {{name: b, url: /srv/old.git/x}}]"
    same = text.replace("/srv/old.git/x", "/srv/old, path: x")

    assert len(list(each(given(file, text)))) == 2
    with pytest.raises(SettingsError, match="the sources a and b are the same"):
        list(each(given(file, same)))


def test_every_problem_of_a_file_is_told_with_its_line(file: Path) -> None:
    with pytest.raises(SettingsError) as found:
        given(file, "nod: a\npool: b\n")

    assert [line.partition(f"{file}:")[2][:4] for line in str(found.value).splitlines()] == ["1:1:", "2:7:"]


def test_a_file_that_is_named_must_be_there_and_one_at_the_usual_place_need_not(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        settings(tmp_path / "none.yaml", {}, {})

    assert settings(None, {}, {"XDG_CONFIG_HOME": str(tmp_path)}).file is None


def test_the_usual_place_is_the_machines_for_root_and_everybodys_own_for_others() -> None:
    assert usual_file({"XDG_CONFIG_HOME": "/x"}, user=0) == Path("/etc/sloop/sloop.yaml")
    assert usual_file({"XDG_CONFIG_HOME": "/x"}, user=1000) == Path("/x/sloop/sloop.yaml")
    assert usual_file({}, user=1000) == Path.home() / ".config/sloop/sloop.yaml"


def test_an_unchanged_file_is_parsed_once_and_a_changed_one_again(file: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from gitops.merged import settings;"
        "print(settings(Path(sys.argv[1]), {}, {}).node, 'yaml' in sys.modules)"
    )

    def told() -> str:
        words = [sys.executable, "-c", program, str(file)]
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()

    file.write_text("node: one\n")
    first, second = told(), told()
    file.write_text("node: two\n")

    assert [first, second, told()] == ["one True", "one False", "two True"]


def test_what_others_could_have_written_is_not_believed(file: Path) -> None:
    given(file, "node: one\n")
    kept = kept_at(file)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.write_text(kept.read_text().replace("one", "two"))
    kept.chmod(0o666)

    assert settings(file, {}, {}).node == "one"


def test_a_password_in_an_address_is_kept_nowhere(file: Path) -> None:
    given(file, "repo: https://ada:hunter2@example.org/shop.git\n")

    assert not kept_at(file).exists()


def test_the_example_is_valid_and_shows_every_key() -> None:
    text = EXAMPLE.read_text()
    uncommented = re.sub(r"^# (\w+: )", r"\1", text, flags=re.MULTILINE)

    assert read("sloop.yaml", text.encode()).problems == ()
    assert read("sloop.yaml", uncommented.encode()).problems == ()
    shown = set(re.findall(r"^(?:# )?(\w+):", uncommented, re.MULTILINE)) | {"repo", "ref", "path"}
    assert shown == set(shape(Configuration))
    assert set(re.findall(r"^  (?:- |  )(\w+):", text, re.MULTILINE)) >= set(shape(Source))
