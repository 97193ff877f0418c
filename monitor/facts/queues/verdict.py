"""What is the matter with a queue, without thresholds: judged over the last polls.

Pure; `book.py` calls it. The idea is Burrow's: not how long a queue is, but whether it moves.
"""

from collections.abc import Sequence
from itertools import islice
from statistics import fmean

from monitor.facts.queues.flow import Sample

WINDOW_POLLS = 6
"""Verdicts are over so many polls: half a minute at the default interval."""

_POLLS_LEAST = 3
_FLAT = 0.01
"""A change of the mean length by less than this share of it is none."""


def judge(samples: Sequence[Sample], workers: int | None) -> str | None:
    """Return one of `scopes.VERDICTS`; None while that cannot be told.

    `workers` is how many live workers consume the queue; None: not known.

    - abandoned: messages wait, and nobody consumes the queue
    - ok: it was empty within the window
    - draining: it moves and shrinks
    - growing: it moves and does not shrink
    - saturated: it does not shrink, and every pool slot that consumes it is busy
    - stalled: nothing was taken in the whole window, although a slot was free all along; or it
      does not shrink, and a consumer takes nothing although it could
    """
    window = list(islice(reversed(samples), WINDOW_POLLS + 1))[::-1]
    if window[-1].length and workers == 0:
        return "abandoned"
    if any(sample.length == 0 for sample in window):
        return "ok"
    if window[-1].left > window[0].left:
        return _moving(window) if len(window) >= _POLLS_LEAST else None
    return _still(window) if len(window) > WINDOW_POLLS and workers else None


def _moving(window: Sequence[Sample]) -> str:
    """Judge a queue from which messages are taken."""
    lengths = [sample.length for sample in window]
    half = len(lengths) // 2
    before, after = fmean(lengths[:half]), fmean(lengths[-half:])
    if after < before * (1 - _FLAT):
        return "draining"
    if window[-1].passed_by:
        return "stalled"
    busy = all(sample.slot_free is False for sample in window)
    return "saturated" if busy and after <= before * (1 + _FLAT) else "growing"


def _still(window: Sequence[Sample]) -> str | None:
    """Judge a queue that somebody consumes, and from which nothing is taken."""
    if all(sample.slot_free for sample in window):
        return "stalled"
    return "saturated" if any(sample.slot_free is False for sample in window) else None
