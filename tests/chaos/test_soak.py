"""What counts as growing: more in the last quarter than in the second, beyond noise."""

from tests.chaos.soak import Reading, grown


def reading(memory: int, descriptors: int = 10) -> Reading:
    return Reading(memory, descriptors, 4, 1000)


def test_what_stays_level_has_not_grown_whatever_it_took_to_warm_up() -> None:
    assert grown([reading(50 + number) for number in range(10)] + [reading(60)] * 30) == []


def test_noise_is_no_growth() -> None:
    assert grown([reading(100 + number % 5) for number in range(40)]) == []


def test_what_grows_all_the_time_is_told() -> None:
    assert grown([reading(100 + number) for number in range(80)]) == ["memory grew from 130 to 170"]


def test_each_figure_is_looked_at_by_itself() -> None:
    readings = [reading(100)] * 20 + [reading(100, descriptors=20)] * 20
    assert grown(readings) == ["descriptors grew from 10 to 20"]
