"""Plays faults and judges what the monitor made of them; what every scenario has in common.

All went well when each fault was alerted on, had its all-clear, and nothing else was alerted.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from monitor.demo.fault import Outcome
from monitor.demo.installation import TRAFFIC, Installation
from monitor.demo.waiting import consumers_known, drain, workers_seen_since

Say = Callable[[str], None]


async def judge(
    installation: Installation,
    say: Say,
    script: Callable[[Installation, Say], Awaitable[Sequence[Outcome]]],
) -> bool:
    """Play `script` and say what came of it; return whether all went as it must.

    Raises DemoError when the installation itself does not do what the script needs.
    """
    say("waiting for the workers ...")
    await workers_seen_since(installation, 0.0, "the workers are not up")
    await consumers_known(installation)
    # A worker that is killed must hold no message: that would come back an hour later.
    await drain(installation)
    outcomes = await script(installation, say)
    if installation.supervisor.pid(TRAFFIC) is None:
        installation.supervisor.start(TRAFFIC)
    complaints = [text for outcome in outcomes for text in outcome.missing()]
    complaints += _unexpected(installation, outcomes)
    for line in [*table(outcomes), *(f"NOT AS IT MUST BE: {text}" for text in complaints)]:
        say(line)
    return not complaints


def alone(
    play: Callable[[Installation, Say], Awaitable[Outcome]],
) -> Callable[[Installation, Say], Coroutine[Any, Any, bool]]:
    """Return the scenario that plays one fault and nothing else."""

    async def script(installation: Installation, say: Say) -> Sequence[Outcome]:
        return [await play(installation, say)]

    return lambda installation, say: judge(installation, say, script)


def _unexpected(installation: Installation, outcomes: Sequence[Outcome]) -> list[str]:
    """Say what was told and should not have been."""
    expected = [outcome.fault.alert_labels.items() for outcome in outcomes]
    return [
        f"{told.alertname} was told as {told.status} and is none of the faults: {told.summary}"
        for told in installation.receiver.told
        if not any(labels <= told.labels.items() for labels in expected)
    ]


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the outcomes as the lines of a table."""
    rows = [
        ("fault", "alert", "to alert", "to all-clear", "on /metrics"),
        *(
            (
                outcome.fault.name,
                outcome.fault.alertname,
                _seconds(outcome.alerted_after_seconds),
                _seconds(outcome.cleared_after_seconds),
                "yes" if outcome.shown and outcome.shown_over else "NO",
            )
            for outcome in outcomes
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _seconds(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"
