"""A notice is given once for each field of each kind, counted."""

from schemas.load import load
from schemas.notices import Remark, notices
from schemas.positions import Origin

ORIGIN = Origin("f", 0, "a: [1, 2, 3]\nb: 1\n")


def test_the_same_field_is_told_once() -> None:
    remarks = [Remark(ORIGIN, "Pod", ("a", index), "no effect") for index in range(3)]

    assert [str(each) for each in notices(remarks)] == ["f:1:5: a[0]: no effect (and 2 more)"]


def test_another_kind_field_or_reason_is_told_apart() -> None:
    remarks = [
        Remark(ORIGIN, "Pod", ("b",), "no effect"),
        Remark(ORIGIN, "Job", ("b",), "no effect"),
        Remark(ORIGIN, "Pod", ("b",), "another reason"),
        Remark(ORIGIN, "Pod", ("a",), "no effect"),
    ]

    assert len(notices(remarks)) == 4


def test_strictly_every_one_is_a_problem() -> None:
    text = b"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n"

    loaded = load({"a.yaml": text, "b.yaml": text}, strict=True)

    assert len(loaded.problems) == 2
    assert loaded.notices == ()
