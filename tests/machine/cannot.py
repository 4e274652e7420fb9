"""What each Podman can't do on the machines that were tried, and which tests show it: docs/podman.md."""

from collections.abc import Iterator
from dataclasses import dataclass

SUITES = {"bookworm": "4.3", "trixie": "5.4"}
USERS = ("root", "rootless")
P = "tests/podman"


@dataclass(frozen=True, slots=True)
class Lack:
    """Something that Podman can't do in some cells, where ``tests`` are left out for it."""

    what: str
    suites: tuple[str, ...]
    users: tuple[str, ...]
    tests: tuple[str, ...] = ()


BOTH = tuple(SUITES)
LACKS = (
    Lack(
        "CPU, memory and process limits under cgroup v1",
        BOTH,
        ("rootless",),
        (
            f"{P}/test_engine_podman.py::test_rights_and_limits_are_as_asked",
            f"{P}/test_promises_container.py::test_limits_arrive",
            f"{P}/test_limits.py::test_a_container_that_says_no_limit_has_that_of_its_namespace",
            f"{P}/test_jobs.py::test_a_job_that_wants_more_memory_than_it_may_is_told_so",
            f"{P}/test_promises_pods.py::test_a_limit_is_that_of_its_container_alone",
        ),
    ),
    Lack(
        "measuring what pods use under cgroup v1 (a HorizontalPodAutoscaler is Degraded then)",
        BOTH,
        ("rootless",),
        (
            f"{P}/test_autoscaling.py::"
            "test_an_autoscaler_follows_a_load_and_comes_back_and_a_lost_ledger_loses_no_pod",
            f"{P}/test_engine_contract.py::test_what_runs_is_measured_and_its_count_grows[podman]",
        ),
    ),
    Lack(
        "pausing a container under cgroup v1 (sloop never does; a hand may)",
        BOTH,
        ("rootless",),
        (
            f"{P}/test_engine_groups.py::test_a_pod_is_paused_if_one_of_its_containers_is[podman]",
            f"{P}/test_engine_contract.py::test_a_paused_pod_goes_on[podman]",
            f"{P}/test_engine_contract.py::test_a_paused_pod_is_not_started_but_removed[podman]",
            f"{P}/test_look.py::test_a_command_in_a_deployment_runs_in_the_first_pod_that_runs",
            f"{P}/test_probes.py::test_a_command_in_a_paused_pod_is_podmans_error",
            f"{P}/test_promises_pods.py::test_a_container_that_a_hand_paused_goes_on_and_the_others_ran_on",
            f"{P}/test_promises_healing.py::test_what_a_hand_did_is_healed_and_only_that_container_touched[pause]",
            f"{P}/test_promises_run.py::test_drift_is_healed_when_it_happens_and_not_at_the_next_interval[pause]",
        ),
    ),
    Lack(
        "reaching a container at its own address from the machine (published ports and probes do)",
        BOTH,
        ("rootless",),
        (
            f"{P}/test_promises_crash.py::"
            "test_a_rolling_update_may_be_killed_at_any_change_and_all_who_should_serve_do",
            f"{P}/test_promises_rollout.py::test_a_rolling_update_keeps_what_it_promises",
            f"{P}/test_promises_rollout.py::test_an_image_that_is_missing_costs_nobody_anything",
            f"{P}/test_promises_rollout.py::test_a_revision_that_crashes_keeps_those_that_serve",
            f"{P}/test_rollouts.py::test_a_restart_replaces_a_pod_once_while_it_serves",
        ),
    ),
    Lack(
        "publishing ports below 1024 (`net.ipv4.ip_unprivileged_port_start` may allow it)",
        BOTH,
        ("rootless",),
    ),
    Lack(
        "holding connections through a Service's port of the machine while a namespace leaves (Ingresses do)",
        BOTH,
        ("rootless",),
        (f"{P}/test_streams.py::test_a_namespace_that_leaves_cuts_nobody_off",),
    ),
    Lack(
        "what some tests need: mounting file systems, killing Podman's service by one process",
        BOTH,
        ("rootless",),
        (
            f"{P}/test_promises_state.py::test_a_state_directory_that_cannot_be_written_to_is_told_in_one_line",
            f"{P}/test_promises_state.py::test_a_read_only_ledger_is_told_in_one_line_and_what_runs_runs_on",
            f"{P}/test_promises_state.py::test_a_full_disk_is_told_in_one_line_and_mends",
            f"{P}/test_promises_run.py::test_a_loop_outlives_podmans_service_and_says_so_once",
            f"{P}/test_promises_crash.py::"
            "test_what_happens_between_a_look_and_a_step_makes_no_commit_fail[away]",
            f"{P}/test_leftovers.py::test_an_address_that_podman_has_kept_is_given_back",
            f"{P}/test_leftovers.py::test_a_pull_that_podman_does_not_see_to_its_end_is_none_that_failed",
            f"{P}/test_leftovers.py::test_secrets_that_podman_wrote_in_part_are_told_and_the_way_out_leads_out",
        ),
    ),
    Lack(
        "name servers of a `dnsConfig` in /etc/resolv.conf: Podman's own resolver asks them instead",
        ("trixie",),
        USERS,
        (f"{P}/test_promises_container.py::test_names_of_hosts_and_resolvers_arrive",),
    ),
    Lack(
        "refusing a container the name that a Podman pod has: sloop looks before it makes one",
        ("trixie",),
        USERS,
        (f"{P}/test_engine_groups.py::test_no_container_is_called_as_a_pod_is[podman]",),
    ),
    Lack("hiding a Secret's variable in `podman inspect`: `Config.Env` shows it", ("bookworm",), USERS),
    Lack("keeping a bridge's hardware address by itself: sloop holds it", ("bookworm",), USERS),
)


def left_out(suite: str, user: str) -> list[str]:
    """Return the tests that can't pass in a cell."""
    return [test for lack in LACKS if suite in lack.suites and user in lack.users for test in lack.tests]


def page() -> str:
    """Return docs/podman.md."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    cells = [(suite, user) for suite in SUITES for user in USERS]
    yield "<!-- Written by `pytest tests/machine/test_cannot.py --accept`. -->"
    yield "# Podman 4.3 and 5.4, as root and rootless"
    yield ""
    yield "`make test-matrix` runs the tests with Debian 12's Podman (4.3) and Debian 13's (5.4), as root and"
    yield "as an ordinary user, each in a system of its own. What one of them can't do, sloop can't either:"
    yield ""
    yield f"| can't | {' | '.join(f'{SUITES[suite]} {user}' for suite, user in cells)} |"
    yield f"|{' --- |' * (len(cells) + 1)}"
    for lack in LACKS:
        marks = ("can't" if suite in lack.suites and user in lack.users else "" for suite, user in cells)
        yield f"| {lack.what} | {' | '.join(marks)} |"
    yield ""
    yield "Limits and pausing work rootless where the system has cgroup v2 alone, as new installations do."
    yield ""
