"""Security contexts of pods and containers (core/v1)."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.model import Many, Model, Noted, Opaque, Refused, UserId, among

_SE_LINUX = "SELinux options are not supported: leave them out, Podman labels containers by itself"
_WINDOWS = "this machine runs Linux: leave windowsOptions out"
_SECCOMP = "only RuntimeDefault is supported: leave the profile out, or write RuntimeDefault"
_APP_ARMOR = "only RuntimeDefault is supported: leave the profile out, or write RuntimeDefault"

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
    """Which system calls are allowed."""

    type: Annotated[ProfileType, Refused(_SECCOMP, when=among("Localhost", "Unconfined"))]
    localhost_profile: str | None = None


class AppArmorProfile(Model):
    """Which AppArmor profile confines the program."""

    type: Annotated[ProfileType, Refused(_APP_ARMOR, when=among("Localhost", "Unconfined"))]
    localhost_profile: str | None = None


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
    proc_mount: Annotated[
        Literal["Default", "Unmasked"] | None,
        Refused("only Default is supported: leave it out", when=among("Unmasked")),
    ] = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    se_linux_options: Annotated[SeLinuxOptions | None, Refused(_SE_LINUX, when=bool)] = None
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
    fs_group: Annotated[
        UserId | None,
        Refused("not supported yet: give the files to the user in the image, or run as their owner"),
    ] = None
    fs_group_change_policy: Annotated[
        Literal["OnRootMismatch", "Always"] | None, Noted("it only tunes fsGroup")
    ] = None
    seccomp_profile: SeccompProfile | None = None
    app_armor_profile: AppArmorProfile | None = None
    se_linux_options: Annotated[SeLinuxOptions | None, Refused(_SE_LINUX, when=bool)] = None
    windows_options: Annotated[Opaque | None, Refused(_WINDOWS)] = None
