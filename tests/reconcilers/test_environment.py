"""The environment of a container, and commands with ``$(NAME)`` in them."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcilers.environment import Value, expand
from reconcilers.world import Machine
from tests.reconcilers.given import deployment, pods_of, wanted

CONFIG = """
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: conf, namespace: shop}
    data: {COLOUR: red, SIZE: "10"}
"""
SECRET = """
    apiVersion: v1
    kind: Secret
    metadata: {name: login, namespace: shop}
    stringData: {PASSWORD: s3cr3t, EMPTY: ""}
"""
VARIABLES = {"A": Value(b"1"), "B": Value(b"2"), "S": Value(b"hush", secret=True), "EMPTY": Value(b"")}


def environment(*variables: str, sources: str = "") -> dict[str, str]:
    """Return what a pod with these variables is given, secrets apart."""
    written = f", env: [{', '.join(variables)}], envFrom: [{sources}]"
    (pod,) = pods_of(wanted(CONFIG, SECRET, deployment(replicas=1, container=written)))
    return dict(pod.containers[0].env)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)", "1"),
        ("$(A)$(B)", "12"),
        ("x$(A)y", "x1y"),
        ("$(EMPTY)", ""),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$$$$(A)", "$$(A)"),
        ("$$", "$"),
        ("$", "$"),
        ("cost: 5$", "cost: 5$"),
        ("$A", "$A"),
        ("${A}", "${A}"),
        ("$(MISSING)", "$(MISSING)"),
        ("$(A", "$(A"),
        ("$()", "$()"),
        ("$((A))", "$((A))"),
        ("$(A$(B))", "$(A$(B))"),
        ("$(A)$", "1$"),
        ("$?$(A)", "$?1"),
    ],
)
def test_references_are_expanded_as_in_kubernetes(text: str, expected: str) -> None:
    assert expand(text, VARIABLES).content == expected.encode()


def as_kubernetes(text: str) -> str:
    """Expand letter by letter: ``$$`` is ``$``, ``$(`` reads up to the next ``)``, all else is itself."""
    done, rest = "", text
    while rest:
        name, closed, after = rest[2:].partition(")")
        if rest.startswith("$$"):
            done, rest = f"{done}$", rest[2:]
        elif rest.startswith("$(") and closed:
            known = VARIABLES.get(name)
            done, rest = done + (known.content.decode() if known else f"$({name})"), after
        else:
            done, rest = done + rest[0], rest[1:]
    return done


@given(st.lists(st.sampled_from(["$", "$(", "(", ")", "A", "B", " ", "\n"])))
def test_any_text_is_expanded_as_in_kubernetes(parts: list[str]) -> None:
    text = "".join(parts)

    assert expand(text, VARIABLES).content.decode() == as_kubernetes(text)


@given(st.text())
def test_what_holds_no_dollar_stays_as_it_is(text: str) -> None:
    plain = text.replace("$", "")

    assert expand(plain, VARIABLES).content == plain.encode("utf-8", "surrogateescape")


def test_a_value_with_a_secret_in_it_is_a_secret() -> None:
    assert expand("user:$(S)", VARIABLES) == Value(b"user:hush", secret=True)
    assert expand("user:$(A)", VARIABLES) == Value(b"user:1")
    assert expand("$$(S)", VARIABLES) == Value(b"$(S)")


def test_all_keys_of_a_source_come_under_its_prefix() -> None:
    found = environment(sources="{prefix: APP_, configMapRef: {name: conf}}")

    assert found == {"APP_COLOUR": "red", "APP_SIZE": "10"}


def test_what_is_named_wins_over_what_comes_along() -> None:
    found = environment("{name: COLOUR, value: blue}", sources="{configMapRef: {name: conf}}")

    assert found["COLOUR"] == "blue"


def test_a_variable_refers_to_those_before_it_only() -> None:
    found = environment("{name: X, value: $(Z)}", "{name: Z, value: $(COLOUR)}", sources="")
    later = environment("{name: Z, value: '1'}", "{name: X, value: $(Z)}")

    assert found == {"X": "$(Z)", "Z": "$(COLOUR)"}
    assert later == {"Z": "1", "X": "1"}


def test_one_key_of_a_config_map_is_not_expanded() -> None:
    source = "{name: X, valueFrom: {configMapKeyRef: {name: conf, key: SIZE}}}"

    assert environment(source) == {"X": "10"}


def test_a_pod_knows_itself() -> None:
    paths = {"NAME": "metadata.name", "SPACE": "metadata.namespace", "NODE": "spec.nodeName"}
    paths |= {"APP": "metadata.labels['app']", "NOTE": "metadata.annotations['none']"}
    found = environment(
        *(
            f'{{name: {name}, valueFrom: {{fieldRef: {{fieldPath: "{path}"}}}}}}'
            for name, path in paths.items()
        )
    )

    assert found["NAME"].startswith("web-")
    assert found["NAME"].endswith("-0")
    assert found | {"NAME": ""} == {
        "NAME": "",
        "SPACE": "shop",
        "NODE": "localhost",
        "APP": "web",
        "NOTE": "",
    }


def test_secrets_are_named_and_their_empty_values_are_plain() -> None:
    written = ", envFrom: [{secretRef: {name: login}}], env: [{name: URL, value: 'db:$(PASSWORD)'}]"
    answer = wanted(SECRET, deployment(replicas=1, container=written))
    (pod,) = pods_of(answer)

    assert pod.containers[0].env == (("EMPTY", ""),)
    assert {name for name, _ in pod.containers[0].secret_env} == {"PASSWORD", "URL"}
    assert {f"secret/{secret}" for _, secret in pod.containers[0].secret_env} == set(pod.uses)
    assert "s3cr3t" not in repr(answer)


@pytest.mark.parametrize(
    "variable",
    [
        "{name: X, valueFrom: {configMapKeyRef: {name: conf, key: NONE, optional: true}}}",
        "{name: X, valueFrom: {secretKeyRef: {name: none, key: NONE, optional: true}}}",
    ],
)
def test_an_optional_key_that_is_missing_sets_nothing(variable: str) -> None:
    assert environment(variable) == {}


def test_commands_are_expanded_with_the_whole_environment() -> None:
    written = (
        ", command: [run, $(X)], args: [$(Z), $$(X)], env: [{name: X, value: '1'}, {name: Z, value: '2'}]"
    )
    (pod,) = pods_of(wanted(deployment(replicas=1, container=written)))

    assert pod.containers[0].entrypoint == ("run", "1")
    assert pod.containers[0].command == ("2", "$(X)")


@pytest.mark.parametrize(
    ("resource", "divisor", "expected"),
    [
        ("limits.cpu", "", "2"),
        ("limits.cpu", "1m", "1500"),
        ("requests.cpu", "1m", "250"),
        ("limits.memory", "", "67108864"),
        ("limits.memory", "1Mi", "64"),
        ("requests.memory", "1Mi", "64"),
        ("limits.memory", "60Mi", "2"),
        ("limits.memory", "'0'", "67108864"),
    ],
)
def test_amounts_are_counted_in_divisors_and_rounded_up(resource: str, divisor: str, expected: str) -> None:
    limited = ", resources: {limits: {cpu: 1500m, memory: 64Mi}, requests: {cpu: 250m}}"

    assert amount(resource, divisor, limited) == expected


@pytest.mark.parametrize(
    ("resource", "expected"), [("limits.cpu", "4"), ("limits.memory", "1024"), ("requests.cpu", "0")]
)
def test_what_nothing_limits_is_the_machines(resource: str, expected: str) -> None:
    assert amount(resource, "", "") == expected


def amount(resource: str, divisor: str, limited: str) -> str:
    more = f", divisor: {divisor}" if divisor else ""
    variable = f"{{name: A, valueFrom: {{resourceFieldRef: {{resource: {resource}{more}}}}}}}"
    written = deployment(replicas=1, container=f", env: [{variable}]{limited}")
    (pod,) = pods_of(wanted(written, machine=Machine(4, 1024, "10.1.2.3")))
    return dict(pod.containers[0].env)["A"]


def test_a_pod_knows_its_machine_its_account_and_an_id_that_stays() -> None:
    paths = ("metadata.uid", "status.hostIP", "spec.serviceAccountName", "spec.nodeName")
    variables = ", ".join(
        f"{{name: V{at}, valueFrom: {{fieldRef: {{fieldPath: {path}}}}}}}" for at, path in enumerate(paths)
    )
    written = deployment(container=f", env: [{variables}]")
    pods = pods_of(wanted(written, machine=Machine(address="10.1.2.3"), node="box"))
    uids = [dict(pod.containers[0].env)["V0"] for pod in pods]

    assert {tuple(text for _, text in pod.containers[0].env[1:]) for pod in pods} == {
        ("10.1.2.3", "default", "box")
    }
    assert len(set(uids)) == 2
    assert all(str(UUID(uid)) == uid for uid in uids)
    assert uids == [dict(pod.containers[0].env)["V0"] for pod in pods_of(wanted(written))]
