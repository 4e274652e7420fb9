"""The kernel's log tells whose process it killed for its memory limit, and nothing else."""

from runtime.kernel_log import kills

ID = "928305a699fc254a7fe62fb8e2819a6c60be72a363e3d048d460b7c1c3eb7fab"
OOM = "oom-kill:constraint={},nodemask=(null),cpuset=x,oom_memcg={},task_memcg={},task=sh,pid=1,uid=0"
LIMIT, MACHINE = "CONSTRAINT_MEMCG", "CONSTRAINT_NONE"


def record(said: str, micros: int = 4_113_575_187) -> str:
    return f"6,1234,{micros},-;{said}\n SUBSYSTEM=none\n"


def test_a_container_is_found_wherever_its_group_lies() -> None:
    places = [
        f"/libpod_parent/libpod-{ID}",
        f"/machine.slice/libpod-{ID}.scope",
        f"/a/libpod-{'0' * 64}/libpod-{ID}",
    ]

    records = [record(OOM.format(LIMIT, place, place)) for place in places]

    assert list(kills(records)) == [(ID, 4113.575187)] * 3


def test_what_is_not_about_the_limit_of_a_container_is_nothing() -> None:
    said = [
        OOM.format(MACHINE, "/", f"/libpod_parent/libpod-{ID}"),
        OOM.format(LIMIT, "/user.slice", "/user.slice"),
        f"somebody prints oom-kill:constraint=CONSTRAINT_MEMCG,task_memcg=/libpod-{ID}",
        "",
    ]

    assert list(kills(map(record, said))) == []
    assert list(kills([""])) == []
