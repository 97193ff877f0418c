"""Mute times: alerts that nobody is to be told of at certain times of the week. Pure.

The words and their meaning are those of Alertmanager's `time_intervals`.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.alerts.matchers import Matcher, MatcherError, match_all, parse_matchers
from monitor.values.zones import time_zones

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_TIME = re.compile("([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_LAST_YEAR = 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRangeSettings:
    """A part of a day, from its start to before its end."""

    start_time: str
    """Such as "18:00", in quotes."""
    end_time: str
    """Such as "24:00"; a range over midnight is two ranges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteSettings:
    """When alerts are not sent. What is left out holds always; all that is given must hold."""

    name: str
    """What the page and the API call it; each needs its own."""
    matchers: tuple[str, ...] = ()
    """Which alerts it mutes, like severity!="critical"; left out: all."""
    times: tuple[TimeRangeSettings, ...] = ()
    """Parts of the day."""
    weekdays: tuple[str, ...] = ()
    """Days or ranges of days, such as saturday or monday:friday."""
    days_of_month: tuple[str, ...] = ()
    """Days or ranges, such as 1:5; negative ones count from the month's end."""
    months: tuple[str, ...] = ()
    """Months or ranges, by name or number, such as may:august or 12."""
    years: tuple[str, ...] = ()
    """Years or ranges, such as 2027:2028."""
    location: str = "UTC"
    """The time zone in which all of this is meant."""


class MuteError(ValueError):
    """A mute time that cannot be used; `path` leads to the setting at fault within it."""

    def __init__(self, message: str, *path: str | int, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Mute:
    """A mute time, parsed. Empty: no such condition. Ranges include both their ends."""

    name: str
    matchers: tuple[Matcher, ...]
    minutes: tuple[tuple[int, int], ...]
    """Minutes of the day, the end of each excluded."""
    weekdays: tuple[tuple[int, int], ...]
    """Sunday is 0."""
    days_of_month: tuple[tuple[int, int], ...]
    months: tuple[tuple[int, int], ...]
    years: tuple[tuple[int, int], ...]
    zone: ZoneInfo

    def holds(self, now: float) -> bool:
        """Return whether `now`, in Unix seconds, is within it."""
        at = datetime.fromtimestamp(now, self.zone)
        minute = at.hour * 60 + at.minute
        return (
            (not self.minutes or any(start <= minute < end for start, end in self.minutes))
            and _within(self.weekdays, at.isoweekday() % 7)
            and self._holds_day(at)
            and _within(self.months, at.month)
            and _within(self.years, at.year)
        )

    def _holds_day(self, at: datetime) -> bool:
        last = monthrange(at.year, at.month)[1]
        # As in Alertmanager: a range that reaches out of a short month ends with it.
        ranges = tuple(
            (max(1, _from_start(start, last)), min(last, _from_start(end, last)))
            for start, end in self.days_of_month
        )
        return _within(ranges, at.day)


def muted_by(labels: Mapping[str, str], active: Iterable[Mute]) -> tuple[str, ...]:
    """Return the names of the mute times that hold and that an alert with these labels meets."""
    return tuple(mute.name for mute in active if match_all(mute.matchers, labels))


def compile_mute(settings: MuteSettings) -> Mute:
    """Return the mute time that `settings` describe. Raises MuteError."""
    if settings.location not in time_zones():
        raise MuteError(f"unknown time zone {settings.location!r}", "location")
    return Mute(
        name=settings.name,
        matchers=tuple(_matchers(settings.matchers)),
        minutes=tuple(_minutes(n, each) for n, each in enumerate(settings.times)),
        weekdays=_ranges("weekdays", settings.weekdays, names=WEEKDAYS, first=0),
        days_of_month=_ranges("days_of_month", settings.days_of_month, last=31),
        months=_ranges("months", settings.months, names=MONTHS, last=12),
        years=_ranges("years", settings.years, last=_LAST_YEAR),
        zone=ZoneInfo(settings.location),
    )


def _matchers(texts: Iterable[str]) -> Iterable[Matcher]:
    for index, text in enumerate(texts):
        try:
            yield from parse_matchers(text)
        except MatcherError as error:
            raise MuteError(error.message, "matchers", index, offset=error.offset) from error


def _minutes(index: int, range_: TimeRangeSettings) -> tuple[int, int]:
    ends = []
    for field in ("start_time", "end_time"):
        text = getattr(range_, field)
        if not _TIME.fullmatch(text):
            raise MuteError(
                f'{text!r} is not a time of day: write it like "18:00"', "times", index, field
            )
        hours, minutes = text.split(":")
        ends.append(int(hours) * 60 + int(minutes))
    start, end = ends
    if start >= end:
        message = "must be after start_time: a range over midnight is two, to 24:00 and from 00:00"
        raise MuteError(message, "times", index, "end_time")
    return start, end


def _ranges(
    field: str,
    texts: Iterable[str],
    *,
    names: tuple[str, ...] = (),
    first: int = 1,
    last: int | None = None,
) -> tuple[tuple[int, int], ...]:
    ranges = []
    for index, text in enumerate(texts):
        start, _, end = text.partition(":")
        bounds = [
            _number(part, names, first, last) for part in (start, end if ":" in text else start)
        ]
        low, high = bounds
        if low is None or high is None:
            raise MuteError(f"{text!r} is none of the {field.replace('_', ' ')}", field, index)
        # Of a day that counts from the end of the month nobody knows which it is.
        if low > high and (low > 0) == (high > 0):
            raise MuteError(f"{text!r} ends before it starts", field, index)
        if low < 0 < high:
            raise MuteError(f"{text!r} may be empty: it starts at the month's end", field, index)
        ranges.append((low, high))
    return tuple(ranges)


def _number(part: str, names: tuple[str, ...], first: int, last: int | None) -> int | None:
    word = part.strip().lower()
    if word in names:
        return names.index(word) + first
    if last is None or not re.fullmatch("-?[0-9]{1,4}", word):
        return None
    number = int(word)
    negative_allowed = last == 31
    fits = first <= number <= last or (negative_allowed and -last <= number <= -1)
    return number if fits else None


def _within(ranges: tuple[tuple[int, int], ...], value: int) -> bool:
    return not ranges or any(start <= value <= end for start, end in ranges)


def _from_start(day: int, last: int) -> int:
    return day if day > 0 else last + 1 + day
