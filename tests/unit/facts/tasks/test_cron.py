"""Crontabs as Celery reads them, over the changes of daylight saving."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from monitor.facts.tasks.cron import parse_cron

BERLIN = ZoneInfo("Europe/Berlin")


def last_due(cron: str, now: str) -> str | None:
    at = parse_cron(cron).last_due(datetime.fromisoformat(now).timestamp(), BERLIN)
    return None if at is None else datetime.fromtimestamp(at, BERLIN).isoformat()


@pytest.mark.parametrize(
    ("cron", "now", "due"),
    [
        ("* * * * *", "2026-11-22T19:20:30+01:00", "2026-11-22T19:20:00+01:00"),
        ("*/15 * * * *", "2026-11-22T19:20:30+01:00", "2026-11-22T19:15:00+01:00"),
        ("30 7 * * *", "2026-11-22T07:29:59+01:00", "2026-11-21T07:30:00+01:00"),
        ("30 7 * * *", "2026-11-22T07:30:00+01:00", "2026-11-22T07:30:00+01:00"),
        ("0 8-18/2 * * mon-fri", "2026-11-22T19:20:30+01:00", "2026-11-20T18:00:00+01:00"),
        ("0 0 * * sat-mon", "2026-11-24T12:00:00+01:00", "2026-11-23T00:00:00+01:00"),
        ("0 0 1 jan,jul *", "2026-11-22T12:00:00+01:00", "2026-07-01T00:00:00+02:00"),
        # Celery wants both days to match: a Friday that is the 13th.
        ("0 0 13 * fri", "2026-12-22T12:00:00+01:00", "2026-11-13T00:00:00+01:00"),
        ("0 0 29 2 *", "2026-12-22T12:00:00+01:00", "2024-02-29T00:00:00+01:00"),
        ("0 0 30 2 *", "2026-12-22T12:00:00+01:00", None),
        ("0 0 * * 7", "2026-11-24T12:00:00+01:00", "2026-11-22T00:00:00+01:00"),
        # At 2:00 it becomes 3:00, so that there is no 2:30.
        ("30 2 * * *", "2026-03-29T12:00:00+02:00", "2026-03-28T02:30:00+01:00"),
        # At 3:00 it becomes 2:00, so that 2:30 comes twice, and the first counts.
        ("30 2 * * *", "2026-10-25T02:45:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("30 2 * * *", "2026-10-25T02:15:00+01:00", "2026-10-25T02:30:00+02:00"),
        ("30 2 * * *", "2026-10-25T12:00:00+01:00", "2026-10-25T02:30:00+02:00"),
    ],
)
def test_when_it_was_due_last(cron: str, now: str, due: str | None) -> None:
    assert last_due(cron, now) == due


@pytest.mark.parametrize(
    ("cron", "message"),
    [
        ("* * * *", "'* * * *' is not a crontab: it has five fields, like '30 7 * * mon-fri'"),
        ("60 * * * *", "'60' is no minute: there are 0 to 59"),
        ("0 24 * * *", "'24' is no hour: there are 0 to 23"),
        ("0 0 0 * *", "'0' is no day of the month: there are 1 to 31"),
        ("0 0 * * someday", "'someday' is no day of the week: there are 0 to 6"),
        ("*/0 * * * *", "'*/0' is no minute"),
        ("5/15 * * * *", "'5/15' is no minute"),
        ("1,,2 * * * *", "'' is no minute"),
    ],
)
def test_what_is_no_crontab_is_refused_with_the_field_at_fault(cron: str, message: str) -> None:
    with pytest.raises(ValueError) as error:
        parse_cron(cron)
    assert str(error.value) == message
