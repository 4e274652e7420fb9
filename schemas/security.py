"""Security contexts of pods and containers (core/v1)."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.model import Fault, Many, Model, Opaque, Refused, UserId, among, complain
from schemas.names import InnerPath

_WINDOWS = "this machine runs Linux: leave windowsOptions out"

ProfileType = Literal["RuntimeDefault", "Localhost", "Unconfined"]


class Capabilities(Model):
    """Capabilities that are added to, or dropped from, Podman's own set."""

    add: Many[str] = ()
    drop: Many[str] = ()


class SeLinuxOptions(Model):
    """An SELinux label."""

    user: str | None = None
    role: str | None = None
    type: str | None = None
    level: str | None = None


class SeccompProfile(Model):
    """Which system calls are allowed; a profile of this machine lies below /var/lib/kubelet/seccomp."""

    type: ProfileType
    localhost_profile: InnerPath | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_profile_faults(self))
        return self


class AppArmorProfile(Model):
    """Which AppArmor profile confines the program; one of this machine must be loaded."""

    type: ProfileType
    localhost_profile: str | None = None

    @model_validator(mode="after")
    def _rules(self) -> Self:
        complain(_profile_faults(self))
        return self


class Sysctl(Model):
    """A kernel parameter of the pod's namespaces."""

    name: str
    value: str


class SecurityContext(Model):
    """What a container may do."""

    run_as_user: UserId | None = None
    run_as_group: UserId | None = None
    run_as_non_root: bool | None = None
    privileged: bool = False
    read_only_root_filesystem: bool = False
    allow_privilege_escalation: bool | None = None
    capabilities: Capabilities = Field(default_factory=Capabilities)
    proc_mount: Literal["Default", "Unmasked"] | None = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    se_linux_options: SeLinuxOptions | None = None
    windows_options: Annotated[Opaque | None, Refused(_WINDOWS)] = None


class PodSecurityContext(Model):
    """What the containers of a pod may do, where a container doesn't say it itself."""

    run_as_user: UserId | None = None
    run_as_group: UserId | None = None
    run_as_non_root: bool | None = None
    supplemental_groups: Many[UserId] = ()
    supplemental_groups_policy: Annotated[
        Literal["Merge", "Strict"] | None,
        Refused("only Merge is supported: leave it out", when=among("Strict")),
    ] = None
    sysctls: Many[Sysctl] = ()
    fs_group: UserId | None = None
    fs_group_change_policy: Literal["OnRootMismatch", "Always"] | None = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    se_linux_options: SeLinuxOptions | None = None
    windows_options: Annotated[Opaque | None, Refused(_WINDOWS)] = None


def _profile_faults(profile: SeccompProfile | AppArmorProfile) -> Iterator[Fault]:
    if (profile.type == "Localhost") != bool(profile.localhost_profile):
        yield Fault(("localhostProfile",), "is needed with type Localhost, and has no place beside another")
