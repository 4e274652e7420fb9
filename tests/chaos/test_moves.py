"""Sequences are drawn, told, repeated and made shorter: pure, and always the same."""

from collections.abc import Sequence

import pytest

from tests.chaos.moves import AGAIN, LENGTH, MOVES, Move, drawn, shrunk

SEEDS = range(300)


def test_a_seed_always_gives_the_same_sequence() -> None:
    assert [drawn(seed) for seed in SEEDS] == [drawn(seed) for seed in SEEDS]


def test_every_move_is_drawn_sooner_or_later() -> None:
    assert {move.name for seed in SEEDS for move in drawn(seed)} == set(MOVES) - {AGAIN.name}


def test_sequences_have_the_lengths_that_they_may_have() -> None:
    assert {len(drawn(seed)) for seed in SEEDS} == set(LENGTH)


@pytest.mark.parametrize("seed", SEEDS[:20])
def test_what_is_told_of_a_sequence_is_enough_to_repeat_it(seed: int) -> None:
    told = ",".join(map(str, drawn(seed)))

    assert tuple(map(Move.parse, told.split(","))) == drawn(seed)


@pytest.mark.parametrize("guilty", [{1}, {0, 4}, {2, 3, 5}, {0, 1, 2, 3, 4, 5}])
def test_a_sequence_shrinks_to_what_makes_it_fail(guilty: set[int]) -> None:
    moves = [Move(name, number / 10) for number, name in enumerate(list(MOVES)[:6])]
    needed = {moves[number] for number in guilty}

    def fails(left: Sequence[Move]) -> bool:
        return needed <= set(left)

    assert set(shrunk(moves, fails)) == needed
