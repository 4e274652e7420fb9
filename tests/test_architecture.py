"""The house: who may import whom, where a third-party package lives, what stays pure, and what loads late."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("schemas", "reconcilers", "runtime", "gitops")
FILES = {str(path.relative_to(ROOT)): path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
NAMES = {name.removesuffix(".py").replace("/", "."): name for name in FILES if name.startswith("gitops/")}

MAY_IMPORT = {
    "schemas": {"schemas"},
    "runtime": {"runtime"},
    "gitops": set(PACKAGES),
    # of what runs containers, the pure middle knows plain values only
    "reconcilers": {
        "reconcilers",
        "schemas",
        "runtime.certificates",
        "runtime.dataclass",
        "runtime.grouping",
        "runtime.observe",
        "runtime.probes",
        "runtime.proxies",
        "runtime.records",
        "runtime.resources",
        "runtime.seen",
    },
}

# inside of the program; what stands at its root may import all but the commands, and nobody in a circle
INSIDE = {
    "gitops.git": {"gitops.git", "gitops.hook"},
    "gitops.planning": {"gitops.planning", "gitops.git", "gitops.measuring", "gitops.probing"},
    "gitops.telling": {
        *("gitops.telling", "gitops.planning", "gitops.git", "gitops.execute", "gitops.house"),
        *("gitops.inside", "gitops.look", "gitops.settings", "gitops.sources"),
    },
    "gitops.doctor": {
        *("gitops.doctor", "gitops.planning", "gitops.git"),
        *("gitops.service.install", "gitops.service.web", "gitops.settings", "gitops.sources"),
    },
}
ABOVE = {"gitops.service": {"gitops.commands", "gitops.doctor"}, "gitops": {"gitops.commands"}}

LIVES_IN = {
    "podman": ("runtime/podman*.py",),
    "requests": ("runtime/podman*.py",),
    "urllib3": ("runtime/podman*.py",),
    "sqlalchemy": ("runtime/database.py", "runtime/statements.py", "runtime/tables.py"),
    "git": ("gitops/git/tree.py",),
    "deepdiff": ("gitops/planning/differences.py",),
    "pydantic": ("schemas/*.py",),
    "pydantic_core": ("schemas/*.py",),
    "yaml": ("schemas/*.py", "gitops/settings.py"),
    "typer": ("gitops/cli.py", "gitops/commands/cli*.py"),
    "prometheus_client": ("gitops/service/exposition.py",),
    "cronsim": ("schemas/schedule.py",),
    "cryptography": ("schemas/certificates.py", "runtime/acme_client.py"),
    "acme": ("runtime/acme_client.py",),
    "josepy": ("runtime/acme_client.py",),
}

PURE = (
    "schemas/*.py",
    "reconcilers/*.py",
    *(
        f"gitops/planning/{name}.py"
        for name in (
            "changes",
            "clearing",
            "differences",
            "fare",
            "mask",
            "mending",
            "plan",
            "render",
            "scene",
            "steps",
            "subnets",
            "supplying",
        )
    ),
)
IMPURE = {
    *("asyncio", "datetime.now", "glob", "http", "logging", "multiprocessing", "os", "pathlib", "random"),
    *("requests", "secrets", "shutil", "signal", "socket", "sqlite3", "subprocess", "sys", "tempfile"),
    *("threading", "time", "urllib.request", "uuid"),
}
IMPURE_CALLS = {"open", "input", "print", "now", "utcnow", "today", "getenv"}

IDLE_PASS = ("gitops.idle", "gitops.program", "gitops.settings", "gitops.git.source", "runtime.podman")
COMMAND_LINE = ("gitops.cli",)
DEAR = {
    "sqlalchemy",
    "podman",
    "requests",
    "urllib3",
    "deepdiff",
    "pydantic",
    "yaml",
    "git",
    "cryptography",
    "prometheus_client",
    "schemas",
    "reconcilers",
}


def test_all_packages_are_looked_at() -> None:
    assert {Path(name).parts[0] for name in FILES} == set(PACKAGES)
    assert len(FILES) > 60


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_module_imports_only_what_its_package_may(name: str) -> None:
    allowed = MAY_IMPORT[Path(name).parts[0]]
    ours = [module for module in _modules(name) if module.split(".")[0] in {*PACKAGES, "tests"}]

    assert [module for module in ours if not _within(module, allowed)] == []


@pytest.mark.parametrize("package", sorted(INSIDE))
def test_a_package_of_the_program_imports_only_those_below_it(package: str) -> None:
    inside = [one for one in _imports() if _within(one, {package})]
    wrong = [
        (one, other) for one in inside for other in _imports()[one] if not _within(other, INSIDE[package])
    ]

    assert len(inside) > 4
    assert wrong == []


@pytest.mark.parametrize("package", sorted(ABOVE))
def test_nobody_below_imports_those_above(package: str) -> None:
    above = ABOVE[package]
    below = [
        one for one in _imports() if _within(one, {package}) and not _within(one, {*above, "gitops.cli"})
    ]

    assert [(one, other) for one in below for other in _imports()[one] if _within(other, above)] == []


def test_nobody_imports_whoever_imports_him_early_or_late() -> None:
    try:
        TopologicalSorter(_imports()).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("package", sorted(LIVES_IN))
def test_a_third_party_package_lives_in_one_place(package: str) -> None:
    users = [name for name in FILES if package in {module.split(".")[0] for module in _modules(name)}]

    assert [name for name in users if not _fits(name, LIVES_IN[package])] == []


def test_every_third_party_package_has_a_place() -> None:
    used = {module.split(".")[0] for name in FILES for module in _modules(name)}

    assert used - sys.stdlib_module_names - set(PACKAGES) - set(LIVES_IN) == set()


@pytest.mark.parametrize("pattern", PURE)
def test_what_is_to_be_pure_is_there(pattern: str) -> None:
    assert any(fnmatch(name, pattern) for name in FILES)


@pytest.mark.parametrize("name", sorted(name for pattern in PURE for name in FILES if fnmatch(name, pattern)))
def test_the_middle_is_pure(name: str) -> None:
    assert [*_impure_modules(name), *_impure_calls(_tree(name))] == []


@pytest.mark.parametrize("modules", [IDLE_PASS, COMMAND_LINE], ids=["an idle pass", "the command line"])
def test_what_is_dear_is_loaded_late(modules: tuple[str, ...]) -> None:
    program = f"import sys, {', '.join(modules)}; print(*{{name.split('.')[0] for name in sys.modules}})"

    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()

    assert "gitops" in loaded
    assert DEAR.intersection(loaded) == set()


@cache
def _tree(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text())


@cache
def _modules(name: str) -> tuple[str, ...]:
    """Return what is imported anywhere in a module, by absolute names."""
    return tuple(_imported(_tree(name)))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from [f"{module}.{alias.name}" for alias in names] if module in PACKAGES else [module]
            case ast.ImportFrom():
                pytest.fail("an import should be absolute")


@cache
def _imports() -> dict[str, set[str]]:
    """Return the modules of the program, each with those of the program that it imports, early or late."""
    return {module: _ours(_tree(name)) for module, name in NAMES.items()}


def _ours(tree: ast.Module) -> set[str]:
    """Return the modules of the program that one imports, anywhere in it."""
    names = (alias for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in _named(node))
    return {one for one in names if one in NAMES}


def _named(node: ast.ImportFrom) -> Iterator[str]:
    """Yield what an import may mean: a module, or modules of a package."""
    yield str(node.module)
    yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _within(module: str, allowed: set[str]) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in allowed)


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def _impure_modules(name: str) -> list[str]:
    return [module for module in _modules(name) if _within(module, IMPURE)]


def _impure_calls(tree: ast.Module) -> list[str]:
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    names = (func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in calls)
    return [name for name in names if name in IMPURE_CALLS]
