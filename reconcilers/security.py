"""Whose rights a container runs with, from what it and its pod say."""

from posixpath import join
from typing import TypeVar

from runtime.resources import Security, Sharing
from schemas.container import Container
from schemas.pod import PodSpec
from schemas.security import AppArmorProfile, SeccompProfile, SeLinuxOptions

SECCOMP = "/var/lib/kubelet/seccomp"  # where a kubelet, and `podman kube play`, look for profiles
UNCONFINED = "unconfined"

T = TypeVar("T")


def security(written: Container, spec: PodSpec) -> Security:
    """Return a container's rights; what it says itself wins over what its pod says."""
    own, shared = written.security_context, spec.security_context
    return Security(
        user=_user(
            _either(own.run_as_user, shared.run_as_user), _either(own.run_as_group, shared.run_as_group)
        ),
        groups=_groups(spec),
        non_root=bool(_either(own.run_as_non_root, shared.run_as_non_root)),
        seccomp=_seccomp(_either(own.seccomp_profile, shared.seccomp_profile)),
        app_armor=_app_armor(_either(own.app_armor_profile, shared.app_armor_profile)),
        se_linux=_se_linux(_either(own.se_linux_options, shared.se_linux_options)),
        unmasked=own.proc_mount == "Unmasked",
        privileged=own.privileged,
        read_only_root=own.read_only_root_filesystem,
        no_new_privileges=own.allow_privilege_escalation is False,
        add_capabilities=own.capabilities.add,
        drop_capabilities=own.capabilities.drop,
        sysctls=tuple((one.name, one.value) for one in shared.sysctls),
    )


def sharing(spec: PodSpec) -> Sharing | None:
    """Return the group that a pod's volumes belong to, None where they stay as they are."""
    shared = spec.security_context
    if shared.fs_group is None:
        return None
    return Sharing(shared.fs_group, always=shared.fs_group_change_policy != "OnRootMismatch")


def readable(mode: int, group: int | None) -> int:
    """Return the mode of a configuration's file, which the group that volumes belong to may read.

    Source: Kubernetes' pkg/volume/volume_linux.go, of volumes that are read only.
    """
    return mode if group is None else mode | 0o440


def _either(own: T | None, shared: T | None) -> T | None:
    return shared if own is None else own


def _user(user: int | None, group: int | None) -> str:
    return ("" if user is None else str(user)) + ("" if group is None else f":{group}")


def _groups(spec: PodSpec) -> tuple[str, ...]:
    shared = spec.security_context
    files = () if shared.fs_group is None else (shared.fs_group,)
    return tuple(map(str, dict.fromkeys([*shared.supplemental_groups, *files])))


def _seccomp(profile: SeccompProfile | None) -> str:
    match profile:
        case SeccompProfile(type="Unconfined"):
            return UNCONFINED
        case SeccompProfile(type="Localhost", localhost_profile=str(name)):
            return join(SECCOMP, name)
    return ""


def _app_armor(profile: AppArmorProfile | None) -> str:
    match profile:
        case AppArmorProfile(type="Unconfined"):
            return UNCONFINED
        case AppArmorProfile(type="Localhost", localhost_profile=str(name)):
            return name
    return ""


def _se_linux(options: SeLinuxOptions | None) -> tuple[str, ...]:
    given = options.model_dump(exclude_none=True) if options else {}
    return tuple(f"{name}:{value}" for name, value in given.items())
