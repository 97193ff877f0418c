import pytest

from monitor.demo.fault import Fault, Outcome
from monitor.demo.metrics import Metrics
from monitor.demo.playing import table


async def nothing() -> None:
    pass


FLOOD = Fault(
    name="queue high flooded",
    alertname="Backlog",
    metric="celery_queue_length",
    object_labels={"queue_name": "high"},
    lasts=lambda length: length > 100,
    over=lambda length: length < 20,
    end=nothing,
)


def metrics(length: int | None, firing: int | None) -> Metrics:
    lines = []
    if length is not None:
        lines.append(f'celery_queue_length{{broker="demo",queue_name="high"}} {length}')
    if firing is not None:
        labels = 'alertname="Backlog",severity="critical",state="firing"'
        lines.append(f"queue_monitor_alerts{{{labels}}} {firing}")
    return Metrics.parse("\n".join([*lines, ""]))


@pytest.mark.parametrize(
    ("length", "firing", "shows", "over"),
    [
        (150, 1, True, False),
        (150, 0, False, False),
        (150, None, False, False),
        (5, 1, False, False),
        (5, None, False, True),
        (5, 0, False, True),
        (50, None, False, False),
        (None, None, False, False),
    ],
)
def test_a_fault_shows_only_with_its_alert_and_is_over_only_when_both_are(
    length: int | None, firing: int | None, shows: bool, over: bool
) -> None:
    assert FLOOD.shows_on(metrics(length, firing)) is shows
    assert FLOOD.over_on(metrics(length, firing)) is over


GOOD = Outcome(
    fault=FLOOD,
    alerted_after_seconds=5.04,
    cleared_after_seconds=2.0,
    shown=True,
    shown_over=True,
)
SILENT = Outcome(
    fault=FLOOD,
    alerted_after_seconds=None,
    cleared_after_seconds=None,
    shown=False,
    shown_over=False,
)


def test_an_outcome_names_all_that_is_missing() -> None:
    assert GOOD.missing() == []
    assert SILENT.missing() == [
        "queue high flooded: Backlog was not told",
        "queue high flooded: Backlog was not on /metrics together with its cause",
        "queue high flooded: the end of Backlog was not told",
        "queue high flooded: the end of Backlog and of its cause was not on /metrics",
    ]


def test_the_table_gives_the_seconds_of_each_fault() -> None:
    assert table([GOOD, SILENT]) == [
        "fault               alert    to alert  to all-clear  on /metrics",
        "queue high flooded  Backlog  5.0 s     2.0 s         yes",
        "queue high flooded  Backlog  never     never         NO",
    ]
