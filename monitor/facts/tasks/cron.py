"""When a crontab was due last: its five fields as Celery's `crontab` reads them.

Unlike cron's own, Celery's day of the month and day of the week must both match.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of the month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_PART = re.compile(r"(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>[1-9]\d?))?", re.ASCII)
_DAYS_MOST = 9 * 366
"""The 29th of February comes eight years apart at the most."""


@dataclass(frozen=True, slots=True)
class Cron:
    """A crontab; made by `parse_cron`."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""

    def last_due(self, now: float, zone: ZoneInfo) -> float | None:
        """Return when it was due last, in Unix seconds up to `now`; None: it never is.

        An hour that daylight saving skips has nothing due in it, and of an hour that comes
        twice the first counts.
        """
        local = datetime.fromtimestamp(now, zone)
        # In an hour that comes twice, what lies ahead by the wall clock may have been already.
        latest = time.max if local.fold else local.time()
        for day in self._days_back(local.date()):
            for at in self._times_back(latest if day == local.date() else time.max):
                moment = _moment(datetime.combine(day, at), zone)
                if moment is not None and moment <= now:
                    return moment
        return None

    def _days_back(self, day: date) -> Iterator[date]:
        for back in range(_DAYS_MOST):
            then = day - timedelta(days=back)
            if (
                then.month in self.months
                and then.day in self.days
                and then.isoweekday() % 7 in self.weekdays
            ):
                yield then

    def _times_back(self, latest: time) -> Iterator[time]:
        for hour in sorted(self.hours, reverse=True):
            for minute in sorted(self.minutes, reverse=True):
                if (hour, minute) <= (latest.hour, latest.minute):
                    yield time(hour, minute)


def _moment(local: datetime, zone: ZoneInfo) -> float | None:
    """Return the Unix seconds of a local time; None where daylight saving skips it."""
    at = local.replace(tzinfo=zone)
    exists = at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local
    return at.timestamp() if exists else None


def parse_cron(text: str) -> Cron:
    """Return the crontab `text`: minute, hour, day of the month, month, day of the week.

    Raises ValueError, with the field at fault in its message.
    """
    fields = text.lower().split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{text!r} is not a crontab: it has five fields, like '30 7 * * mon-fri'")
    return Cron(*(_field(*each) for each in zip(fields, _FIELDS, strict=True)))


def _field(text: str, field: tuple[str, int, int, list[str]]) -> frozenset[int]:
    name, lowest, highest, _ = field
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None or (match["step"] and match["first"] and not match["last"]):
            raise ValueError(f"{part!r} is no {name}")
        first = _number(match["first"], field) if match["first"] else lowest
        last = _number(match["last"], field) if match["last"] else first
        if not match["first"]:
            last = highest
        # Celery takes sat-mon for saturday, sunday, monday.
        size = highest - lowest + 1
        values = range(first, (last if last >= first else last + size) + 1)
        found.update(
            lowest + (value - lowest) % size for value in values[:: int(match["step"] or 1)]
        )
    return frozenset(found)


def _number(text: str, field: tuple[str, int, int, list[str]]) -> int:
    name, lowest, highest, words = field
    if text[:3] in words:
        return words.index(text[:3]) + lowest
    number = int(text) if text.isdecimal() else -1
    if words is _DAYS and number == 7:
        return 0
    if not lowest <= number <= highest:
        raise ValueError(f"{text!r} is no {name}: there are {lowest} to {highest}")
    return number
