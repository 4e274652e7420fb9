"""The text of the systemd units by which sloop runs without anybody: on a timer, or all the time."""

from collections.abc import Mapping, Sequence

from runtime.dataclass import dataclass

MARK = "# Written by `sloop install`; `sloop uninstall` removes it. To change something: systemctl edit"
BOOT = 15.0  # seconds after the boot at which a timer elapses first
SPREAD = 0.1  # of a timer's period: so much later, at random, so that machines don't ask git all at once
WATCHDOG = 120  # seconds without a sign of life after which systemd starts the daemon again

EVERYWHERE = """\
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictRealtime=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
UMask=0077
"""
# A user's manager may not do these.  Left out are PrivateTmp, PrivateDevices and ProtectSystem=strict, for
# a hostPath may be anywhere but in /usr, /boot, /etc and homes, and RestrictSUIDSGID: fsGroup sets that bit.
AS_ROOT = """\
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_SYS_PTRACE CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL
CapabilityBoundingSet=CAP_SETUID CAP_SETGID
ProtectSystem=full
ProtectHome=read-only
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectProc=invisible
ProtectHostname=yes
RestrictNamespaces=net
DevicePolicy=closed
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""

SERVICE = """\
[Unit]
Description=Keep this machine's containers as git says
Documentation=man:podman(1)
Wants={network}podman.socket
After={network}podman.socket
{limits}
[Service]
{service}
{hardening}{install}"""

TIMER = """\
[Unit]
Description=Look every {period} whether git says something new

[Timer]
OnBootSec={boot}
OnUnitInactiveSec={period}
RandomizedDelaySec={spread}
AccuracySec=1s
# what was missed is made up for, should somebody edit in an OnCalendar=
Persistent=yes

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """How sloop is to run: every ``period`` seconds, or all the time where that is None."""

    user: bool
    period: float | None
    words: Sequence[str]  # the program, and what was said before its command


def units(wish: Wish) -> Mapping[str, str]:
    """Return the text of each unit by its name."""
    service = _daemon(wish.words) if wish.period is None else _tick(wish.words)
    written = {"sloop.service": _service(wish, service)}
    if wish.period is not None:
        written["sloop.timer"] = TIMER.format(
            period=span(wish.period), boot=span(BOOT), spread=span(wish.period * SPREAD)
        )
    return {name: f"{MARK}\n{text}" for name, text in written.items()}


def enabled(wish: Wish) -> str:
    """Return the unit that is enabled and started."""
    return "sloop.service" if wish.period is None else "sloop.timer"


def span(seconds: float) -> str:
    """Spell a time span as systemd reads it."""
    return f"{seconds:g}s"


def quoted(words: Sequence[str]) -> str:
    """Return a command line that systemd takes apart into just these words."""
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    plain = plain.replace("\n", "\\n").replace("\t", "\\t")
    return plain if word and not set(word) & set(" \"'\\;\n\t") else f'"{plain}"'


def _service(wish: Wish, service: str) -> str:
    goal = "default.target" if wish.user else "multi-user.target"
    return SERVICE.format(
        network="" if wish.user else "network-online.target ",
        limits="StartLimitIntervalSec=0\n" if wish.period is None else "",
        service=service,
        hardening=EVERYWHERE if wish.user else EVERYWHERE + AS_ROOT,
        install=f"\n[Install]\nWantedBy={goal}\n" if wish.period is None else "",
    )


def _tick(words: Sequence[str]) -> str:
    return f"Type=oneshot\nExecStart={quoted([*words, 'apply', '--or-last-good'])}"


def _daemon(words: Sequence[str]) -> str:
    return "\n".join(
        [
            "Type=notify",
            f"ExecStart={quoted([*words, 'run'])}",
            "ExecReload=/bin/kill -HUP $MAINPID",
            "Restart=always",
            "RestartSec=5",
            f"WatchdogSec={WATCHDOG}",
        ]
    )
