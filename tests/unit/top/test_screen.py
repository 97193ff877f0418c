import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from monitor.top.choice import Choice
from monitor.top.screen import clean, drawn
from monitor.top.sight import Sight, sight_of_answer, sight_of_snapshot
from monitor.web.api import snapshot_json
from tests.unit.hostile import HOSTILE
from tests.unit.web.example import BROKER, DEAD_WORKER, HIGH, SNAPSHOT, alert

SIGHT = sight_of_snapshot(SNAPSHOT)


def picture(
    sight: Sight | None,
    choice: Choice | None = None,
    problem: str = "",
    *,
    width: int = 120,
    height: int | None = None,
    colours: bool = False,
) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, height=height, force_terminal=colours)
    where = "http://127.0.0.1:9808"
    console.print(drawn(sight, choice or Choice(), where, problem, width=width, height=height))
    return out.getvalue()


def test_queues_and_workers_stand_in_tables_the_worst_first():
    text = picture(SIGHT)
    lines = text.splitlines()
    (high,) = (line.split() for line in lines if line.startswith("high "))
    assert high == ["high", "abandoned", "1,243", "7", "3m", "4s", "4.5", "0.0", "never", "0"]
    assert text.index("high ") < text.index("normal ") < text.index("high@web1")
    assert "default up" in text


@pytest.mark.parametrize("width", [50, 60, 80, 120, 300])
def test_names_states_and_numbers_are_there_on_any_terminal(width):
    lines = picture(SIGHT, width=width).splitlines()
    assert all(len(line) <= width for line in lines)
    for line in (("high", "abandoned", "1,243", "3m 4s", "0"), ("high@web1", "dead", "2", "high")):
        (row,) = (each for each in lines if each.startswith(f"{line[0]} "))
        assert all(cell in row for cell in line), row


def test_a_worker_has_its_queues_and_the_reason_of_its_state():
    (dead,) = (row for row in picture(SIGHT, width=200).splitlines() if "high@web1" in row)
    assert dead.split("high ")[1].strip() == DEAD_WORKER.reason
    unknown = replace(DEAD_WORKER, queues=None, reason="")
    text = picture(sight_of_snapshot(replace(SNAPSHOT, workers=(unknown,))))
    assert text.splitlines()[-1].split()[-1] == "?"


def test_states_have_colours():
    assert "\x1b[1;31mabandoned" in picture(SIGHT, colours=True)
    assert "\x1b[32monline" in picture(SIGHT, colours=True)


def test_what_was_seen_before_is_not_shown_as_live():
    text = picture(SIGHT, problem="it does not answer")
    assert "NOT LIVE: it does not answer" in text
    assert "high" in text
    assert "no route" in picture(None, problem="no route")


def test_a_broker_that_is_down_is_said_to_be():
    down = replace(SNAPSHOT, brokers=(replace(BROKER, up=False, error="connection refused"),))
    assert "default DOWN connection refused" in picture(sight_of_snapshot(down))


def test_what_is_not_known_is_not_shown_as_nothing():
    blind = replace(HIGH, length=None, oldest_age_seconds=None, drain_seconds=None, verdict=None)
    text = picture(sight_of_snapshot(replace(SNAPSHOT, queues=(blind,))))
    (high,) = (line for line in text.splitlines() if line.startswith("high "))
    assert "-" not in high
    empty = replace(blind, length=0)
    text = picture(sight_of_snapshot(replace(SNAPSHOT, queues=(empty,))))
    (high,) = (line for line in text.splitlines() if line.startswith("high "))
    assert high.split().count("-") == 2


@pytest.mark.parametrize("height", [12, 24, 60])
def test_a_thousand_rows_fit_into_the_terminal(height):
    many = replace(
        SNAPSHOT,
        queues=tuple(replace(HIGH, queue_name=f"queue{n:04}") for n in range(1_000)),
        workers=tuple(replace(SNAPSHOT.workers[1], hostname=f"w{n:04}") for n in range(1_000)),
    )
    sight = sight_of_snapshot(many)._replace(alerts=tuple(map(str, range(50))))
    assert len(picture(sight, height=height).splitlines()) <= height
    assert "queue0500" in picture(sight, Choice(scrolled=500), height=height)
    assert "queue0999" in picture(sight, Choice(scrolled=999), height=height)


@pytest.mark.parametrize("width", [50, 120])
@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_name_cannot_command_the_terminal(name, width):
    hostile = replace(
        SNAPSHOT,
        brokers=(BROKER, replace(BROKER, broker=name, up=False, error=name)),
        queues=(replace(HIGH, queue_name=name, broker=name),),
        workers=(replace(DEAD_WORKER, hostname=name, reason=name, queues=(name, name)),),
    )
    answer = snapshot_json(hostile, (alert(name, broker=name, summary=name),), {})
    for sight in (sight_of_snapshot(hostile), sight_of_answer(answer)):
        lines = picture(sight, Choice(filter=name[:5]), problem=name, width=width).split("\n")
        assert all(line.isprintable() for line in lines)
        assert len(lines) < 25


def test_a_name_is_no_style():
    named = replace(HIGH, queue_name="[red]a[/red]")
    assert "[red]a[/red]" in picture(sight_of_snapshot(replace(SNAPSHOT, queues=(named,))))


def test_a_name_that_is_all_escapes_is_bounded():
    assert len(clean("\x00" * 5_000)) < 100
