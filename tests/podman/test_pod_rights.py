"""Security contexts, as a container finds them."""

from tests.podman.manifests import claim, claimed, config_map, mounted, secret
from tests.podman.program import Program
from tests.podman.speaking import speaker, spoken

NOBODY = {"runAsUser": 1000, "runAsGroup": 3000, "fsGroup": 2000}
VOLUMES = [
    {"name": "scratch", "emptyDir": {}},
    claimed(),
    {"name": "conf", "configMap": {"name": "settings", "defaultMode": 0o400}},
    {"name": "keys", "secret": {"secretName": "login", "defaultMode": 0o400}},
]
MOUNTS = [
    mounted("scratch", "/scratch"),
    mounted("data", "/data"),
    mounted("conf", "/conf"),
    mounted("keys", "/keys"),
]
LOOK = """
id -G
for one in /scratch /data; do touch $one/new; stat -c '%n %a %g' $one $one/new; done
cat /conf/colour; echo; cat /keys/password; echo
stat -L -c '%n %a %g' /conf/colour /keys/password
"""


def test_volumes_and_configuration_belong_to_the_group_of_the_files(program: Program) -> None:
    pod = {"securityContext": NOBODY, "volumes": VOLUMES}
    objects = [claim(), config_map(colour="red"), secret(password="s3cr3t")]

    lines = spoken(program, *objects, speaker(LOOK, pod=pod, volumeMounts=MOUNTS))

    assert set(lines[0].split()) == {"3000", "2000"}
    assert lines[1:] == [
        "/scratch 2775 2000",
        "/scratch/new 644 2000",
        "/data 2775 2000",
        "/data/new 644 2000",
        "red",
        "s3cr3t",
        "/conf/colour 440 2000",
        "/keys/password 440 2000",
    ]


def test_files_that_were_there_are_given_to_the_group_too(program: Program) -> None:
    mounts = [mounted("data", "/data")]
    old = speaker(
        "umask 77; mkdir /data/deep; echo wine >/data/deep/file",
        pod={"volumes": [claimed()]},
        volumeMounts=mounts,
    )
    new = speaker(
        "cat /data/deep/file; echo more >>/data/deep/file",
        pod={"volumes": [claimed()], "securityContext": NOBODY},
        volumeMounts=mounts,
    )

    assert spoken(program, claim(), old) == []
    assert spoken(program, claim(), new) == ["wine"]


def test_an_image_that_runs_as_root_is_refused_where_nobody_may(program: Program) -> None:
    program.commit("Never root", speaker("id", securityContext={"runAsNonRoot": True}))
    refused = program.run("apply")
    lines = spoken(program, speaker("id -u", securityContext={"runAsNonRoot": True, "runAsUser": 7}))

    assert refused.code == 1
    assert "container has runAsNonRoot and image will run as root" in refused.out + refused.err
    assert lines == ["7"]


def test_what_confines_a_program_may_be_left_out(program: Program) -> None:
    free = {
        "seccompProfile": {"type": "Unconfined"},
        "appArmorProfile": {"type": "Unconfined"},
        "seLinuxOptions": {"level": "s0"},
        "procMount": "Unmasked",
    }
    look = "grep Seccomp: /proc/self/status; grep -c ' /proc/sys ' /proc/self/mounts || true"

    assert spoken(program, speaker(look, securityContext=free)) == ["Seccomp:\t0", "0"]
    assert spoken(program, speaker(look)) == ["Seccomp:\t2", "1"]
