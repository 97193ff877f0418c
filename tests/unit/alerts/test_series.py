import pytest

from monitor.alerts.series import GONE, SeriesError, parse_series
from monitor.facts.catalogue import facts_of

INF = float("inf")
QUEUE, WORKER = facts_of("queue"), facts_of("worker")


@pytest.mark.parametrize(
    ("fact", "text", "values"),
    [
        (QUEUE["length"], "5", (5,)),
        (QUEUE["length"], "0x3 7", (0, 0, 0, 0, 7)),
        (QUEUE["length"], "0+10x3", (0, 10, 20, 30)),
        (QUEUE["length"], "30-10x2", (30, 20, 10)),
        (QUEUE["length"], "-5", (-5,)),
        (QUEUE["length"], "5 _ _x2 stale 6", (5, None, None, None, GONE, 6)),
        (QUEUE["arrival_rate"], "0.5+0.25x2", (0.5, 0.75, 1)),
        (QUEUE["oldest_age"], "90s 1h30m 30", (90, 5400, 30)),
        (QUEUE["oldest_age"], "1m+30sx2", (60, 90, 120)),
        (QUEUE["drain"], "inf 5m", (INF, 300)),
        (QUEUE["verdict"], "ok growingx1", ("ok", "growing", "growing")),
        (WORKER["up"], "1 0x1 true false", (True, False, False, True, False)),
        (facts_of("broker")["memory_used"], "1kB+1kBx1", (1000, 2000)),
    ],
)
def test_the_notation_is_promtools(fact, text, values):
    assert parse_series(text, fact) == values


@pytest.mark.parametrize(
    ("fact", "text", "offset", "message"),
    [
        (QUEUE["length"], "", 0, "the series is empty"),
        (QUEUE["length"], "1 2 3q", 4, "'3q' is no value of length"),
        (QUEUE["length"], "1 0+10", 2, "'0+10' is not a value: write 5, 0x3, 0+10x3"),
        (QUEUE["length"], "0x999999", 0, "more than 100000 values"),
        (QUEUE["verdict"], "growin", 0, "'growin' is no verdict (did you mean 'growing'?)"),
        (WORKER["up"], "2", 0, "up is true or false, not '2'"),
        (WORKER["up"], "1+1x3", 0, "up cannot be counted up or down"),
    ],
)
def test_a_mistake_names_its_place(fact, text, offset, message):
    with pytest.raises(SeriesError) as caught:
        parse_series(text, fact)
    assert caught.value.offset == offset
    assert caught.value.message.startswith(message)
