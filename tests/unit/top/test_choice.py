import pytest

from monitor.top.choice import ORDERS, Choice, keys_in
from monitor.top.sight import Sight, sight_of_snapshot
from tests.unit.web.example import SNAPSHOT

SIGHT = sight_of_snapshot(SNAPSHOT)


def after(keys: list[str], choice: Choice | None = None, rows: int = 100) -> Choice:
    choice = choice or Choice()
    for key in keys:
        choice = choice.pressed(key, rows)
    return choice


def queues(sight: Sight) -> list[str]:
    return [row.name for row in sight.queues]


@pytest.mark.parametrize("key", ["q", "\x03", "\x04"])
def test_it_ends(key):
    assert after([key]).ended


def test_s_goes_through_all_orders_and_back():
    orders = [after(["s"] * times).order for times in range(len(ORDERS) + 1)]
    assert orders == [*ORDERS, ORDERS[0]]


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("worst", ["high", "normal", "low"]),
        ("name", ["high", "low", "normal"]),
        ("length", ["high", "normal", "low"]),
        ("oldest", ["high", "normal", "low"]),
    ],
)
def test_rows_are_sorted_as_asked(order, names):
    assert queues(Choice(order=order).of(SIGHT)) == names


def test_workers_are_sorted_by_what_they_work_on():
    assert [row.name for row in Choice(order="active").of(SIGHT).workers] == [
        "high@web1", "normal@web1", "low@web1",
    ]  # fmt: skip


def test_the_filter_is_typed_and_finds_names_states_and_the_workers_of_a_queue():
    typing = after([*"/aBan"])
    assert (typing.typing, typing.filter) == (True, "aBan")
    assert queues(typing.of(SIGHT)) == ["high"]
    assert queues(after([*"/low", "\r"]).of(SIGHT)) == ["low"]
    assert [row.name for row in Choice(filter="low@").of(SIGHT).workers] == ["low@web1"]
    normal = Choice(filter="NORMAL").of(SIGHT)
    assert queues(normal) == ["normal"]
    assert [row.name for row in normal.workers] == ["normal@web1", "low@web1"]


def test_what_is_typed_is_no_command():
    choice = after([*"/sqj"])
    assert (choice.filter, choice.order, choice.ended) == ("sqj", "worst", False)
    assert after(["\x7f", "\r", "q"], choice).filter == "sq"
    assert after(["\r", "q"], choice).ended
    assert after(["\x03"], choice).ended


def test_escape_shows_all_again():
    assert after([*"/high", "\x1b"]) == Choice()
    assert after(["\x1b"], Choice(filter="high")) == Choice()


def test_scrolling_stays_within_the_rows():
    assert after(["j", "\x1b[B", "k"]).scrolled == 1
    assert after(["k"]).scrolled == 0
    assert after([" "] * 20, rows=50).scrolled == 49
    assert after(["x", "\x1b[99~"]) == Choice()


@pytest.mark.parametrize(
    "keys",
    [
        ["\x1b[B"] * 3,
        ["j", "\x1b[B", "k"],
        ["\x1b[5~", "q"],
        ["\x1b"],
        ["é", "/", "a", "\r"],
        # F1, Alt with q and Ctrl with an arrow do nothing, and are no Esc that is pressed first.
        ["\x1bOP", "\x1bq", "\x1b[1;5C", "j"],
    ],
)
def test_keys_that_come_at_once_are_told_apart(keys):
    assert keys_in("".join(keys)) == keys
