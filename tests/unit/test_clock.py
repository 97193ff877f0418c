"""The clock: forward only, and not unnoticed."""

import pytest

from monitor.clock import Clock


@pytest.mark.parametrize(
    ("what", "wall_moves", "monotonic_moves", "shown"),
    [
        ("time passes", 5.0, 5.0, 5.0),
        ("the wall clock is slewed", 5.4, 5.0, 5.0),
        ("the machine was suspended for an hour", 3605.0, 5.0, 3605.0),
        ("the wall clock is set back by an hour", -3595.0, 5.0, 5.0),
    ],
)
def test_it_follows_the_wall_clock_forward_and_never_goes_back(
    what: str, wall_moves: float, monotonic_moves: float, shown: float
) -> None:
    wall, monotonic = [1_000_000.0], [10.0]
    clock = Clock(10.0, lambda: wall[0], lambda: monotonic[0])
    wall[0] += wall_moves
    monotonic[0] += monotonic_moves

    assert clock() == pytest.approx(1_000_000.0 + shown), what
    wall[0] += 1.0
    monotonic[0] += 1.0
    assert clock() == pytest.approx(1_000_000.0 + shown + 1.0), f"{what}, a second later"


@pytest.mark.parametrize(("wall_moves", "monotonic_moves"), [(3600.0, 0.0), (60.0, 60.0)])
def test_it_says_that_nobody_asked_before_it_answers(
    wall_moves: float, monotonic_moves: float
) -> None:
    wall, monotonic, heard = [1_000_000.0], [10.0], list[float]()
    clock = Clock(10.0, lambda: wall[0], lambda: monotonic[0])
    clock.overslept = heard.append
    clock()
    wall[0] += wall_moves
    monotonic[0] += monotonic_moves

    assert clock() == heard[0] == pytest.approx(1_000_000.0 + wall_moves)
    wall[0] += 9.0
    monotonic[0] += 9.0
    clock()
    assert len(heard) == 1
