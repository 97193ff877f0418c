"""Threshold ranges, as the Monitoring Plugins guidelines write them: `10`, `10:`, `@10:20`."""

import re
from math import inf
from typing import NamedTuple

_NUMBER = r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_RANGE = re.compile(rf"(?P<inside>@?)(?:(?P<start>~|{_NUMBER}|):)?(?P<end>{_NUMBER}|)")


class Range(NamedTuple):
    """Values that are well; with `inside`, values that are not."""

    start: float
    end: float
    inside: bool
    text: str
    """As it was written."""

    def alerts(self, value: float) -> bool:
        """Return whether `value` is one to alert on; both ends belong to the range."""
        return (self.start <= value <= self.end) == self.inside


def parse_range(text: str) -> Range:
    """Return the range that `text` writes. Raises ValueError, with the remedy in its message.

    `[@][start:]end`: no start is 0, `~` is minus infinity, and after a colon no end is
    infinity.
    """
    match = _RANGE.fullmatch(text)
    if match is None or not (match["start"] or match["end"]):
        raise ValueError(f"{text!r} is not a range: write it like 10, 10:, ~:10, 10:20 or @10:20")
    start = -inf if match["start"] == "~" else float(match["start"] or 0)
    end = float(match["end"]) if match["end"] else inf
    if start > end:
        raise ValueError(f"{text!r} is not a range: its start is greater than its end")
    return Range(start, end, bool(match["inside"]), text)
