"""The values of one fact along a scripted timeline, in promtool's series notation.

    5           one value                       growing     a state, true, 90s, 10MB
    0x3         0, and three times more         ok growingx4
    0+10x3      0 10 20 30                      30-10x2     30 20 10
    _  _x3      not known, once or three times  stale       the object is gone

Called by `rule_tests.py`, and by config, which finds the mistakes.
"""

import re
from functools import lru_cache
from typing import Any

from monitor.facts.fact import Fact
from monitor.values.suggestion import did_you_mean
from monitor.values.units import parse_duration, parse_size

MAX_VALUES = 100_000
"""More steps than anybody scripts; a slip of a digit must not fill the memory."""

GONE = object()
"""Stands for an object that is there no more."""

_WORD = re.compile(r"\S+")
_UNKNOWN = re.compile(r"_(?:x(?P<times>\d{1,6}))?")
_RUN = re.compile(
    r"(?P<first>[-+]?\d[\w.]*?|[-+]?inf|[a-z]+?)"
    r"(?:(?P<step>[-+]\d[\w.]*?))?"
    r"(?:x(?P<times>\d{1,6}))?"
)


class SeriesError(ValueError):
    """A series that cannot be read; `offset` is where in its text, in characters from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@lru_cache(maxsize=1024)
def parse_series(text: str, fact: Fact) -> tuple[Any, ...]:
    """Return the value of `fact` at each step: None where not known, GONE where there is no object.

    Raises SeriesError.
    """
    values: list[Any] = []
    for match in _WORD.finditer(text):
        values += _run(match[0], fact, match.start())
        if len(values) > MAX_VALUES:
            raise SeriesError(f"more than {MAX_VALUES} values", match.start())
    if not values:
        raise SeriesError("the series is empty", 0)
    return tuple(values)


def _run(word: str, fact: Fact, offset: int) -> list[Any]:
    if word == "stale":
        return [GONE]
    if unknown := _UNKNOWN.fullmatch(word):
        return [None] * int(unknown["times"] or 1)
    run = _RUN.fullmatch(word)
    if run is None or (run["step"] and not run["times"]):
        raise SeriesError(f"{word!r} is not a value: write 5, 0x3, 0+10x3, _, _x3 or stale", offset)
    first, times = _value(run["first"], fact, offset), int(run["times"] or 0)
    if run["step"] is None:
        return [first] * (times + 1)
    if isinstance(first, bool | str):
        raise SeriesError(f"{fact.name} cannot be counted up or down", offset)
    step = _value(run["step"], fact, offset)
    return [first + step * index for index in range(times + 1)]


def _value(word: str, fact: Fact, offset: int) -> Any:
    if fact.unit == "state":
        if word not in fact.states:
            hint = did_you_mean(word, fact.states)
            raise SeriesError(f"{word!r} is no {fact.name}{hint}", offset)
        return word
    if fact.unit == "boolean":
        truth = {"true": True, "1": True, "false": False, "0": False}.get(word)
        if truth is None:
            raise SeriesError(f"{fact.name} is true or false, not {word!r}", offset)
        return truth
    sign, bare = (-1.0 if word.startswith("-") else 1.0), word.lstrip("+-")
    parsers = {"seconds": (float, parse_duration), "bytes": (float, parse_size)}
    for parse in parsers.get(fact.unit, (float,)):
        try:
            number = sign * parse(bare)
        except ValueError:
            continue
        return int(number) if number.is_integer() else number
    raise SeriesError(f"{word!r} is no value of {fact.name}", offset)
